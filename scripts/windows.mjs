// Runs the tests of model, store and engine for Windows: built with mingw, run under wine. `npm run test:windows`.
//
// What is missing is installed when this is root on Debian, else named with the command to run. Needs no display.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { freemem, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cargoEnvironment, mayInstall, ownBuild, provide, run, rustTarget, works } from "./cross.mjs";
import { env as usual, root, say } from "./run.mjs";

const TARGET = "x86_64-pc-windows-gnu";
const PACKAGE = ["-p", "tauri-plugin-wallet-sync", "--no-default-features", "--features", "dht"];
const BUILD_LIMIT_MS = 40 * 60_000;
const START_LIMIT_MS = 5 * 60_000;
const BINARY_LIMIT_MS = 10 * 60_000;
const MEMORY = "/dev/shm";
/** Wine's own files are 0.7 GB. */
const MEMORY_NEEDED = 4 * 2 ** 30;
const COMPILER = "x86_64-w64-mingw32-gcc";
/** Debian keeps wine off the path unless the package `wine` is there too. */
const WINES = ["wine64", "wine", "/usr/lib/wine/wine64"];

const apt = (name) => `apt-get install -y --no-install-recommends ${name}`;
const TOOLS = [
  { name: "mingw", get: apt("gcc-mingw-w64-x86-64"), has: () => works(COMPILER, "--version") },
  { name: "wine", get: apt("wine64"), has: async () => Boolean(await wine()) },
  rustTarget(TARGET),
];

export const windows = {
  name: "windows",
  what: "model, store and engine, built for Windows and tested under wine",
  // Elsewhere only `npm run test:windows` asks for mingw and wine.
  onRequest: !mayInstall,
  async run() {
    await provide(TOOLS);
    const env = cargoEnvironment();
    await ownBuild(env, TARGET);
    const binaries = await buildTests(env);
    await buildShim(env, dirname(binaries[0].path));
    return testAll(binaries);
  },
};

async function wine() {
  for (const command of WINES) if (await works(command, "--version")) return command;
  return null;
}

/** Every test binary that cargo lists, with the name of its target. */
async function buildTests(env) {
  const what = [...PACKAGE, "--lib", "--tests", "--target", TARGET];
  const format = "--message-format=json-render-diagnostics";
  const { ok, reason, lines } = await run("cargo", ["test", "--locked", ...what, "--no-run", format], { env, limitMs: BUILD_LIMIT_MS });
  const binaries = lines.flatMap(testBinary);
  if (ok && binaries.length > 0) return binaries;
  for (const line of lines.filter((line) => !line.startsWith("{")).slice(-40)) say(line);
  throw new Error(`the tests could not be built (${reason})`);
}

function testBinary(line) {
  if (!line.startsWith("{")) return [];
  const { reason, executable, profile, target } = JSON.parse(line);
  const isTest = reason === "compiler-artifact" && executable && profile.test;
  return isTest ? [{ name: target.kind.includes("lib") ? "unit tests" : target.name, path: executable }] : [];
}

/** Wine looks for a library beside the program first. */
async function buildShim(env, folder) {
  const to = join(folder, "bcryptprimitives.dll");
  const args = ["-shared", "-O1", "-o", to, "tests/windows/bcryptprimitives.c", "-ladvapi32"];
  const { ok, reason, lines } = await run(COMPILER, args, { env });
  if (!ok) throw new Error(`bcryptprimitives.dll could not be built (${reason})\n${lines.join("\n")}`);
}

async function testAll(binaries) {
  // In memory where there is enough: under wine a sync proves nothing, and thousands of them take minutes.
  const isRoomy = existsSync(MEMORY) && freemem() > MEMORY_NEEDED;
  const prefix = await mkdtemp(join(isRoomy ? MEMORY : tmpdir(), "ws-wine-"));
  const program = await wine();
  const env = wineEnvironment(prefix);
  const start = (args, limitMs) => run(program, args, { env, limitMs });
  const total = { passed: 0, failed: 0 };
  const leftOut = [];
  let holder;
  try {
    const { ok, reason, lines } = await start(["wineboot", "--init"], START_LIMIT_MS);
    if (!ok) throw new Error(`wine does not start (${reason})\n${lines.slice(-20).join("\n")}`);
    // Waits for input that never comes, so that wine's own services start once and not for each binary.
    holder = spawn(program, ["cmd"], { cwd: root, env, stdio: ["pipe", "ignore", "ignore"] }).on("error", () => {});
    for (const { name, path } of binaries) {
      const counts = tell(name, await start([path], BINARY_LIMIT_MS));
      total.passed += counts.passed;
      total.failed += counts.failed;
      leftOut.push(...counts.leftOut);
    }
  } finally {
    holder?.stdin.end();
    await start(["wineboot", "--kill"], START_LIMIT_MS);
    await rm(prefix, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 });
  }
  say(`left out on Windows, ${leftOut.length}:`);
  for (const test of leftOut) say(`  ${test}`);
  return total;
}

/** No display, no questions about Mono and Gecko, and what cargo says to a test. */
function wineEnvironment(prefix) {
  const settings = {
    WINEPREFIX: prefix,
    WINEARCH: "win64",
    WINEDEBUG: "-all",
    WINEDLLOVERRIDES: "mscoree,mshtml=;bcryptprimitives=n,b",
    CARGO_MANIFEST_DIR: root,
    RUST_BACKTRACE: "0",
  };
  return { ...usual, ...settings, DISPLAY: undefined, WAYLAND_DISPLAY: undefined };
}

const RESULT = /^test result: \S+ (\d+) passed; (\d+) failed; (\d+) ignored; \d+ measured; (\d+) filtered out; finished in (\S+)/;

/** What one binary has counted, and everything that a failed one said. A test that is left out without a reason has failed. */
export function counted(lines, ok) {
  // An earlier result is that of a child that a test has started.
  const result = lines.map((line) => RESULT.exec(line)).filter(Boolean).at(-1);
  const leftOut = lines.flatMap((line) => /^test (.* \.\.\. ignored.*)$/.exec(line)?.[1] ?? []);
  const named = leftOut.filter((test) => test.includes("ignored, ")).map((test) => test.replace(" ... ignored, ", ": "));
  if (!result) return { passed: 0, failed: 1, leftOut: named, seconds: 0 };
  const [passed, failed, ignored, filtered] = result.slice(1, 5).map(Number);
  const unnamed = ignored + filtered - named.length;
  const died = !ok && failed === 0 ? 1 : 0;
  return { passed, failed: failed + unnamed + died, leftOut: named, seconds: parseFloat(result[5]) };
}

function tell(name, { ok, reason, lines }) {
  const counts = counted(lines, ok);
  if (counts.failed > 0) {
    for (const line of lines) if (line !== "" && !/^test .* \.\.\. ok$/.test(line)) say(line);
    say(`failed: ${name} (${reason})`);
  }
  if (counts.passed + counts.failed + counts.leftOut.length > 0) {
    const left = counts.leftOut.length > 0 ? `, ${counts.leftOut.length} left out` : "";
    say(`${name}: ${counts.passed} passed, ${counts.failed} failed${left} in ${counts.seconds.toFixed(2)} s`);
  }
  return counts;
}
