// Changes src/model in one place at a time and looks whether its laws notice: cargo-mutants, in a crate of its own that
// holds only the basics, the model and tests/laws, so that one change costs seconds. docs/mutation.md says what for.
// Options go to cargo mutants: npm run mutants -- --file src/model/trie.rs

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, must, root, run } from "./run.mjs";
import { cargoTool } from "./system.mjs";

const WANTED_PERCENT = 95;
const MODULES = ["clock", "error", "limits", "model", "secret"];

// The first law that fails is enough, and a changed loop that pushes bytes for ever ends at 8 GiB. That the tests stop
// early is an option of the test program that the stable compiler hides.
const RUNNER = `[target.'cfg(target_os = "linux")']
runner = ["sh", "-c", 'ulimit -v 8388608; RUSTC_BOOTSTRAP=1 exec "$0" "$@" -Zunstable-options --fail-fast']
`;

const crate = join(cacheFolder(), "mutants");

const copy = (path) => cpSync(join(root, path), join(crate, path), { recursive: true });

/** One library that has the laws as its tests: compiled and linked once for each change. */
async function makeCrate() {
  for (const part of ["src", "tests"]) rmSync(join(crate, part), { recursive: true, force: true });
  mkdirSync(join(crate, "src"), { recursive: true });
  for (const name of MODULES) copy(existsSync(join(root, "src", name)) ? `src/${name}` : `src/${name}.rs`);
  for (const part of ["tests/laws", "tests/data", "Cargo.lock"]) copy(part);
  const runner = readFileSync(join(root, "tests/laws/main.rs"), "utf8");
  const laws = [...runner.matchAll(/^mod (\w+);$/gm)].map(([, name]) => name);
  const lines = [
    "#![allow(dead_code)]",
    "extern crate self as tauri_plugin_wallet_sync;",
    ...MODULES.map((name) => `pub mod ${name};`),
    "pub use error::{Code, Error};",
    "pub use secret::Secret;",
    ...laws.map((name) => `#[cfg(test)]\n#[path = "../tests/laws/${name}.rs"]\nmod ${name};`),
  ];
  writeFileSync(join(crate, "src/lib.rs"), `${lines.join("\n")}\n`);
  writeFileSync(join(crate, "Cargo.toml"), await manifest());
  mkdirSync(join(crate, ".cargo"), { recursive: true });
  writeFileSync(join(crate, ".cargo/config.toml"), RUNNER);
}

/** The dependencies that a source of the small crate names, as the project declares them. */
async function manifest() {
  const files = readdirSync(crate, { recursive: true }).filter((file) => /^(src|tests).*\.rs$/.test(file));
  const text = files.map((file) => readFileSync(join(crate, file), "utf8")).join("\n");
  const [metadata] = await must("cargo metadata --no-deps --format-version 1 --quiet");
  const { dependencies } = JSON.parse(metadata).packages.find(({ name }) => name === "tauri-plugin-wallet-sync");
  const used = new Map();
  for (const { name, req, features, uses_default_features: defaults, kind, path } of dependencies) {
    if (kind === "build" || path || !text.includes(`${name.replaceAll("-", "_")}::`)) continue;
    const known = used.get(name) ?? { defaults: false, features: [] };
    used.set(name, { req, defaults: defaults || known.defaults, features: [...known.features, ...features] });
  }
  const lines = [...used].map(
    ([name, { req, defaults, features }]) =>
      `${name} = { version = "${req}", default-features = ${defaults}, features = ${JSON.stringify(features)} }`,
  );
  return `[workspace]

[package]
name = "tauri-plugin-wallet-sync"
version = "0.0.0"
edition = "2024"
autotests = false

[lib]
doctest = false

[dependencies]
${lines.join("\n")}

[profile.dev]
debug = false
# Some laws seal thousands of nodes.
opt-level = 1
# Else a changed function makes every unit that might inline it compile again.
lto = "off"

[profile.dev.package."*"]
opt-level = 2
`;
}

async function runMutants(options) {
  const program = await cargoTool("cargo-mutants", "27.1.0");
  const files = options.includes("--file") ? [] : ["--file", "src/model/**"];
  const args = ["mutants", "--in-place", "--cargo-test-arg=--lib", "--config", join(root, "mutants.toml"), ...files, ...options];
  const env = {
    // The same examples each time, so that a score can be compared; fewer of them, so that it ends.
    PROPTEST_CASES: "32",
    PROPTEST_RNG_SEED: "1",
    PROPTEST_DISABLE_FAILURE_PERSISTENCE: "true",
    // That a law fails is enough here; nobody reads the smallest example of it.
    PROPTEST_MAX_SHRINK_ITERS: "0",
    // Built in the small crate's own folder, which is kept: only the first run builds the dependencies.
    CARGO_TARGET_DIR: process.env.MUTANTS_TARGET_DIR || undefined,
  };
  return (await run([program, ...args], { cwd: crate, env, shown: true, limitMs: 2 ** 31 - 1 })).reason;
}

/** Changes that do not compile prove nothing; one that makes the laws run for ever is noticed. */
function isGoodScore() {
  const { caught, timeout, missed } = JSON.parse(readFileSync(join(crate, "mutants.out/outcomes.json"), "utf8"));
  const noticed = caught + timeout;
  const percent = (100 * noticed) / (noticed + missed);
  const forever = timeout ? ` (${timeout} because the laws did not end)` : "";
  console.log(`${noticed} of ${noticed + missed} changes are noticed${forever}, ${percent.toFixed(1)} %`);
  return percent >= WANTED_PERCENT;
}

const options = process.argv.slice(2);
await makeCrate();
const reason = await runMutants(options);
// 2 = some were missed, 3 = some ran for ever.
const isRun = ["exit 0", "exit 2", "exit 3"].includes(reason);
process.exitCode = isRun && (options.includes("--list") || isGoodScore()) ? 0 : 1;
