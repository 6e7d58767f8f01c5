// Runs the tests of model, store and engine for Windows: built with mingw, run under wine. `npm run test:windows`. Needs no display.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";
import * as rules from "./rules.mjs";
import { env as usual, must, root, run, say, withoutDebug } from "./run.mjs";
import { check } from "./run-steps.mjs";
import { debian, mayInstall, need, rustTarget } from "./system.mjs";

const TARGET = "x86_64-pc-windows-gnu";
const TESTS = `cargo test --locked --target ${TARGET} -p tauri-plugin-wallet-sync --no-default-features --features dht --lib --tests`;
const LIMIT_MS = 40 * 60_000;
const START_LIMIT_MS = 5 * 60_000;
const MEMORY = "/dev/shm";
/** Wine's own files are 0.7 GB. */
const MEMORY_NEEDED = 4 * 2 ** 30;
const COMPILER = "x86_64-w64-mingw32-gcc";
/** A run of the simulation is the same on every machine: what is looked at here is the store below it. All seeds take wine ten minutes. */
const SEEDS = 200;
/** Debian keeps wine off the path unless the package `wine` is there too. */
const FIND_WINE = "command -v wine64 || command -v wine || ls /usr/lib/wine/wine64";
const TOOLS = [debian("mingw", `${COMPILER} --version`, "gcc-mingw-w64-x86-64"), debian("wine", FIND_WINE, "wine64"), rustTarget(TARGET)];

export const windows = {
  name: "windows",
  what: "model, store and engine, built for Windows and tested under wine",
  // Elsewhere only `npm run test:windows` asks for mingw and wine.
  onRequest: !mayInstall,
  async run() {
    await need(TOOLS);
    await must(`${TESTS} --no-run`, { env: withoutDebug, limitMs: LIMIT_MS });
    // Wine looks for a library beside the program first.
    const shim = join(usual.CARGO_TARGET_DIR, TARGET, "debug/deps/bcryptprimitives.dll");
    await must([COMPILER, "-shared", "-O1", "-o", shim, "tests/windows/bcryptprimitives.c", "-ladvapi32"]);
    return inWine((env) => check({ command: `${TESTS} --no-fail-fast`, read: counted, onLine: rules.sayProgress, env, limitMs: LIMIT_MS }));
  },
};

async function inWine(work) {
  const [wine] = await must(["sh", "-c", FIND_WINE]);
  // In memory where there is enough: under wine a sync proves nothing, and thousands of them take minutes.
  const isRoomy = existsSync(MEMORY) && freemem() > MEMORY_NEEDED;
  const prefix = await mkdtemp(join(isRoomy ? MEMORY : tmpdir(), "ws-wine-"));
  const env = {
    ...withoutDebug,
    CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER: wine,
    RUST_BACKTRACE: "0",
    SIM_SEEDS: `${SEEDS}`,
    WINEPREFIX: prefix,
    WINEARCH: "win64",
    WINEDEBUG: "-all",
    // No display, no questions about Mono and Gecko.
    WINEDLLOVERRIDES: "mscoree,mshtml=;bcryptprimitives=n,b",
    DISPLAY: undefined,
    WAYLAND_DISPLAY: undefined,
  };
  let holder;
  try {
    await must([wine, "wineboot", "--init"], { env, limitMs: START_LIMIT_MS });
    // Waits for input that never comes, so that wine's own services start once and not for each binary.
    holder = spawn(wine, ["cmd"], { cwd: root, env: { ...usual, ...env }, stdio: ["pipe", "ignore", "ignore"] }).on("error", () => {});
    return await work(env);
  } finally {
    holder?.stdin.end();
    await run([wine, "wineboot", "--kill"], { env, limitMs: START_LIMIT_MS });
    await rm(prefix, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 });
  }
}

/** A test may be left out with a reason, and is named then. */
export function counted(lines) {
  const leftOut = lines.flatMap((line) => /^test (.*) \.\.\. ignored, (.*)$/.exec(line)?.slice(1).join(": ") ?? []);
  say(`left out on Windows, ${leftOut.length}:`);
  for (const test of leftOut) say(`  ${test}`);
  const { passed, failed } = rules.cargoTestCounts(lines);
  return { passed, failed: failed - leftOut.length };
}
