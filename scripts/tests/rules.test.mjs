import assert from "node:assert/strict";
import { test } from "node:test";
import * as rules from "../rules.mjs";

const result = (passed, failed, ignored = 0, filtered = 0) =>
  `test result: ok. ${passed} passed; ${failed} failed; ${ignored} ignored; 0 measured; ${filtered} filtered out; finished in 0.25s`;
const binary = (path) => `     Running ${path} (target/debug/deps/x-0123456789abcdef)`;
const DOC = "   Doc-tests some_crate";

for (const [what, lines, passed, failed] of [
  ["each binary counts", ["   Compiling a v0.1.0", binary("unittests src/lib.rs"), result(2, 0), binary("laws.rs"), result(1, 3)], 3, 3],
  ["doc tests come in parts that are added up", [DOC, result(3, 0), "", "running 1 test", result(1, 0)], 4, 0],
  ["a child's result is not the binary's", [binary("tests/crash.rs"), result(1, 0, 0, 9), result(5, 2)], 5, 2],
  ["a binary that ends without a result has died", [binary("a.rs"), "test a ... ok", DOC, result(1, 0)], 1, 1],
  ["what was ignored or filtered out has not passed", [binary("a.rs"), "test b ... ignored, too slow", result(1, 0, 1, 7)], 1, 8],
  ["nothing was built", ["error: could not compile `a`"], 0, 0],
]) {
  test(`cargo test: ${what}`, () => assert.deepEqual(rules.cargoTestCounts(lines), { passed, failed }));
}

test("cargo test: what failed and what did not end has a name", () => {
  const late = (test) => `test ${test} has been running for over 60 seconds`;
  const failed = [binary("a.rs"), "test slow ... ok", late("slow"), "test wrong ... FAILED", "test half - should panic ... FAILED", result(1, 2)];
  const hung = [binary("b.rs"), late("long"), late("stuck"), "test long ... ok"];
  assert.deepEqual(rules.cargoTestNames([...failed, ...hung]), ["wrong", "half", `${binary("b.rs").trim()} has no result`, "stuck did not end"]);
  assert.deepEqual(rules.cargoTestNames([binary("a.rs"), "test a ... ok", result(1, 0)]), []);
});

test("TAP of Node and of vitest; what was not run has not passed, a suite is no test", () => {
  const node = ["TAP version 13", "# Subtest: a", "ok 1 - a", "  ---", "not ok 2 - b", "ok 3 - c # SKIP", "ok 4 - d # TODO", "1..4"];
  assert.deepEqual(rules.tapCounts(node), { passed: 1, failed: 3 });
  assert.deepEqual(rules.tapCounts(["    ok 1 - inside", "    1..1", "ok 1 - suite"]), { passed: 1, failed: 0 });
  assert.deepEqual(rules.tapCounts(["1..2", "ok 1 - x.test.ts > a # time=2ms", "not ok 2 - y.test.ts"]), { passed: 1, failed: 1 });
  assert.deepEqual(rules.tapCounts(["vitest: not found"]), { passed: 0, failed: 0 });
});

test("TAP: what failed has a name, and its own error", () => {
  const error = (text) => ["  ---", `    error: "${text}"`, "  ..."];
  const lines = ["ok 1 - a", ...error("none"), "  not ok 2 - b", ...error("stale"), "not ok 3 - c", "ok 4 - d", ...error("not of c")];
  assert.deepEqual(rules.tapNames(lines), ['b: error: "stale"', "c"]);
});

test("a warning of cargo package, and the ones that are meant", () => {
  const meant = ["   Packaging x", "warning: ignoring test `a` as it is not included", "warning: ignoring benchmark `b`"];
  assert.deepEqual(rules.packageCounts(meant, true), { passed: 1, failed: 0 });
  assert.deepEqual(rules.packageCounts([...meant, "warning: no licence", "error: no"], false), { passed: 0, failed: 2 });
});

test("a fuzz run without coverage or input is no fuzz run", () => {
  const stats = (count) => `stat::number_of_executed_units: ${count}`;
  const loaded = "INFO: Loaded 1 modules   (5120 inline 8-bit counters): 5120 [0x1, 0x2),";
  const passed = (...lines) => rules.fuzzCounts(lines, true).passed;
  assert.deepEqual([passed(loaded, stats(4096)), passed(stats(4096)), passed(loaded), passed(loaded, stats(0))], [1, 0, 0, 0]);
  assert.deepEqual(rules.fuzzCounts([loaded, stats(4096)], false), { passed: 0, failed: 0 });
});

const finds = (pattern, text) => new RegExp(pattern, "m").test(text);

test("download addresses in lock files", () => {
  const address = `"resolved": "${["ht", "tp://registry/x.tgz"].join("")}"`;
  assert.deepEqual([address, '"resolved": "guest-js"'].map((text) => finds(rules.ADDRESS, text)), [true, false]);
  const source = (from) => finds(rules.ADDRESS, `name = "a"\nsource = "${from}"\n`);
  const sources = ["registry+https://github.com/rust-lang/crates.io-index", "git+repository", "registry+other"];
  assert.deepEqual(sources.map(source), [false, true, true]);
});

test("paths of one machine", () => {
  // Put together, so that this file holds none.
  const path = (...parts) => ["", ...parts].join("/");
  for (const parts of [["root", ".cargo", "x"], ["home", "anna", "x"], ["work", "x"], ["Users", "anna", "x"]]) {
    assert.ok(finds(rules.MACHINE_PATH, `ok\nat "${path(...parts)}"`), parts.join(" "));
  }
  const fine = [path("ipfs", "x"), path("home", "someone", "x"), `the ${path("home")} folder`, `n0${path("root", "x")}`, path("tmp", "x")];
  for (const text of fine) assert.ok(!finds(rules.MACHINE_PATH, `say ${text}`), text);
});

test("the engine's tree: no crate of the shell, a plain HTTP client, one of it", (t) => {
  t.mock.method(console, "log", () => {});
  const client = "reqwest v0.13.5|__tls,http2,stream";
  const tree = ["tauri-plugin-wallet-sync v0.1.0 (/some/where)|", client, `${client} (*)`, "url v2.5.0|default"];
  const failed = (...more) => rules.engineCounts([...tree, ...more]).failed;
  assert.deepEqual(rules.engineCounts([...tree, "tauriel v1.0.0|"]), { passed: 1, failed: 0 });
  for (const name of ["tauri", "tauri-utils", "wry", "libp2p-kad"]) assert.equal(failed(`${name} v1.0.0|`), 1, name);
  for (const feature of ["gzip", "system-proxy", "default-tls", "native-tls-alpn"]) {
    assert.deepEqual(rules.engineCounts([`reqwest v0.13.5|http2,${feature}`]), { passed: 0, failed: 1 }, feature);
  }
  assert.deepEqual([failed("reqwest v0.12.0|"), rules.engineCounts([]).failed], [1, 1]);
});
