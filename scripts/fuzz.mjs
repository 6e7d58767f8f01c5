// Fuzzing: each target for a short time as a step of `npm test`, for hours by `npm run fuzz -- --hours N`.
//
// A target starts from the inputs in `fuzz/seeds/NAME`: the fewest that reach what was reached so far, kept by `--keep`, and what was
// once found to break something. New inputs go to a scratch folder; one that breaks something is kept in `fuzz/artifacts/NAME`.

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { buildFuzzTargets } from "./builds.mjs";
import * as rules from "./rules.mjs";
import { check, sum } from "./run-steps.mjs";
import { must, root, say } from "./run.mjs";

const STEP_SECONDS = 30;
/** Test vectors of other software that are good inputs too. */
const VECTORS = { record: ["tests/data/ipns-records", "tests/data/js-ipns"] };
/** `hostile_sync` runs whole syncs: its inputs are as long as they may be from the first on, or they would say only a word or two. */
const OWN_LIMITS = { hostile_sync: ["-len_control=0", "-max_len=512"] };
const LIMITS = ["-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"];

export const targetNames = async () => (await readdir(join(root, "fuzz/fuzz_targets"))).map((file) => file.replace(/\.rs$/, "")).sort();

const seedsOf = (name) => [...(VECTORS[name] ?? []), `fuzz/seeds/${name}`].filter((path) => existsSync(join(root, path)));

/** Fuzzes targets, as many at a time as there are cores; new inputs stay in `scratch`. */
async function fuzzEach(names, seconds, scratch) {
  const folder = await buildFuzzTargets();
  const waiting = [...names];
  const worker = async () => {
    const counts = [];
    for (let name; (name = waiting.shift()) !== undefined; ) {
      const [corpus, artifacts] = [join(scratch, name), join(root, "fuzz/artifacts", name)];
      for (const path of [corpus, artifacts]) await mkdir(path, { recursive: true });
      const limits = [...LIMITS, ...(OWN_LIMITS[name] ?? []), `-max_total_time=${seconds}`, `-artifact_prefix=${artifacts}/`];
      const onLine = (line) => line.startsWith("stat::number_of_executed_units") && say(`${name}: ${line}`);
      const command = [join(folder, name), ...limits, corpus, ...seedsOf(name)];
      counts.push(await check({ command, read: rules.fuzzCounts, onLine, limitMs: (seconds + 60) * 1000 }));
    }
    return sum(counts);
  };
  return sum(await Promise.all(Array.from({ length: availableParallelism() }, worker)));
}

/** The seeds of a target become the fewest inputs, of these and those in `scratch`, that reach as much. */
async function keepFewest(name, scratch) {
  const program = join(await buildFuzzTargets(), name);
  const [fewest, seeds] = [join(scratch, `${name}-fewest`), join(root, "fuzz/seeds", name)];
  await mkdir(fewest, { recursive: true });
  const from = [join(scratch, name), ...seedsOf(name)].filter((path) => existsSync(path));
  await must([program, "-set_cover_merge=1", "-max_len=4096", fewest, ...from]);
  await mkdir(seeds, { recursive: true });
  for (const file of await readdir(seeds)) if (/^[0-9a-f]{40}$/.test(file)) await rm(join(seeds, file));
  await must(["sh", "-c", 'cp "$1"/* "$2"', "sh", fewest, seeds]);
}

async function inScratch(work) {
  const scratch = await mkdtemp(join(tmpdir(), "ws-fuzz-"));
  try {
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The step. */
export const fuzz = async () => inScratch(async (scratch) => fuzzEach(await targetNames(), STEP_SECONDS, scratch));
export const what = `every decoder and a whole sync with hostile nodes fuzzed for ${STEP_SECONDS} s`;

/** `npm run fuzz`: so many hours in all, shared by the targets, or one of them. */
export async function fuzzForHours({ hours, target, keep = false }) {
  const all = await targetNames();
  const names = target === undefined ? all : [target];
  const total = Number(hours ?? (STEP_SECONDS * names.length) / 3_600);
  if (!names.every((name) => all.includes(name))) throw new TypeError(`no such target: ${target}; there are ${all.join(", ")}`);
  if (!(total > 0)) throw new TypeError(`--hours ${hours}: a number above 0`);
  const rounds = Math.ceil(names.length / Math.min(names.length, availableParallelism()));
  const { failed } = await inScratch(async (scratch) => {
    const counts = await fuzzEach(names, Math.ceil((total * 3_600) / rounds), scratch);
    if (keep && counts.failed === 0) for (const name of names) await keepFewest(name, scratch);
    return counts;
  });
  if (failed > 0) throw new Error("an input that breaks something is in fuzz/artifacts: make a test of it, and keep it in fuzz/seeds");
}
