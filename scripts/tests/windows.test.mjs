import assert from "node:assert/strict";
import { test } from "node:test";
import { counted } from "../windows.mjs";

test("a test is left out with a reason, or has failed", (t) => {
  const { mock } = t.mock.method(console, "log", () => {});
  const result = "test result: ok. 1 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1.50s";
  const binary = "     Running unittests src/lib.rs (target/x.exe)";
  const lines = [binary, "test a ... ok", "test b ... ignored, modes are Unix's", "test c ... ignored", result];
  assert.deepEqual(counted(lines), { passed: 1, failed: 1 });
  assert.deepEqual(mock.calls.map((call) => call.arguments[0].trim()), ["left out on Windows, 1:", "b: modes are Unix's"]);
  assert.deepEqual(counted([binary, "running 2 tests"]), { passed: 0, failed: 1 });
});
