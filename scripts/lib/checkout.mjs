// Checkouts share the folder of builds. To cargo they are one: when the sources of this checkout are older than what it built
// for another, it takes that as it is, with the other's paths in it. So the sources become new when the checkout changes.

import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root, targetFolder } from "./folders.mjs";

const SKIPPED = new Set([".git", "node_modules", "target", "dist"]);

/** Makes cargo build anew what it built last for another checkout; says whether it did. */
export async function takeOver(env, checkout = root) {
  const target = targetFolder(env);
  const mark = join(target, ".checkout");
  const last = await readFile(mark, "utf8").catch(() => null);
  if (last === checkout) return false;
  const now = new Date();
  for await (const path of sources(checkout)) await utimes(path, now, now);
  await mkdir(target, { recursive: true });
  await writeFile(mark, checkout);
  return true;
}

/** Every Rust source. */
async function* sources(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !SKIPPED.has(entry.name)) yield* sources(path);
    else if (entry.isFile() && entry.name.endsWith(".rs")) yield path;
  }
}
