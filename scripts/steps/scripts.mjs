import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../lib/folders.mjs";
import { nodeTestCounts } from "../lib/node-test-output.mjs";
import { run } from "../lib/run.mjs";

export const scripts = {
  name: "scripts",
  what: "tests of these scripts",
  async run(context) {
    const folder = "scripts/tests";
    const files = (await readdir(join(root, folder))).filter((name) => name.endsWith(".test.mjs")).sort();
    const args = ["--test", "--test-reporter=tap", ...files.map((name) => `${folder}/${name}`)];
    const { ok, reason, lines } = await run(process.execPath, args, { env: context.env, limitMs: 120_000 });
    const counts = nodeTestCounts(lines) ?? { passed: 0, failed: 0 };
    if (ok && counts.failed === 0) return counts;
    for (const line of lines) context.say(line);
    context.say(`failed: node --test (${reason})`);
    return { ...counts, failed: Math.max(counts.failed, 1) };
  },
};
