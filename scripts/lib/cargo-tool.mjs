// A program from crates.io, pinned: the one on PATH if it is of this version, else built once into the user's cache.

import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "./folders.mjs";
import { capture, run } from "./run.mjs";

/** Path of the program `name` of this version. `tellsVersion` = it has `--version`; else only the cache is looked at. */
export async function cargoTool(context, name, version, { tellsVersion = true } = {}) {
  if (tellsVersion && (await isOnPath(context, name, version))) return name;
  const folder = join(cacheFolder(context.env), "tools", `${name}-${version}`);
  const program = join(folder, "bin", name);
  if (!existsSync(program)) {
    context.say(`building ${name} ${version} once, this takes some minutes`);
    await install(context, name, version, folder);
  }
  return program;
}

async function isOnPath(context, name, version) {
  try {
    return (await capture(name, ["--version"], { env: context.env })).includes(version);
  } catch {
    return false;
  }
}

async function install(context, name, version, folder) {
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
  const args = ["install", name, "--version", version, "--locked", "--root", scratch];
  try {
    const { ok, reason, lines } = await run("cargo", args, { env });
    if (!ok) throw new Error(`${lines.slice(-40).join("\n")}\n${name}: ${reason}`);
    await rm(folder, { recursive: true, force: true });
    await rename(scratch, folder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
