// What the npm commands other than `test` run:
//
// `app [--debug] [--smoke]` opens the wallet's window; `--smoke` where nobody sees it, to find out whether it shows a wallet. A release
//   build unless `--debug`. WALLET_NODES=file of yours takes your own nodes in place of the embedded ones.
// `bench [in-process] [network] [window] [-- arguments of a bench]`: what a wallet asks all the time; budgets on five real Kubo nodes
//   behind a delay; IPC and a long list in a real window. Without a name all.
// `demo [arguments of it]`: five embedded nodes, two devices, every step checked. A release build: its times are those that a user gets.
// `sim [--seeds N] [--from S] [--only WORLD] [--kind KIND]`: more of the simulation on all cores, the first trace printed when something
//   is found that is not expected, or of this kind. Without arguments: every scenario with what it finds, 2,000 seeds, the planted defects.
// `docs`: the reference pages of both languages.

import { join } from "node:path";
import { buildProgram, buildWallet, INSTALL_WEB, ipfsPath, onHiddenDisplay, windowDriver } from "./builds.mjs";
import { env, must, root, takeOver } from "./run.mjs";
import { forBuilds, provide } from "./system.mjs";

const [name, ...given] = process.argv.slice(2);
const split = [...given, "--"].indexOf("--");
const onLine = (line) => process.stderr.isTTY && console.error(line);
const show = (command, limitMs = 2 * 3_600_000) => must(command, { shown: true, limitMs });
const showHidden = (script, limitMs) => show(onHiddenDisplay(process.execPath, `examples/wallet/e2e/${script}`), limitMs);
const cargoBench = (crate, bench) => show(["cargo", "bench", "--locked", "-p", crate, "--bench", bench, ...given.slice(split)]);

async function app() {
  const isSmoke = given.includes("--smoke");
  const [absent] = await provide(forBuilds);
  if (absent) throw new Error(absent);
  const hasDisplay = process.platform !== "linux" || env.DISPLAY || env.WAYLAND_DISPLAY;
  if (!isSmoke && !hasDisplay) throw new Error("there is no display here; `npm run app -- --smoke` opens a window that nobody sees");
  if (isSmoke) env.TAURI_DRIVER = await windowDriver();
  await takeOver();
  console.error("building the front end and the program; the first time takes some minutes");
  await must(INSTALL_WEB);
  env.WALLET_APP = await buildWallet({ release: !given.includes("--debug"), onLine });
  await (isSmoke ? showHidden("smoke.mjs", 120_000) : show([env.WALLET_APP], 2 ** 31 - 1));
}

const benches = {
  "in-process": () => cargoBench("tauri-plugin-wallet-sync", "in_process"),
  network: async () => {
    env.IPFS_BIN = await ipfsPath();
    env.WALLETSYNC_BIN = await buildProgram("walletsync", { onLine });
    await cargoBench("wallet-sync-harness", "network");
  },
  window: async () => {
    env.TAURI_DRIVER = await windowDriver();
    await must(INSTALL_WEB);
    env.WALLET_APP = await buildWallet({ onLine });
    await showHidden("bench.mjs");
  },
};

async function bench() {
  await takeOver();
  for (const [name, one] of Object.entries(benches)) if (split === 0 || given.slice(0, split).includes(name)) await one();
}

async function demo() {
  await takeOver();
  console.error("building walletsync; the first time takes some minutes");
  await show([await buildProgram("walletsync", { onLine }), "demo", ...given]);
}

async function docs() {
  await must(INSTALL_WEB);
  await show("npm run build -w docs/typescript");
  await takeOver();
  await show("cargo doc --locked --no-deps -p tauri-plugin-wallet-sync -p wallet-sync-dev-nodes");
  console.log(join(root, "docs/typescript/html/index.html"));
  console.log(join(env.CARGO_TARGET_DIR, "doc/tauri_plugin_wallet_sync/index.html"));
}

/** Optimised a little: compiled once more than for the tests, and three times as fast. */
async function sim() {
  await takeOver();
  env.CARGO_PROFILE_DEV_OPT_LEVEL = "1";
  const options = new Map();
  for (let at = 0; at < given.length; at += 2) options.set(given[at], given[at + 1] ?? "");
  for (const [option, value] of options) env[`SIM_${option.slice(2).toUpperCase()}`] = value;
  const tests = given.length > 0 ? ["random_worlds"] : ["--test-threads=1"];
  const features = "--no-default-features --features planted-bugs".split(" ");
  const which = ["-p", "tauri-plugin-wallet-sync", ...features, "--test", "simulation"];
  await show(["cargo", "test", "--locked", ...which, "--", ...tests, "--nocapture"], 6 * 3_600_000);
}

const commands = { app, bench, demo, docs, sim };
/** The arguments of those commands that refuse what they do not know. */
const known = {
  app: ["--debug", "--smoke"],
  bench: Object.keys(benches),
  sim: ["--seeds", "--from", "--only", "--kind"],
}[name];
const isOption = (_, at) => name !== "sim" || at % 2 === 0;
const unknown = given.slice(0, split).filter(isOption).filter((one) => known && !known.includes(one));
if (unknown.length > 0) {
  console.error(`no such argument: ${unknown.join(", ")}; there are ${known.join(" and ")}`);
  process.exit(2);
}
try {
  await commands[name]();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
