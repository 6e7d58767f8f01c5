// What the scripts for other platforms share: tools that are fetched or named, cargo's settings, programs with a time limit.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Whether what is missing can be installed here. */
export const mayInstall = process.getuid?.() === 0 && existsSync("/etc/debian_version");

/** The project's folder in the user's cache. */
export function cacheFolder(env) {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "wallet-sync");
}

/** Settings of cargo. Without debug information: no debugger looks at these builds, and linking it takes minutes. */
export function cargoEnvironment(env) {
  const target = env.CARGO_TARGET_DIR ? resolve(root, env.CARGO_TARGET_DIR) : join(cacheFolder(env), "target");
  return { ...env, CARGO_TARGET_DIR: target, CARGO_TERM_COLOR: "never", CARGO_INCREMENTAL: "0", CARGO_PROFILE_DEV_DEBUG: "0" };
}

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
export async function provide(context, tools) {
  let absent = await missing(tools);
  if (absent.length > 0 && mayInstall) {
    context.say(`installing: ${absent.map((tool) => tool.name).join(", ")}`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    if (absent.some((tool) => tool.get.startsWith("apt-get"))) await run("apt-get", ["update"], { env });
    for (const tool of absent) {
      const { ok, lines } = await run("sh", ["-c", tool.get], { env });
      if (!ok) for (const line of lines.slice(-20)) context.say(line);
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

/** Runs a program in a group of its own, which ends with it at the latest when its time is over. */
export function run(command, args, { env = process.env, limitMs = 10 * 60_000 } = {}) {
  return new Promise((done) => {
    const joined = ["-c", 'exec "$@" 2>&1', "sh", command, ...args];
    const child = spawn("sh", joined, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"], detached: true });
    const lines = [];
    const reader = createInterface({ input: child.stdout, crlfDelay: Infinity }).on("line", (line) => lines.push(line));
    let isLate = false;
    const stop = () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    };
    const limit = setTimeout(() => {
      isLate = true;
      stop();
    }, limitMs);
    process.once("exit", stop);
    const settle = (code, why) => {
      clearTimeout(limit);
      process.removeListener("exit", stop);
      reader.close();
      child.stdout.destroy();
      done({ ok: code === 0 && !isLate, reason: isLate ? `no end after ${limitMs / 1000} s` : why, lines });
    };
    child.once("error", (error) => settle(null, error.message));
    // Wine's own server lives on and holds the stream: what came within a second after the end is all.
    child.once("exit", (code, signal) => {
      const open = setTimeout(() => settle(code, signal ?? `exit ${code}`), 1_000);
      child.once("close", () => {
        clearTimeout(open);
        settle(code, signal ?? `exit ${code}`);
      });
    });
  });
}

/** Runs a step when its file was started as a program. The last line is "N passed, N failed". */
export async function runAlone(url, step) {
  if (process.argv[1] !== fileURLToPath(url)) return;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(130));
  const context = { env: { ...process.env }, say: (text) => console.log(`  ${text}`) };
  try {
    const { passed, failed } = await step.run(context);
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
