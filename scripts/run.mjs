// Where things are, and how programs are run: with a time limit, line by line, and never leaving one behind. Nothing but Node is used:
// these scripts run before any package is installed, and no package for it ends a program with all that it has started.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** The project's own folder in the user's cache, for what a second run need not build again. */
export const cacheFolder = (from = process.env) => join(from.XDG_CACHE_HOME || join(from.HOME || homedir(), ".cache"), "wallet-sync");

/** The environment of every program. Cargo builds where the caller says, else in the cache, so that a fresh clone is quick. */
export function buildEnvironment(from = process.env) {
  const CARGO_TARGET_DIR = from.CARGO_TARGET_DIR ? resolve(root, from.CARGO_TARGET_DIR) : join(cacheFolder(from), "target");
  // Incremental caches of clones that come and go would only fill the disk.
  return { ...from, CARGO_TARGET_DIR, CARGO_TERM_COLOR: "never", ...(from.CI ? { CARGO_INCREMENTAL: "0" } : {}) };
}

export const env = buildEnvironment();
/** For builds that no debugger looks at, and whose linking would take minutes with what one needs. */
export const withoutDebug = { CARGO_INCREMENTAL: "0", CARGO_PROFILE_DEV_DEBUG: "0" };
/** Says something about the step that runs. */
export const say = (text) => console.log(`  ${text}`);

/** How long a stream may stay open after its program has ended: something that it left behind may hold it. */
const STREAM_MS = 5_000;
const running = new Set();

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]]) {
  process.once(signal, () => {
    for (const stop of running) stop();
    process.exit(code);
  });
}

/** A command is a list of words, or a text that is split at spaces. */
export const words = (command) => (Array.isArray(command) ? command : command.split(" "));

/**
 * Runs a program; gives how it ended and the lines of its stdout and stderr as they were written, `onLine` each as it comes. It has a
 * group of its own, to end with all that it has started; if it is `shown`, it has the caller's terminal and gives no lines.
 */
export async function run(command, { cwd = root, limitMs = 30 * 60_000, onLine = () => {}, shown = false, ...options } = {}) {
  // The shell joins both streams into one: two pipes would lose the order.
  const [program, ...args] = shown ? words(command) : ["sh", "-c", 'exec "$@" 2>&1', "sh", ...words(command)];
  const stdio = shown ? "inherit" : ["ignore", "pipe", "inherit"];
  const child = spawn(program, args, { cwd, env: { ...env, ...options.env }, stdio, detached: !shown });
  const stop = () => {
    try {
      if (shown) child.kill("SIGTERM");
      else process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  };
  running.add(stop);
  let isLate = false;
  const limit = setTimeout(() => stop((isLate = true)), limitMs);
  const lines = [];
  if (!shown) createInterface({ input: child.stdout, crlfDelay: Infinity }).on("line", (line) => onLine(line, lines.push(line)));
  try {
    const exit = once(child, "exit");
    await Promise.race([once(child, "close"), exit.then(() => pause(STREAM_MS, null, { ref: false }))]);
    const [code, signal] = await exit;
    const reason = isLate ? `no end after ${limitMs / 1000} s` : signal ?? `exit ${code}`;
    return { ok: reason === "exit 0", reason, lines };
  } catch (error) {
    return { ok: false, reason: error.message, lines };
  } finally {
    clearTimeout(limit);
    running.delete(stop);
    child.stdout?.destroy();
  }
}

/** Runs a program that has to end well, and gives its lines; what it printed last comes with the error. */
export async function must(command, options) {
  const { ok, reason, lines } = await run(command, options);
  if (!ok) throw new Error([...lines.slice(-60), `${words(command).join(" ")}: ${reason}`].join("\n"));
  return lines;
}

const RUST_SOURCES = "find . ( -name .git -o -name node_modules -o -name target -o -name dist ) -prune -o -name *.rs -exec touch {} +";

/**
 * Makes cargo build again what it built last for another checkout; returns whether it did. Checkouts share the folder of builds, and to
 * cargo they are one: where sources are older than what another checkout built, it takes that, with the other's paths in it.
 */
export async function takeOver({ target = env.CARGO_TARGET_DIR, checkout = root } = {}) {
  const mark = join(target, ".checkout");
  if ((await readFile(mark, "utf8").catch(() => null)) === checkout) return false;
  await must(RUST_SOURCES, { cwd: checkout });
  await mkdir(target, { recursive: true });
  await writeFile(mark, checkout);
  return true;
}
