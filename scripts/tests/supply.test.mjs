import assert from "node:assert/strict";
import { test } from "node:test";
import { unlicensed } from "../supply.mjs";

const lock = (packages) => ({ packages: { "": {}, "guest-js": { license: "none of these" }, ...packages } });
const one = (license, more) => ({ version: "1.0.0", license, ...more });

test("a licence that is not allowed is named with its package; a tool may have others", () => {
  const packages = {
    "node_modules/a": one("MIT"),
    "node_modules/b": one("GPL-3.0-only"),
    "node_modules/c/node_modules/@d/e": one("MPL-2.0"),
    "node_modules/f": one("MPL-2.0", { dev: true }),
    "node_modules/g": one("AGPL-3.0", { dev: true }),
    "node_modules/own": { link: true },
  };
  assert.deepEqual(unlicensed(lock(packages)), ["b 1.0.0: GPL-3.0-only", "@d/e 1.0.0: MPL-2.0", "g 1.0.0: AGPL-3.0"]);
});

test("of several licences one may be chosen, or all hold; none is no licence", () => {
  const packages = {
    "node_modules/a": one("(MIT OR GPL-3.0-only)"),
    "node_modules/b": one("MIT AND ISC"),
    "node_modules/c": one("MIT AND GPL-3.0-only"),
    "node_modules/d": one(undefined),
  };
  assert.deepEqual(unlicensed(lock(packages)), ["c 1.0.0: MIT AND GPL-3.0-only", "d 1.0.0: no licence"]);
});
