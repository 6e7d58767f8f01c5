import assert from "node:assert/strict";
import { test } from "node:test";
import { counted } from "../windows.mjs";

const result = (passed, failed, ignored) =>
  `test result: ok. ${passed} passed; ${failed} failed; ${ignored} ignored; 0 measured; 0 filtered out; finished in 1.50s`;

test("a test is left out with a reason, or has failed", () => {
  const lines = ["test a ... ok", "test b ... ignored, modes are Unix's", "test c ... ignored", result(1, 0, 2)];
  assert.deepEqual(counted(lines, true), { passed: 1, failed: 1, leftOut: ["b: modes are Unix's"], seconds: 1.5 });
});

test("a binary that dies has failed, with a result of its own or without", () => {
  assert.equal(counted(["running 2 tests"], false).failed, 1);
  assert.equal(counted([result(2, 0, 0)], false).failed, 1);
  assert.equal(counted([result(2, 1, 0)], false).failed, 1);
  assert.equal(counted([result(1, 0, 0), result(2, 0, 0)], true).passed, 2);
});
