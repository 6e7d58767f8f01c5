// What `npm run bench:scale` reckons with.

import assert from "node:assert/strict";
import { test } from "node:test";

import { percentile } from "../scale/wallets.mjs";

test("a percentile is a value that was measured, whatever their order", () => {
  const values = [5, 1, 4, 2, 3];
  assert.equal(percentile(values, 0.5), 3);
  assert.equal(percentile(values, 0.99), 5);
  assert.equal(percentile(values, 1), 5);
  assert.deepEqual(values, [5, 1, 4, 2, 3]);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});
