// Builds the wallet: the TypeScript package, its front end, the program that holds both.

import { join } from "node:path";
import { root, targetFolder } from "./folders.mjs";
import { run } from "./run.mjs";

const PACKAGE = "wallet-sync-wallet";

async function must(name, command, args, options) {
  const { ok, reason, lines } = await run(command, args, options);
  if (!ok) throw new Error(`${lines.slice(-60).join("\n")}\n${name}: ${reason}`);
}

/** Installs what npm brings, as the lock file says. */
export function installWeb(env) {
  return must("npm ci", "npm", ["ci", "--no-audit", "--no-fund"], { cwd: root, env });
}

/** Builds the front end; it imports the TypeScript package as built. */
export async function buildWeb(env) {
  for (const workspace of ["guest-js", "examples/wallet"]) {
    await must(`${workspace}: build`, "npm", ["run", "build"], { cwd: join(root, workspace), env });
  }
}

/** Builds the program, the front end inside it; gives its path. */
export async function buildApp(env, { release = false, onLine = () => {} } = {}) {
  const args = ["build", "--locked", "-p", PACKAGE, "--features", "custom-protocol", ...(release ? ["--release"] : [])];
  await must("the wallet's program", "cargo", args, { env, onLine });
  return join(targetFolder(env), release ? "release" : "debug", PACKAGE);
}
