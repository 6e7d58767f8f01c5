// Checks every crate for macOS: `npm run check:macos`. Types only: nothing is linked and nothing is run.
//
// C code (SQLite, zstd, ring) is compiled by zig, which brings macOS' headers: cargo-zigbuild, from PyPI into the project's cache.

import { join } from "node:path";
import { cacheFolder, withoutDebug } from "./run.mjs";
import { check } from "./run-steps.mjs";
import { broughtBy, need, rustTarget } from "./system.mjs";

const TARGET = "aarch64-apple-darwin";
const bin = join(cacheFolder(), "zigbuild/bin");
const INSTALL = `python3 -m venv "${join(bin, "..")}" && "${bin}/pip" install --quiet ziglang cargo-zigbuild==0.24.1`;
const ZIG = broughtBy(INSTALL, "zig (Python's venv is needed for it)", `"${bin}/cargo-zigbuild" --version && "${bin}/python3" -m ziglang version`);

export const macos = {
  name: "macos",
  what: "every crate checked for macOS",
  onRequest: true,
  async run() {
    await need([ZIG, rustTarget(TARGET)]);
    const env = { ...withoutDebug, PATH: `${bin}:${process.env.PATH}` };
    const checked = (which) => ({ command: `cargo-zigbuild check --locked --target ${TARGET} --all-targets ${which}`, env, limitMs: 60 * 60_000 });
    return check(checked("-p tauri-plugin-wallet-sync --no-default-features --features dht"), checked("--workspace"));
  },
};
