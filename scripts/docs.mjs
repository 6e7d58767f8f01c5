// Writes the reference pages of both languages: rustdoc, and TypeDoc of the TypeScript package.

import { join } from "node:path";
import { takeOver } from "./lib/checkout.mjs";
import { buildEnvironment, root, targetFolder } from "./lib/folders.mjs";
import { show } from "./lib/run.mjs";
import { installWeb } from "./lib/wallet-app.mjs";

const env = buildEnvironment();
const crates = ["-p", "tauri-plugin-wallet-sync", "-p", "wallet-sync-dev-nodes"];

async function must(command, args, cwd = root) {
  const { ok, reason } = await show(command, args, { cwd, env });
  if (!ok) throw new Error(`${command} ${args.join(" ")}: ${reason}`);
}

try {
  await installWeb(env);
  await must("npm", ["run", "build"], join(root, "docs/typescript"));
  await takeOver(env);
  await must("cargo", ["doc", "--locked", "--no-deps", ...crates]);
  console.log(join(root, "docs/typescript/html/index.html"));
  console.log(join(targetFolder(env), "doc/tauri_plugin_wallet_sync/index.html"));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
