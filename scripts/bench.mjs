// Runs the benches: `in-process` (what a wallet asks all the time) and `network` (budgets on five real Kubo nodes behind a
// delay), `window` (IPC and a long list in a real window). Without a name all; arguments behind `--` go to the bench: `npm run bench -- in-process -- status`.

import { join } from "node:path";
import { takeOver } from "./lib/checkout.mjs";
import { buildEnvironment, targetFolder } from "./lib/folders.mjs";
import { ipfsPath } from "./lib/kubo.mjs";
import { show } from "./lib/run.mjs";
import { buildApp, buildWeb, installWeb } from "./lib/wallet-app.mjs";
import { onHiddenDisplay, windowDriver } from "./lib/window-tests.mjs";

const given = process.argv.slice(2);
const split = given.indexOf("--");
const names = split < 0 ? given : given.slice(0, split);
const rest = split < 0 ? [] : given.slice(split);
const env = buildEnvironment();
const limitMs = 2 * 3_600_000;

async function cargo(...args) {
  const { ok, reason } = await show("cargo", args, { env, limitMs });
  if (!ok) throw new Error(`cargo ${args.join(" ")}: ${reason}`);
}

const benches = {
  "in-process": () => cargo("bench", "--locked", "-p", "tauri-plugin-wallet-sync", "--bench", "in_process", ...rest),
  network: async () => {
    env.IPFS_BIN = await ipfsPath(env);
    await cargo("build", "--locked", "--release", "-p", "walletsync");
    env.WALLETSYNC_BIN = join(targetFolder(), "release", "walletsync");
    await cargo("bench", "--locked", "-p", "wallet-sync-harness", "--bench", "network", ...rest);
  },
  window: async () => {
    env.TAURI_DRIVER = await windowDriver({ env, say: (text) => console.error(text) });
    await installWeb(env);
    await buildWeb(env);
    env.WALLET_APP = await buildApp(env, { release: true });
    const { ok, reason } = await show(...onHiddenDisplay(process.execPath, "examples/wallet/e2e/bench.mjs"), { env, limitMs });
    if (!ok) throw new Error(`window: ${reason}`);
  },
};

const unknown = names.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  console.error(`no such bench: ${unknown.join(", ")}; there are ${Object.keys(benches).join(" and ")}`);
  process.exit(2);
}
try {
  await takeOver(env);
  for (const [name, bench] of Object.entries(benches)) if (names.length === 0 || names.includes(name)) await bench();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
