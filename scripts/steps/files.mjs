import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { sum, verdict } from "../lib/checked.mjs";
import { lockAddresses, machinePaths } from "../lib/file-rules.mjs";
import { root } from "../lib/folders.mjs";
import { capture } from "../lib/run.mjs";

const MAX_BYTES = 4 * 1024 * 1024;

export const files = {
  name: "files",
  what: "no download address in a lock file, no path of one machine anywhere",
  async run(context) {
    const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    const listed = (await capture("git", args)).split("\0").filter((path) => path !== "");
    const addresses = [];
    const paths = [];
    for (const path of new Set(listed)) {
      const text = await readText(path);
      addresses.push(...lockAddresses(path, text));
      paths.push(...machinePaths(path, text));
    }
    return sum([verdict(context, addresses), verdict(context, paths)]);
  },
};

/** A file's text; nothing for one that is none, or was removed. */
async function readText(path) {
  const about = await stat(join(root, path)).catch(() => null);
  if (!about?.isFile() || about.size > MAX_BYTES) return "";
  const bytes = await readFile(join(root, path));
  return bytes.includes(0) ? "" : bytes.toString("utf8");
}
