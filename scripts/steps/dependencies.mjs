import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sum, verdict } from "../lib/checked.mjs";
import { clientFeatures, copies, parseTree, shellCrates } from "../lib/dependency-tree.mjs";
import { root } from "../lib/folders.mjs";
import { capture } from "../lib/run.mjs";

const TREE = ["tree", "--locked", "--prefix", "none", "--format", "{p}|{f}", "-e", "normal,build"];

export const dependencies = {
  name: "dependencies",
  what: "the engine without Tauri and libp2p, one SQLite, a plain HTTP client",
  async run(context) {
    const bare = ["-p", "tauri-plugin-wallet-sync", "--no-default-features"];
    const rows = parseTree(await capture("cargo", [...TREE, ...bare], { env: context.env }));
    const locks = await Promise.all(
      ["Cargo.lock", "fuzz/Cargo.lock"].map(async (path) =>
        copies(await readFile(join(root, path), "utf8"), "libsqlite3-sys").map((complaint) => `${path}: ${complaint}`),
      ),
    );
    return sum([shellCrates(rows), clientFeatures(rows), locks.flat()].map((found) => verdict(context, found)));
  },
};
