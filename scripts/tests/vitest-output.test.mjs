import assert from "node:assert/strict";
import test from "node:test";
import { vitestCounts } from "../lib/vitest-output.mjs";

test("the report is found among other lines", () => {
  const report = JSON.stringify({ numTotalTests: 5, numPassedTests: 5, numFailedTests: 0 });
  assert.deepEqual(vitestCounts(["{ noise", report, "done"]), { passed: 5, failed: 0 });
});

test("a skipped test is not silent", () => {
  const report = JSON.stringify({ numTotalTests: 5, numPassedTests: 3, numFailedTests: 1, numPendingTests: 1 });
  assert.deepEqual(vitestCounts([report]), { passed: 3, failed: 2 });
});

test("no report is no count", () => {
  assert.equal(vitestCounts(["vitest: not found"]), null);
});
