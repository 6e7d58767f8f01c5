import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { takeOver } from "../lib/checkout.mjs";

const OLD = new Date("2020-01-01");

/** A checkout whose sources are older than anything that was built. */
function checkout(base, name) {
  const folder = join(base, name);
  for (const part of ["src", "target/debug", "node_modules/x"]) mkdirSync(join(folder, part), { recursive: true });
  for (const path of ["build.rs", "src/lib.rs", "README.md", "target/debug/out.rs", "node_modules/x/y.rs"]) {
    writeFileSync(join(folder, path), "");
    utimesSync(join(folder, path), OLD, OLD);
  }
  return folder;
}

test("sources are new to cargo when another checkout was built last, and only then", async () => {
  const base = mkdtempSync(join(tmpdir(), "checkout-"));
  try {
    const env = { CARGO_TARGET_DIR: join(base, "built") };
    const [a, b] = ["a", "b"].map((name) => checkout(base, name));
    const isOld = (...path) => statSync(join(...path)).mtime.getTime() === OLD.getTime();
    assert.equal(await takeOver(env, a), true);
    assert.ok(!isOld(a, "build.rs") && !isOld(a, "src/lib.rs"));
    assert.ok(isOld(a, "README.md") && isOld(a, "target/debug/out.rs") && isOld(a, "node_modules/x/y.rs"));
    utimesSync(join(a, "build.rs"), OLD, OLD);
    assert.equal(await takeOver(env, a), false, "the same once more");
    assert.ok(isOld(a, "build.rs"));
    assert.equal(await takeOver(env, b), true);
    assert.ok(!isOld(b, "build.rs"));
    assert.equal(await takeOver(env, a), true, "and back");
    assert.ok(!isOld(a, "build.rs"));
  } finally {
    rmSync(base, { recursive: true });
  }
});
