import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { buildEnvironment, cacheFolder, must, root, run, takeOver } from "../run.mjs";
import { check, runSteps } from "../run-steps.mjs";
import { isAtLeast, missing, provide } from "../system.mjs";

/** Takes what is said meanwhile. */
function listen(t) {
  const { mock } = t.mock.method(console, "log", () => {});
  return () => mock.calls.map((call) => call.arguments[0].trim());
}

test("both streams come in order, line by line", async () => {
  const seen = [];
  const command = ["sh", "-c", "echo a; echo b >&2; echo c; printf d; exit 3"];
  const { ok, reason, lines } = await run(command, { onLine: (line) => seen.push(line) });
  assert.deepEqual([ok, reason, lines, seen], [false, "exit 3", ["a", "b", "c", "d"], lines]);
  await assert.rejects(must(command), /a\nb\nc\nd\nsh -c .*: exit 3$/);
});

test("a program that hangs is ended, its children too", async () => {
  const began = performance.now();
  const { ok, reason } = await run(["sh", "-c", "sleep 60 & sleep 60"], { limitMs: 300 });
  assert.deepEqual([ok, reason], [false, "no end after 0.3 s"]);
  assert.ok(performance.now() - began < 5_000, "a child that lives holds the stream");
});

test("a program that is not there is a failure", async () => {
  assert.equal((await run("no-such-program-here")).ok, false);
  await assert.rejects(must("no-such-program-here", { shown: true }), /no-such-program-here/);
});

test("builds go to the user's cache unless the caller says where", () => {
  assert.equal(cacheFolder({ HOME: "/h", XDG_CACHE_HOME: "/c" }), "/c/wallet-sync");
  assert.equal(buildEnvironment({ HOME: "/h" }).CARGO_TARGET_DIR, "/h/.cache/wallet-sync/target");
  assert.equal(buildEnvironment({ CARGO_TARGET_DIR: "/t" }).CARGO_TARGET_DIR, "/t");
  assert.equal(buildEnvironment({ CARGO_TARGET_DIR: "target" }).CARGO_TARGET_DIR, `${root}target`);
  assert.deepEqual([{}, { CI: "true" }].map((from) => buildEnvironment(from).CARGO_INCREMENTAL), [undefined, "0"]);
});

test("what is missing is named with the command that brings it", async () => {
  const [there, absent] = ["exit 0", "no-such-program-here"].map((probe) => ({ name: "a wonder", probe, pack: "wonder" }));
  assert.deepEqual(await missing([there, absent, { ...absent, linuxOnly: true }], "darwin"), [absent]);
  assert.deepEqual(await provide([there], false), []);
  assert.match((await provide([absent, absent], false))[0], /^missing: a wonder, a wonder; run: apt-get install .*recommends wonder$/);
});

test("versions are compared as numbers", () => {
  for (const found of ["1.100.0", "2.0.0", "1.26.8", "1.26"]) assert.ok(isAtLeast(found, "1.26"), found);
  for (const found of ["1.9.9", "0.99", ""]) assert.ok(!isAtLeast(found, "1.26"), found);
});

test("a command that fails shows its output and counts; after a needed one no other is run", async (t) => {
  const said = listen(t);
  const bad = { command: ["sh", "-c", "echo why; exit 1"] };
  assert.deepEqual(await check("true", bad, "true"), { passed: 2, failed: 1 });
  assert.deepEqual(said(), ["why", "failed: sh -c echo why; exit 1 (exit 1)"]);
  assert.deepEqual(await check({ ...bad, needed: true }, "true"), { passed: 0, failed: 1 });
  const counts = (passed, failed) => ({ command: "true", read: () => ({ passed, failed }) });
  assert.deepEqual(await check(counts(7, 0), counts(0, 0), counts(3, 2)), { passed: 10, failed: 3 });
  assert.deepEqual(await check({ ...bad, read: () => ({ passed: 4, failed: 0 }) }), { passed: 4, failed: 1 });
});

test("a step that throws or counts nothing has failed, the others run", async (t) => {
  const said = listen(t);
  const begun = [];
  const step = (name, run) => ({ name, what: name, begin: async () => begun.push(name), run });
  const steps = [
    step("good", async (began) => ({ passed: await began, failed: 0 })),
    step("broken", async () => { throw new Error("no"); }),
    step("empty", async () => ({ passed: 0, failed: 0 })),
    { name: "bad", what: "bad", commands: ["false", "true"] },
  ];
  assert.deepEqual(await runSteps(steps), { passed: 2, failed: 3 });
  assert.deepEqual(begun, ["good", "broken", "empty"]);
  assert.ok(said().some((line) => /^FAIL bad +1 passed +1 failed +\d+\.\d s$/.test(line)));
});

test("without what is needed nothing else is run", async (t) => {
  const said = listen(t);
  const later = { name: "later", what: "", begin: () => assert.fail(), run: () => assert.fail() };
  assert.deepEqual(await runSteps([later, { name: "first", what: "", needed: true, commands: ["false"] }]), { passed: 0, failed: 1 });
  assert.ok(said().includes("not run: later"));
});

test("sources are new to cargo when another checkout was built last, and only then", async () => {
  const base = mkdtempSync(join(tmpdir(), "checkout-"));
  const files = ["build.rs", "src/lib.rs", "README.md", "target/debug/out.rs", "node_modules/x/y.rs"];
  const age = (checkout) => {
    for (const path of files) utimesSync(join(checkout, path), 1, 1);
  };
  const renewed = (checkout) => files.filter((path) => statSync(join(checkout, path)).mtimeMs > 1000);
  const [a, b] = ["a", "b"].map((name) => join(base, name));
  for (const checkout of [a, b]) {
    for (const folder of ["src", "target/debug", "node_modules/x"]) mkdirSync(join(checkout, folder), { recursive: true });
    for (const path of files) writeFileSync(join(checkout, path), "");
  }
  for (const [checkout, isTaken] of [[a, true], [a, false], [b, true], [a, true]]) {
    age(checkout);
    assert.equal(await takeOver({ target: join(base, "built"), checkout }), isTaken);
    assert.deepEqual(renewed(checkout), isTaken ? ["build.rs", "src/lib.rs"] : []);
  }
  rmSync(base, { recursive: true });
});
