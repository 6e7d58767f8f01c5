import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../lib/folders.mjs";
import { buildFuzzTargets, fuzzSummary, fuzzTargets } from "../lib/fuzz-targets.mjs";
import { run } from "../lib/run.mjs";

const SECONDS = 30;
const AT_A_TIME = 2;
/** Inputs to start from, beside `fuzz/seeds/<target>`. */
const SEEDS = { record: ["tests/data/ipns-records", "tests/data/js-ipns"] };

export const fuzz = {
  name: "fuzz",
  what: `every decoder fuzzed for ${SECONDS} s`,
  async run(context) {
    const folder = await buildFuzzTargets(context);
    const waiting = await fuzzTargets();
    const counts = { passed: 0, failed: 0 };
    const worker = async () => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        if (await fuzzOne(context, join(folder, name), name)) counts.passed += 1;
        else counts.failed += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    return counts;
  },
};

async function fuzzOne(context, program, name) {
  // New inputs go to a scratch folder; one that breaks something is kept where cargo-fuzz keeps it.
  const corpus = await mkdtemp(join(tmpdir(), "ws-fuzz-"));
  const artifacts = join(root, "fuzz/artifacts", name);
  await mkdir(artifacts, { recursive: true });
  const seeds = [`fuzz/seeds/${name}`, ...(SEEDS[name] ?? [])].filter((path) => existsSync(join(root, path)));
  const limits = [`-max_total_time=${SECONDS}`, "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"];
  const args = [...limits, `-artifact_prefix=${artifacts}/`, corpus, ...seeds];
  try {
    const { ok, reason, lines } = await run(program, args, { env: context.env, limitMs: (SECONDS + 60) * 1000 });
    const { isGuided, tried } = fuzzSummary(lines);
    if (ok && isGuided && tried > 0) {
      context.say(`${name}: ${tried} inputs`);
      return true;
    }
    for (const line of lines.slice(-60)) context.say(line);
    const why = ok ? "it ran without coverage or input" : reason;
    context.say(`failed: ${name} (${why})`);
    return false;
  } finally {
    await rm(corpus, { recursive: true, force: true });
  }
}
