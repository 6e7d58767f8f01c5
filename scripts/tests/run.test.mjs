import assert from "node:assert/strict";
import { test } from "node:test";
import { buildEnvironment, cacheFolder, root, targetFolder } from "../lib/folders.mjs";
import { capture, run } from "../lib/run.mjs";
import { runSteps } from "../lib/run-steps.mjs";
import { installCommand, missing, request } from "../lib/system-packages.mjs";

test("both streams come in order, line by line", async () => {
  const seen = [];
  const script = "echo a; echo b >&2; echo c; printf d; exit 3";
  const { ok, reason, lines } = await run("sh", ["-c", script], { onLine: (line) => seen.push(line) });
  assert.deepEqual([ok, reason], [false, "exit 3"]);
  assert.deepEqual(lines, ["a", "b", "c", "d"]);
  assert.deepEqual(seen, lines);
});

test("a program that hangs is ended, its children too", async () => {
  const { ok, reason } = await run("sh", ["-c", "sleep 60 & sleep 60"], { limitMs: 100 });
  assert.deepEqual([ok, reason], [false, "no end after 0.1 s"]);
});

test("a program that is not there is a failure", async () => {
  assert.equal((await run("no-such-program-here", [])).ok, false);
  await assert.rejects(capture("no-such-program-here", []), /no-such-program-here/);
});

test("stdout is captured alone, stderr comes with the error", async () => {
  assert.equal(await capture("sh", ["-c", "echo out; echo err >&2"]), "out\n");
  await assert.rejects(capture("sh", ["-c", "echo why >&2; exit 1"]), /exit 1\nwhy/);
});

test("builds go to the user's cache unless the caller says where", () => {
  assert.equal(cacheFolder({ HOME: "/h" }), "/h/.cache/wallet-sync");
  assert.equal(cacheFolder({ HOME: "/h", XDG_CACHE_HOME: "/c" }), "/c/wallet-sync");
  assert.equal(targetFolder({ HOME: "/h" }), "/h/.cache/wallet-sync/target");
  assert.equal(targetFolder({ CARGO_TARGET_DIR: "/t" }), "/t");
  assert.equal(targetFolder({ CARGO_TARGET_DIR: "target" }), `${root}target`);
  assert.equal(buildEnvironment({ HOME: "/h" }).CARGO_INCREMENTAL, undefined);
  assert.equal(buildEnvironment({ HOME: "/h", CI: "true" }).CARGO_INCREMENTAL, "0");
});

test("what is missing is named with the command that brings it", async () => {
  const there = { name: "a shell", probe: ["sh", "-c", "exit 0"], debian: "dash" };
  const absent = { name: "a wonder", probe: ["no-such-program-here"], debian: "wonder" };
  const elsewhere = { ...absent, linuxOnly: true };
  assert.deepEqual(await missing([there, absent, elsewhere], "darwin"), [absent]);
  assert.deepEqual(installCommand([absent, absent]).at(-1), "wonder");
  assert.match(request([absent]), /^missing: a wonder; run: apt-get install .* wonder$/);
});

test("a step that throws or counts nothing has failed, the others run", async () => {
  const began = [];
  const step = (name, work) => ({ name, what: name, begin: () => began.push(name), run: work });
  const context = { say: () => {} };
  const steps = [
    step("good", async () => ({ passed: 2, failed: 0 })),
    step("broken", async () => { throw new Error("no"); }),
    step("empty", async () => ({ passed: 0, failed: 0 })),
    step("bad", async () => ({ passed: 1, failed: 3 })),
  ];
  assert.deepEqual(await runSteps(steps, context, () => {}), { passed: 3, failed: 5 });
  assert.deepEqual(began, ["good", "broken", "empty", "bad"]);
});

test("without what is needed nothing else is run", async () => {
  let ran = false;
  const steps = [
    { name: "later", what: "", run: async () => { ran = true; return { passed: 1, failed: 0 }; } },
    { name: "first", what: "", needed: true, run: async () => ({ passed: 0, failed: 1 }) },
  ];
  const said = [];
  assert.deepEqual(await runSteps(steps, { say: () => {} }, (line) => said.push(line)), { passed: 0, failed: 1 });
  assert.equal(ran, false);
  assert.ok(said.includes("not run: later"));
});
