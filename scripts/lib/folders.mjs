// Where things are: the project, and the folder below the user's cache that holds what a second run need not build again.

import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The project's own folder in the user's cache. */
export function cacheFolder(env = process.env) {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "wallet-sync");
}

/** Where cargo builds: what the caller says, else the cache, so that a fresh clone is quick. */
export function targetFolder(env = process.env) {
  return env.CARGO_TARGET_DIR ? resolve(root, env.CARGO_TARGET_DIR) : join(cacheFolder(env), "target");
}

/** The environment of every program that is started. */
export function buildEnvironment(env = process.env) {
  return {
    ...env,
    CARGO_TARGET_DIR: targetFolder(env),
    CARGO_TERM_COLOR: "never",
    // Incremental caches of clones that come and go would only fill the disk.
    ...(env.CI ? { CARGO_INCREMENTAL: "0" } : {}),
  };
}
