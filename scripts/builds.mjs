// Builds the programs of the project: of the workspace, the wallet with its front end, Kubo, the fuzz targets; and what drives a window.

import { join } from "node:path";
import { env, must } from "./run.mjs";
import { cargoTool, forWindow, need } from "./system.mjs";

/** As the lock file says. */
export const INSTALL_WEB = "npm ci --no-audit --no-fund";

/** Path of the `ipfs` of a Kubo, found or built; the pinned one where none is named. */
export const ipfsPath = async ({ before = "", version = "" } = {}) => (await must(`${before}bash tests/kubo/build.sh ${version}`.trim())).at(-1);

/** Builds a program of the workspace; gives its path. */
export async function buildProgram(name, { release = true, more = [], onLine } = {}) {
  await must(["cargo", "build", "--locked", "-p", name, ...more, ...(release ? ["--release"] : [])], { onLine });
  return join(env.CARGO_TARGET_DIR, release ? "release" : "debug", name);
}

/** Builds the wallet with its front end inside, which imports the TypeScript package as built; gives its path. */
export async function buildWallet(options) {
  await must("npm run build -w guest-js -w examples/wallet");
  return buildProgram("wallet-sync-wallet", { more: ["--features", "custom-protocol"], ...options });
}

/** tauri-driver, which goes in front of the web view's own driver, after what it needs of the system is there. */
export async function windowDriver() {
  await need(forWindow);
  return cargoTool("tauri-driver", "2.1.0", { tellsVersion: false });
}

/** A command on a display of its own, which nobody sees. */
export const onHiddenDisplay = (...command) => ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", ...command];

const FUZZ_FLAGS =
  "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters " +
  "-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares " +
  "-Cllvm-args=-simplifycfg-branch-fold-threshold=0 -Cdebug-assertions --cfg=fuzzing";

/**
 * Builds the fuzz targets as plain programs, with stable Rust and libFuzzer, the way cargo-fuzz builds them, less the address
 * sanitizer, which needs a nightly compiler: the code has no `unsafe` of its own for it to watch. Gives the folder they are in.
 */
export async function buildFuzzTargets() {
  const [, host] = /^host: (\S+)$/m.exec((await must("rustc -vV")).join("\n"));
  const folder = join(env.CARGO_TARGET_DIR, "fuzz");
  // With an explicit target, build scripts and macros stay without these flags.
  const where = ["--manifest-path", "fuzz/Cargo.toml", "--target", host, "--target-dir", folder];
  const flags = { RUSTFLAGS: FUZZ_FLAGS, CARGO_ENCODED_RUSTFLAGS: undefined };
  await must(["cargo", "build", "--locked", "--release", "--bins", ...where], { env: flags });
  return join(folder, host, "release");
}
