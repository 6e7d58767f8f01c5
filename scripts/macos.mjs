// Checks every crate for macOS: `npm run check:macos`. Types only: nothing is linked and nothing is run.
//
// C code (SQLite, zstd, ring) is compiled by zig, which brings macOS' headers; it comes from PyPI into the project's cache.

import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cargoEnvironment, ownBuild, provide, run, rustTarget, works } from "./cross.mjs";
import { cacheFolder, say } from "./run.mjs";

const TARGET = "aarch64-apple-darwin";
const LIMIT_MS = 60 * 60_000;
const CHECKS = [
  ["the engine alone", ["-p", "tauri-plugin-wallet-sync", "--no-default-features", "--features", "dht", "--all-targets"]],
  ["every crate", ["--workspace", "--all-targets"]],
];

export const macos = {
  name: "macos",
  what: "every crate checked for macOS",
  onRequest: true,
  async run() {
    const folder = join(cacheFolder(), "zig");
    await provide([zig(folder), rustTarget(TARGET)]);
    const env = { ...cargoEnvironment(), ...(await compiler(folder)) };
    await ownBuild(env, TARGET);
    const counts = { passed: 0, failed: 0 };
    for (const [name, what] of CHECKS) {
      const { ok, reason, lines } = await run("cargo", ["check", "--locked", "--target", TARGET, ...what], { env, limitMs: LIMIT_MS });
      if (ok) counts.passed += 1;
      else {
        for (const line of lines.slice(-60)) say(line);
        say(`failed: ${name} (${reason})`);
        counts.failed += 1;
      }
    }
    return counts;
  },
};

const python = (folder) => join(folder, "venv/bin/python");

function zig(folder) {
  const venv = join(folder, "venv");
  const get = `python3 -m venv "${venv}" && "${python(folder)}" -m pip install --quiet ziglang`;
  return { name: "zig (Python's venv is needed for it)", get, has: () => works(python(folder), "-m", "ziglang", "version") };
}

/** Zig as the compiler and archiver that the build scripts ask for. It has a target of its own and no use for an SDK's folder. */
async function compiler(folder) {
  await mkdir(folder, { recursive: true });
  const tools = { cc: COMPILE, ar: ARCHIVE };
  for (const [name, text] of Object.entries(tools)) {
    await writeFile(join(folder, name), text.replaceAll("PYTHON", python(folder)));
    await chmod(join(folder, name), 0o755);
  }
  const suffix = TARGET.replaceAll("-", "_");
  return { [`CC_${suffix}`]: join(folder, "cc"), [`CXX_${suffix}`]: join(folder, "cc"), [`AR_${suffix}`]: join(folder, "ar"), SDKROOT: folder };
}

const COMPILE = `#!/usr/bin/env bash
kept=()
while [ $# -gt 0 ]; do
  case "$1" in
    --target=* | -mmacosx-version-min=*) ;;
    -arch | -isysroot | -target) shift ;;
    *) kept+=("$1") ;;
  esac
  shift
done
exec "PYTHON" -m ziglang cc -target aarch64-macos "\${kept[@]}"
`;

const ARCHIVE = `#!/bin/sh
exec "PYTHON" -m ziglang ar "$@"
`;
