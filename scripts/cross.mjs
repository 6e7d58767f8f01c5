// What the scripts for other platforms share: tools that are fetched or named, cargo's settings, programs with a time limit.

import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { env as usual, root, run as runWords, say } from "./run.mjs";

/** Whether what is missing can be installed here. */
export const mayInstall = process.getuid?.() === 0 && existsSync("/etc/debian_version");

/** Settings of cargo. Without debug information: no debugger looks at these builds, and linking it takes minutes. */
export const cargoEnvironment = () => ({ ...usual, CARGO_INCREMENTAL: "0", CARGO_PROFILE_DEV_DEBUG: "0" });

/** Runs a program with its arguments. */
export const run = (command, args, options) => runWords([command, ...args], options);

/** Checkouts share the folder of builds, and to cargo their crates are one: what another has built last is built again. */
export async function ownBuild(env, target) {
  const folder = join(env.CARGO_TARGET_DIR, target);
  const mark = join(folder, ".checkout");
  if ((await readFile(mark, "utf8").catch(() => null)) === root) return;
  const known = join(folder, "debug/.fingerprint");
  const ours = (await readdir(known).catch(() => [])).filter((name) => /^(tauri-plugin-wallet-sync|wallet-sync|walletsync)-/.test(name));
  for (const name of ours) await rm(join(known, name), { recursive: true });
  await mkdir(folder, { recursive: true });
  await writeFile(mark, root);
}

/** A tool is {name, get, has}: `get` is the command that brings it. Throws with the commands when some cannot be had. */
export async function provide(tools) {
  let absent = await missing(tools);
  if (absent.length > 0 && mayInstall) {
    say(`installing: ${absent.map((tool) => tool.name).join(", ")}`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    if (absent.some((tool) => tool.get.startsWith("apt-get"))) await run("apt-get", ["update"], { env });
    for (const tool of absent) {
      const { ok, lines } = await run("sh", ["-c", tool.get], { env });
      if (!ok) for (const line of lines.slice(-20)) say(line);
    }
    absent = await missing(absent);
  }
  const list = (key, between) => absent.map((tool) => tool[key]).join(between);
  if (absent.length > 0) throw new Error(`missing: ${list("name", ", ")}; run: ${list("get", " && ")}`);
}

async function missing(tools) {
  const there = await Promise.all(tools.map((tool) => tool.has()));
  return tools.filter((_, at) => !there[at]);
}

/** Whether a program can be run. */
export async function works(command, ...args) {
  return (await run(command, args, { limitMs: 30_000 })).ok;
}

/** The tool that is Rust's library for another platform. */
export function rustTarget(target) {
  const has = async () => {
    const { ok, lines } = await run("rustc", ["--print", "sysroot"], { limitMs: 30_000 });
    return ok && existsSync(join(lines.at(-1), "lib/rustlib", target, "lib"));
  };
  return { name: `Rust's ${target}`, get: `rustup target add ${target}`, has };
}
