import assert from "node:assert/strict";
import { test } from "node:test";
import { denyCounts } from "../lib/cargo-deny.mjs";
import { fuzzSummary, targetNames } from "../lib/fuzz-targets.mjs";
import { nodeTestCounts } from "../lib/node-test-output.mjs";
import { isAtLeast, parseVersion } from "../lib/versions.mjs";

test("counts of Node's runner; what was not run has not passed", () => {
  assert.deepEqual(nodeTestCounts(["# tests 5", "# pass 2", "# fail 1", "# skipped 1", "# todo 1"]), { passed: 2, failed: 3 });
  assert.equal(nodeTestCounts(["nothing"]), null);
});

test("counts of cargo-deny", () => {
  const checks = ["bans", "licenses", "sources"];
  assert.deepEqual(denyCounts(["bans ok, licenses ok, sources ok"], checks), { passed: 3, failed: 0 });
  assert.deepEqual(denyCounts(["error", "bans FAILED, licenses ok, sources ok"], checks), { passed: 2, failed: 1 });
  assert.deepEqual(denyCounts(["it could not start"], checks), { passed: 0, failed: 3 });
});

test("targets of a fuzz manifest", () => {
  const manifest = '[package]\nname = "x"\n\n[[bin]]\nname = "record"\npath = "a.rs"\n\n[[bin]]\nname = "car"\n';
  assert.deepEqual(targetNames(manifest), ["record", "car"]);
});

test("a fuzz run without coverage is no fuzz run", () => {
  const stats = "stat::number_of_executed_units: 4096";
  const loaded = "INFO: Loaded 1 modules   (5120 inline 8-bit counters): 5120 [0x1, 0x2),";
  assert.deepEqual(fuzzSummary([loaded, stats]), { isGuided: true, tried: 4096 });
  assert.deepEqual(fuzzSummary([stats]), { isGuided: false, tried: 4096 });
  assert.equal(fuzzSummary([loaded]).tried, 0);
});

test("versions are compared as numbers", () => {
  assert.deepEqual(parseVersion("go version go1.26.8 linux/amd64"), [1, 26, 8]);
  assert.deepEqual(parseVersion("0.43"), [0, 43, 0]);
  assert.equal(parseVersion("none"), null);
  assert.ok(isAtLeast([1, 100, 0], [1, 26]));
  assert.ok(isAtLeast([2, 0, 0], [1, 26]));
  assert.ok(!isAtLeast([1, 9, 9], [1, 26]));
  assert.ok(isAtLeast([1, 26, 0], [1, 26]));
});
