import { join } from "node:path";
import { root } from "../lib/folders.mjs";
import { checked, sum } from "../lib/checked.mjs";
import { run } from "../lib/run.mjs";
import { vitestCounts } from "../lib/vitest-output.mjs";

const api = join(root, "guest-js");
const wallet = join(root, "examples/wallet");
const reference = join(root, "docs/typescript");

/** One case for each test that vitest ran; a test that was left out counts as failed. */
async function vitest(context, cwd) {
  const args = ["vitest", "run", "--reporter=json"];
  const { ok, reason, lines } = await run("npx", args, { cwd, env: context.env, limitMs: 300_000 });
  const counts = vitestCounts(lines) ?? { passed: 0, failed: 1 };
  if (ok && counts.failed === 0) return counts;
  for (const line of lines) context.say(line);
  context.say(`failed: vitest (${reason})`);
  return { ...counts, failed: Math.max(counts.failed, 1) };
}

export const web = {
  name: "web",
  what: "the TypeScript package and the wallet's front end: types, tests, builds, what would be published",
  async run(context) {
    const npm = (name, args, cwd = api) => checked(context, name, "npm", args, { cwd });
    const installed = await checked(context, "npm ci", "npm", ["ci", "--no-audit", "--no-fund"], { cwd: root });
    if (installed.failed > 0) return installed;
    return sum([
      installed,
      await npm("types", ["run", "lint"]),
      await vitest(context, api),
      // Builds it too: the wallet imports what is published.
      await npm("package", ["pack", "--dry-run"]),
      await npm("reference pages without a gap", ["run", "build"], reference),
      await npm("the wallet's types and build", ["run", "build"], wallet),
      await vitest(context, wallet),
    ]);
  },
};
