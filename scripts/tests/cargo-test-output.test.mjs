import assert from "node:assert/strict";
import { test } from "node:test";
import { CargoTestOutput, failureLines, ignoredTests } from "../lib/cargo-test-output.mjs";

const result = (word, passed, failed, ignored = 0) =>
  `test result: ${word}. ${passed} passed; ${failed} failed; ${ignored} ignored; 0 measured; 0 filtered out; finished in 0.25s`;
const header = (path) => `     Running ${path} (target/debug/deps/x-0123456789abcdef)`;

function read(lines) {
  const blocks = [];
  const output = new CargoTestOutput((block) => blocks.push(block));
  for (const line of lines) output.line(line);
  output.end();
  return blocks;
}

test("each binary is a block with its own counts", () => {
  const blocks = read([
    "   Compiling a v0.1.0",
    header("unittests src/lib.rs"),
    "running 2 tests",
    "test a ... ok",
    result("ok", 2, 0),
    header("tests/laws.rs"),
    "test b ... ignored, too slow",
    "test c ... FAILED",
    result("FAILED", 0, 1, 1),
  ]);
  assert.deepEqual(
    blocks.map(({ name, isTests, passed, failed, ignored }) => [name, isTests, passed, failed, ignored]),
    [
      ["building", false, 0, 0, 0],
      ["src/lib.rs", true, 2, 0, 0],
      ["tests/laws.rs", true, 0, 1, 1],
    ],
  );
  assert.deepEqual(ignoredTests(blocks[2]), ["b ... ignored, too slow"]);
  assert.ok(failureLines(blocks[1]).every((line) => !line.startsWith("test a")));
  assert.ok(failureLines(blocks[2]).includes("test c ... FAILED"));
});

test("doc tests come in parts that are added up", () => {
  const [, docs] = read(["   Doc-tests some_crate", result("ok", 3, 0), "", "running 1 test", result("ok", 1, 0)]);
  assert.deepEqual([docs.name, docs.passed], ["doc tests of some_crate", 4]);
});

test("a child's result is not the binary's", () => {
  const [, block] = read([header("tests/crash.rs"), result("ok", 1, 0), result("FAILED", 5, 2)]);
  assert.deepEqual([block.passed, block.failed], [5, 2]);
});

test("a binary that ends without a result has failed", () => {
  const [, block] = read([header("tests/crash.rs"), "running 3 tests", "test a ... ok"]);
  assert.deepEqual([block.died, block.failed, block.passed], [true, 1, 0]);
});

test("tests that were filtered out are seen", () => {
  const line = result("ok", 1, 0).replace("0 filtered", "7 filtered");
  assert.equal(read([header("tests/a.rs"), line])[1].filtered, 7);
});
