// Changes src/model in one place at a time and looks whether its laws notice: cargo-mutants, in a crate of its own that
// holds only the basics, the model and tests/laws, so that one change costs seconds. docs/mutation.md says what for.
// Options go to cargo mutants: npm run mutants -- --file src/model/trie.rs

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const VERSION = "27.1.0";
const WANTED_PERCENT = 95;
const MODULES = ["clock", "error", "limits", "model", "secret"];

// The first law that fails is enough, and a changed loop that pushes bytes for ever ends at 8 GiB. That the tests stop
// early is an option of the test program that the stable compiler hides.
const RUNNER = `[target.'cfg(target_os = "linux")']
runner = ["sh", "-c", 'ulimit -v 8388608; RUSTC_BOOTSTRAP=1 exec "$0" "$@" -Zunstable-options --fail-fast']
`;

const root = fileURLToPath(new URL("..", import.meta.url));
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "wallet-sync");
const crate = join(cache, "mutants");

/** The program, built once into the user's cache. */
function cargoMutants() {
  const folder = join(cache, "tools", `cargo-mutants-${VERSION}`);
  const program = join(folder, "bin", "cargo-mutants");
  if (!existsSync(program)) {
    const args = ["install", "cargo-mutants", "--version", VERSION, "--locked", "--root", folder];
    execFileSync("cargo", args, { stdio: "inherit" });
  }
  return program;
}

function copy(from, to = from) {
  cpSync(join(root, from), join(crate, to), { recursive: true });
}

/** One library that has the laws as its tests: compiled and linked once for each change. */
function makeCrate() {
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
  writeFileSync(join(crate, "Cargo.toml"), manifest());
  mkdirSync(join(crate, ".cargo"), { recursive: true });
  writeFileSync(join(crate, ".cargo/config.toml"), RUNNER);
}

/** The dependencies that a source of the small crate names, as the project declares them. */
function manifest() {
  const files = readdirSync(crate, { recursive: true }).filter((file) => /^(src|tests).*\.rs$/.test(file));
  const text = files.map((file) => readFileSync(join(crate, file), "utf8")).join("\n");
  const metadata = execFileSync("cargo", ["metadata", "--no-deps", "--format-version", "1"], { cwd: root });
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

function runMutants(options) {
  const args = ["mutants", "--in-place", "--cargo-test-arg=--lib", "--config", join(root, "mutants.toml"), "--file", "src/model/**"];
  const files = options.includes("--file") ? args.slice(0, -2) : args;
  const env = {
    ...process.env,
    // The same examples each time, so that a score can be compared; fewer of them, so that it ends.
    PROPTEST_CASES: "32",
    PROPTEST_RNG_SEED: "1",
    PROPTEST_DISABLE_FAILURE_PERSISTENCE: "true",
    // That a law fails is enough here; nobody reads the smallest example of it.
    PROPTEST_MAX_SHRINK_ITERS: "0",
  };
  // Built in the small crate's own folder, which is kept: only the first run builds the dependencies.
  if (!process.env.MUTANTS_TARGET_DIR) delete env.CARGO_TARGET_DIR;
  else env.CARGO_TARGET_DIR = process.env.MUTANTS_TARGET_DIR;
  return spawnSync(cargoMutants(), [...files, ...options], { cwd: crate, env, stdio: "inherit" });
}

/** Changes that do not compile prove nothing; one that makes the laws run for ever is noticed. */
function score() {
  const { caught, timeout, missed } = JSON.parse(readFileSync(join(crate, "mutants.out/outcomes.json"), "utf8"));
  const noticed = caught + timeout;
  const percent = (100 * noticed) / (noticed + missed);
  const forever = timeout ? ` (${timeout} because the laws did not end)` : "";
  console.log(`${noticed} of ${noticed + missed} changes are noticed${forever}, ${percent.toFixed(1)} %`);
  return percent >= WANTED_PERCENT;
}

const options = process.argv.slice(2);
makeCrate();
const { status } = runMutants(options);
if (options.includes("--list")) process.exit(status);
// 2 = some were missed, 3 = some ran for ever.
process.exit([0, 2, 3].includes(status) && score() ? 0 : 1);
