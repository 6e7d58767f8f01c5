// The fuzz targets as plain programs: built with stable Rust and libFuzzer, the way cargo-fuzz builds them, less the
// address sanitizer, which needs a nightly compiler. The code has no `unsafe` of its own for it to watch.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root, targetFolder } from "./folders.mjs";
import { capture, run } from "./run.mjs";

const FLAGS = [
  "-Cpasses=sancov-module",
  "-Cllvm-args=-sanitizer-coverage-level=4",
  "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
  "-Cllvm-args=-sanitizer-coverage-pc-table",
  "-Cllvm-args=-sanitizer-coverage-trace-compares",
  "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
  "-Ccodegen-units=1",
  "-Cdebug-assertions",
  "--cfg=fuzzing",
];

/** Names of the targets in a manifest. */
export function targetNames(manifest) {
  return [...manifest.matchAll(/^\[\[bin\]\]\s+name = "([^"]+)"/gm)].map((found) => found[1]);
}

/** The targets that there are. */
export async function fuzzTargets() {
  return targetNames(await readFile(join(root, "fuzz/Cargo.toml"), "utf8"));
}

/** Builds all targets; gives the folder they are in. */
export async function buildFuzzTargets(context) {
  const host = /^host: (\S+)$/m.exec(await capture("rustc", ["-vV"], { env: context.env }))[1];
  const folder = join(targetFolder(context.env), "fuzz");
  const env = { ...context.env, RUSTFLAGS: FLAGS.join(" ") };
  delete env.CARGO_ENCODED_RUSTFLAGS;
  // With an explicit target, build scripts and macros stay without these flags.
  const args = ["build", "--locked", "--release", "--bins", "--manifest-path", "fuzz/Cargo.toml"];
  const { ok, reason, lines } = await run("cargo", [...args, "--target", host, "--target-dir", folder], { env });
  if (!ok) throw new Error(`${lines.join("\n")}\nfuzz targets: ${reason}`);
  return join(folder, host, "release");
}

/** What a run told: whether it was guided by coverage, and how many inputs it tried. */
export function fuzzSummary(lines) {
  const text = lines.join("\n");
  const tried = /^stat::number_of_executed_units:\s+(\d+)/m.exec(text);
  return { isGuided: /Loaded \d+ modules\s+\([1-9]\d* inline 8-bit counters\)/.test(text), tried: Number(tried?.[1] ?? 0) };
}
