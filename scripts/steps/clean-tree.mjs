import { createHash } from "node:crypto";
import { verdict } from "../lib/checked.mjs";
import { capture } from "../lib/run.mjs";

let before;

/** What git sees: its status, and a hash of every change to a file that it knows. */
async function look() {
  const status = await capture("git", ["status", "--porcelain=v1"]);
  const changes = createHash("sha256").update(await capture("git", ["diff", "HEAD"])).digest("hex");
  return [...status.split("\n").filter((line) => line !== ""), changes];
}

export const cleanTree = {
  name: "clean-tree",
  what: "the run has changed no file of the project",
  begin() {
    before = look();
    before.catch(() => {});
  },
  async run(context) {
    const [first, now] = [await before, await look()];
    const appeared = now.filter((line) => !first.includes(line));
    const gone = first.filter((line) => !now.includes(line));
    return verdict(context, [...appeared, ...gone].length === 0 ? [] : ["the tree has changed", ...appeared.slice(0, -1)]);
  },
};
