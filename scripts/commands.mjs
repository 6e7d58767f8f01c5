// What npm commands other than `test` run:
//
// `app [--debug] [--smoke]` opens the wallet's window; `--smoke` where nobody sees it, to find out whether it shows a wallet. A release
//   build unless `--debug`. WALLET_NODES=file of yours takes your own nodes in place of the embedded ones.
// `bench [in-process] [opening] [network] [window] [-- arguments of a bench]`: what a wallet asks all the time; how long a full one takes to
//   open; budgets on five real Kubo nodes behind a delay; IPC and a long list in a real window. Without a name all.
// `sim [--seeds N] [--from S] [--only WORLD] [--kind KIND]`: more of the simulation on all cores, the first trace printed when something
//   is found that is not expected, or of this kind. Without arguments: every scenario with what it finds, 2,000 seeds, the planted defects.
// `advisories [--from COPY] [--keep]`: known defects of what is used here, by the newest database or a copy of it; `--keep` commits it.
// `sbom [FOLDER]`: bills of materials. `public-api [--keep]`: whether the crate's public items have changed.
// `fuzz [--hours N] [--target NAME] [--keep]`: more of the fuzzing, on all cores; `--keep` adds what reaches more to the seeds.
// `cargo ARGUMENTS`: cargo, with builds where those of all other commands are.

import { parseArgs } from "node:util";
import { buildProgram, buildWallet, INSTALL_WEB, ipfsPath, onHiddenDisplay, windowDriver } from "./builds.mjs";
import { fuzzForHours } from "./fuzz.mjs";
import { env, must, takeOver } from "./run.mjs";
import * as supply from "./supply.mjs";
import { forBuilds, need } from "./system.mjs";

const [name, ...given] = process.argv.slice(2);
const onLine = (line) => process.stderr.isTTY && console.error(line);
const show = (command, limitMs = 2 * 3_600_000) => must(command, { shown: true, limitMs });
const showHidden = (script, limitMs) => show(onHiddenDisplay(process.execPath, `examples/wallet/e2e/${script}`), limitMs);

async function app() {
  const flag = { type: "boolean" };
  const { debug, smoke } = parseArgs({ args: given, options: { debug: flag, smoke: flag } }).values;
  await need(forBuilds);
  const hasDisplay = process.platform !== "linux" || env.DISPLAY || env.WAYLAND_DISPLAY;
  if (!smoke && !hasDisplay) throw new Error("there is no display here; `npm run app -- --smoke` opens a window that nobody sees");
  if (smoke) env.TAURI_DRIVER = await windowDriver();
  console.error("building the front end and the program; the first time takes some minutes");
  await must(INSTALL_WEB);
  env.WALLET_APP = await buildWallet({ release: !debug, onLine });
  await (smoke ? showHidden("smoke.mjs", 120_000) : show([env.WALLET_APP], 2 ** 31 - 1));
}

async function bench() {
  const split = [...given, "--"].indexOf("--");
  const cargoBench = (crate, bench) => show(["cargo", "bench", "--locked", "-p", crate, "--bench", bench, ...given.slice(split)]);
  const benches = {
    "in-process": () => cargoBench("tauri-plugin-wallet-sync", "in_process"),
    opening: () => cargoBench("tauri-plugin-wallet-sync", "opening"),
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
  const names = split === 0 ? Object.keys(benches) : given.slice(0, split);
  const unknown = names.filter((name) => !benches[name]);
  if (unknown.length > 0) throw new TypeError(`no such bench: ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}`);
  for (const name of names) await benches[name]();
}

/** Optimised a little: compiled once more than for the tests, and three times as fast. */
async function sim() {
  const text = { type: "string" };
  const { values } = parseArgs({ args: given, options: { seeds: text, from: text, only: text, kind: text } });
  for (const [option, value] of Object.entries(values)) env[`SIM_${option.toUpperCase()}`] = value;
  env.CARGO_PROFILE_DEV_OPT_LEVEL = "1";
  const tests = given.length > 0 ? "random_worlds" : "--test-threads=1";
  const which = "-p tauri-plugin-wallet-sync --no-default-features --features planted-bugs --test simulation";
  await show(`cargo test --locked ${which} -- ${tests} --nocapture`, 6 * 3_600_000);
}

const keep = { type: "boolean" };

const advisories = () => supply.advisories(parseArgs({ args: given, options: { from: { type: "string" }, keep } }).values);
const sbom = () => supply.billsOfMaterials(...given);
const fuzz = () => fuzzForHours(parseArgs({ args: given, options: { hours: { type: "string" }, target: { type: "string" }, keep } }).values);
const publicApi = () => supply.publicApi(parseArgs({ args: given, options: { keep } }).values);

try {
  await takeOver();
  await { app, bench, sim, fuzz, advisories, sbom, "public-api": publicApi, cargo: () => show(["cargo", ...given], 2 ** 31 - 1) }[name]();
} catch (error) {
  console.error(error.message);
  // An argument that does not exist is the caller's mistake.
  process.exitCode = error instanceof TypeError ? 2 : 1;
}
