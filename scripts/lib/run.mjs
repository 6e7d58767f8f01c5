// Runs programs: with a time limit, line by line, and never leaving one behind.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { root } from "./folders.mjs";

const LIMIT_MS = 30 * 60_000;
/** How long a stream may stay open after its program has ended: something that it left behind may hold it. */
const STREAM_MS = 5_000;
const running = new Set();

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]]) {
  process.once(signal, () => {
    for (const stop of running) stop();
    process.exit(code);
  });
}

/** Starts a program. It gets a group of its own where it is to end with everything that it has started. */
function start(command, args, { cwd = root, env = process.env, limitMs = LIMIT_MS, ownGroup = true }, stdio) {
  const child = spawn(command, args, { cwd, env, stdio, detached: ownGroup });
  const stop = () => {
    try {
      if (ownGroup) process.kill(-child.pid, "SIGKILL");
      else child.kill("SIGTERM");
    } catch {
      // It has ended meanwhile.
    }
  };
  running.add(stop);
  const ended = new Promise((done) => {
    let isLate = false;
    const limit = setTimeout(() => {
      isLate = true;
      stop();
    }, limitMs);
    const settle = (code, signal, error) => {
      clearTimeout(limit);
      running.delete(stop);
      for (const stream of [child.stdout, child.stderr]) stream?.destroy();
      const reason = isLate ? `no end after ${limitMs / 1000} s` : error?.message ?? signal ?? `exit ${code}`;
      done({ ok: code === 0 && !isLate, reason });
    };
    child.once("error", (error) => settle(null, null, error));
    child.once("exit", (code, signal) => {
      clearTimeout(limit);
      const open = setTimeout(() => settle(code, signal), STREAM_MS);
      child.once("close", () => {
        clearTimeout(open);
        settle(code, signal);
      });
    });
  });
  return { child, ended };
}

/** Runs a program; `onLine` gets each line of its stdout and stderr, in the order in which they were written. */
export async function run(command, args, { onLine = () => {}, ...options } = {}) {
  const lines = [];
  // The shell joins both streams into one: two pipes would lose the order.
  const joined = ["-c", 'exec "$@" 2>&1', "sh", command, ...args];
  const { child, ended } = start("sh", joined, options, ["ignore", "pipe", "inherit"]);
  createInterface({ input: child.stdout, crlfDelay: Infinity }).on("line", (line) => {
    lines.push(line);
    onLine(line);
  });
  const result = await ended;
  return { ...result, lines };
}

/** Runs a program and gives its stdout; what it says on stderr comes with the error. */
export async function capture(command, args, options = {}) {
  const { child, ended } = start(command, args, options, ["ignore", "pipe", "pipe"]);
  const parts = { stdout: [], stderr: [] };
  for (const stream of ["stdout", "stderr"]) child[stream].on("data", (part) => parts[stream].push(part));
  const result = await ended;
  const text = (stream) => Buffer.concat(parts[stream]).toString("utf8");
  if (!result.ok) throw new Error(`${command} ${args.join(" ")}: ${result.reason}\n${text("stderr").trim()}`);
  return text("stdout");
}

/** Runs a program on the caller's own terminal. */
export async function show(command, args, options = {}) {
  const { ended } = start(command, args, { ...options, ownGroup: false }, "inherit");
  return ended;
}

/** Whether a program can be run at all, tried with harmless arguments. */
export async function answers(command, args) {
  return (await run(command, args, { limitMs: 20_000 })).ok;
}
