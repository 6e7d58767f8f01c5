// The pinned cargo-deny: the one on PATH if it is of this version, else built once into the user's cache.

import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "./folders.mjs";
import { capture, run } from "./run.mjs";

const VERSION = "0.20.2";

/** Path of its program. */
export async function cargoDenyPath(context) {
  try {
    if ((await capture("cargo-deny", ["--version"], { env: context.env })).includes(VERSION)) return "cargo-deny";
  } catch {
    // Not there.
  }
  const folder = join(cacheFolder(context.env), "tools", `cargo-deny-${VERSION}`);
  const program = join(folder, "bin", "cargo-deny");
  if (!existsSync(program)) {
    context.say(`building cargo-deny ${VERSION} once, this takes some minutes`);
    await install(context, folder);
  }
  return program;
}

async function install(context, folder) {
  const scratch = `${folder}.${process.pid}`;
  // Its own release profile asks for the slowest build there is, and it runs for a second.
  const env = {
    ...context.env,
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16",
    CARGO_PROFILE_RELEASE_LTO: "off",
    CARGO_PROFILE_RELEASE_OPT_LEVEL: "1",
  };
  // Without a target folder cargo builds it in a temporary one and removes that.
  delete env.CARGO_TARGET_DIR;
  const args = ["install", "cargo-deny", "--version", VERSION, "--locked", "--root", scratch];
  try {
    const { ok, reason, lines } = await run("cargo", args, { env });
    if (!ok) throw new Error(`${lines.slice(-40).join("\n")}\ncargo-deny: ${reason}`);
    await rm(folder, { recursive: true, force: true });
    await rename(scratch, folder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What each of its checks ended with, from its last line: "bans ok, licenses FAILED, sources ok". */
export function denyCounts(lines, checks) {
  const said = lines.findLast((line) => checks.every((check) => line.includes(`${check} `))) ?? "";
  const passed = checks.filter((check) => said.includes(`${check} ok`)).length;
  return { passed, failed: checks.length - passed };
}
