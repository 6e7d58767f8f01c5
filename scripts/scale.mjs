// How a wallet fares on nodes that hold many others. `docs/scale.md` has what was measured.
//
//   npm run bench:scale [-- --pins 10000,200000] [--rounds 20] [--wallets 1000] [--rate 4] [--changes 1000] [--dir DIR] [--program FILE]
//
//   --pins     a node with so many pins of strangers beside an empty one: new wallet, publish, restore, warm sync, in turn; 0: left out.
//              From a million on (1650000 is what was measured once) the pins are of blocks inside their CIDs
//   --wallets  so many wallets on five nodes; 0: left out
//   --rate     changes a second, at random times (a Poisson process), each of a random wallet, each a process of its own
//   --dir      where nodes and wallets are; a folder in memory fills fast. Removed at the end
//   --program  a walletsync that is built already

import { readFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

import { buildProgram, ipfsPath } from "./builds.mjs";
import { must, say } from "./run.mjs";
import { fill } from "./scale/fill.mjs";
import { Wallets, percentile } from "./scale/wallets.mjs";

const MILLION = 1_000_000;
/** Wallets that begin at the same time. */
const BEGINNING = 4;
/** Questions of devices at rest, and how many at once. */
const [QUESTIONS, ASKING] = [5_000, 16];

const { values: given } = parseArgs({
  options: {
    pins: { type: "string", default: "10000,200000" },
    rounds: { type: "string", default: "20" },
    wallets: { type: "string", default: "1000" },
    rate: { type: "string", default: "4" },
    changes: { type: "string", default: "1000" },
    dir: { type: "string", default: tmpdir() },
    program: { type: "string" },
  },
});

const ms = (value) => value.toFixed(1).padStart(9);
const folder = await mkdtemp(join(given.dir, "wallet-sync-scale-"));
const program = given.program ?? (await buildProgram("walletsync"));
const IPFS_BIN = process.env.IPFS_BIN ?? (await ipfsPath());
const clusters = [];

async function cluster(name, count) {
  const dir = join(folder, name);
  await must(["bash", "tests/kubo/cluster.sh", "start", String(count), dir], { env: { IPFS_BIN } });
  clusters.push(dir);
  const nodes = join(dir, "nodes.json");
  return { dir, nodes, apis: JSON.parse(await readFile(nodes, "utf8")).map((node) => node.api) };
}

async function stop() {
  for (const dir of clusters.splice(0)) await must(["bash", "tests/kubo/cluster.sh", "stop", dir]);
}

/** Bytes on disk below a folder. */
const size = async (dir) => Number((await must(["du", "-sB1", dir]))[0].split(/\s/)[0]);

/** The same things on a full node and on an empty one, in turn. */
async function besideEmpty(pins, isFirst) {
  const full = await cluster(`full-${pins}`, 1);
  const empty = await cluster(`empty-${pins}`, 1);
  const began = performance.now();
  await fill(full.apis[0], 0, pins, { isInline: pins >= MILLION, say });
  say(`${pins} pins in ${((performance.now() - began) / 1000).toFixed(0)} s, ${((await size(full.dir)) / MILLION).toFixed(0)} MB`);
  const sides = [full, empty].map(({ nodes }, at) => new Wallets({ program, nodes, folder: join(folder, `w-${pins}-${at}`) }));
  const took = { "new wallet": [[], []], publish: [[], []], restore: [[], []], "warm sync": [[], []] };
  for (let round = 0; round < Number(given.rounds); round++) {
    for (const at of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const [side, wallet] = [sides[at], `w${round}`];
      took["new wallet"][at].push(await side.begin(wallet));
      await side.change(wallet);
      took.publish[at].push(await side.verify(wallet));
      took.restore[at].push(await side.restore(wallet, "b"));
      took["warm sync"][at].push(await side.warm(wallet));
    }
  }
  if (isFirst) console.log("\n     pins  what         full p50   empty p50   ratio   full p90   empty p90");
  for (const [what, [onFull, onEmpty]] of Object.entries(took)) {
    const [a, b] = [percentile(onFull, 0.5), percentile(onEmpty, 0.5)];
    const [c, d] = [percentile(onFull, 0.9), percentile(onEmpty, 0.9)];
    console.log(`${String(pins).padStart(9)}  ${what.padEnd(10)} ${ms(a)}   ${ms(b)}   ${(a / b).toFixed(2).padStart(5)}  ${ms(c)}   ${ms(d)}`);
  }
  await upkeep(full, sides[0]);
  await stop();
  for (const dir of [full.dir, empty.dir]) await rm(dir, { recursive: true });
}

const seconds = (since) => ((performance.now() - since) / 1000).toFixed(1);

/** What a full node's operator does: the janitor's list of all pins, and a GC with a wallet that changes meanwhile. */
async function upkeep({ dir, apis: [api] }, wallets) {
  const listing = performance.now();
  await must([process.execPath, "examples/nodes/janitor.mjs", "--api", api, "--state", join(dir, "janitor.json")]);
  const listed = seconds(listing);
  const collecting = performance.now();
  const gc = fetch(`${api}/api/v0/repo/gc?silent=true`, { method: "POST" }).then((answer) => answer.text());
  await wallets.change("w0");
  const beside = await wallets.verify("w0").then((took) => `${took.toFixed(0)} ms`, (error) => error.message);
  await gc;
  console.log(`           janitor ${listed} s; GC ${seconds(collecting)} s, a change begun with it verified after ${beside}; ${await memory(dir)} MB of memory`);
}

/** The fields of a daemon's `stat` or `status`; empty where there is no `/proc`. */
async function proc(dir, file) {
  const pid = (await readFile(join(dir, "pid"), "utf8")).trim();
  return readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
}

/** Most memory that the first daemon of a cluster had. */
const memory = async (dir) => Math.round(Number(/VmHWM:\s+(\d+)/.exec(await proc(join(dir, "n0"), "status"))?.[1]) / 1000);

/** Milliseconds of processor time that the first daemon of a cluster took so far. */
async function processor(dir) {
  const fields = (await proc(join(dir, "n0"), "stat")).split(") ").at(-1).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function inTurn(count, atOnce, work) {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

const told = (values) =>
  `p50 ${percentile(values, 0.5).toFixed(0)} ms, p90 ${percentile(values, 0.9).toFixed(0)} ms, p99 ${percentile(values, 0.99).toFixed(0)} ms`;

/** What a device at rest asks each node: whether the record of its name, and the pin under it, are as they were. */
async function questions(dir, api, wallets, count) {
  const names = [];
  for (let n = 0; n < count; n++) names.push((await wallets.run(`w${n}`, "a", ["names"])).names[0].cid);
  const [before, began, behind] = [await processor(dir), performance.now(), new Set()];
  await inTurn(QUESTIONS, ASKING, async (n) => {
    const query = `arg=/ipns/${names[n % count]}&type=recursive&offline=true&stream=true`;
    const answer = await fetch(`${api}/api/v0/pin/ls?${query}`, { method: "POST" });
    await answer.text();
    // Two of five are enough for a process to end: the others are brought along by the next one.
    if (!answer.ok) behind.add(n % count);
  });
  const took = (await processor(dir)) - before;
  console.log(`  at rest: ${((QUESTIONS / (performance.now() - began)) * 1000).toFixed(0)} questions a second, ${(took / QUESTIONS).toFixed(2)} ms of a node's processor each; this node is behind for ${behind.size} of ${count} wallets`);
}

/** Many wallets on five nodes: first each begins, then changes come at random. */
async function many(count) {
  const { dir, nodes, apis } = await cluster("five", 5);
  const wallets = new Wallets({ program, nodes, folder: join(folder, "many") });
  const node = join(dir, "n0", "repo");
  const [sizes, works] = [[await size(node)], [await processor(dir)]];
  const [begun, errors] = [[], []];
  const began = performance.now();
  await inTurn(count, BEGINNING, async (n) => {
    await wallets.begin(`w${n}`).then((took) => begun.push(took), (error) => errors.push(error.message));
    if (n % 200 === 199) say(`${n + 1} wallets`);
  });
  sizes.push(await size(node));
  works.push(await processor(dir));
  const rest = (performance.now() - began) / 1000;
  console.log(`\n${count} wallets on five nodes, ${(count / rest).toFixed(1)} a second, ${BEGINNING} at a time, errors ${errors.length}`);
  console.log(`  first token to verified: ${told(begun)}`);

  const [took, busy, under, failed] = [[], new Set(), new Set(), []];
  const [changes, rate] = [Number(given.changes), Number(given.rate)];
  for (let n = 0; n < changes; n++) {
    await pause((-Math.log(1 - Math.random()) / rate) * 1000);
    let wallet;
    do wallet = `w${Math.floor(Math.random() * count)}`;
    while (busy.has(wallet) && busy.size < count);
    busy.add(wallet);
    const came = performance.now();
    const work = wallets
      .change(wallet)
      .then(() => wallets.verify(wallet))
      .then(() => took.push(performance.now() - came), (error) => failed.push(error.message))
      .finally(() => (busy.delete(wallet), under.delete(work)));
    under.add(work);
    if (n % 200 === 199) say(`${n + 1} changes, ${under.size} under way`);
  }
  await Promise.all(under);
  sizes.push(await size(node));
  works.push(await processor(dir));
  console.log(`  ${changes} changes at ${rate} a second, from the change to verified, two processes included: ${told(took)}, errors ${failed.length}`);
  const answer = await fetch(`${apis[0]}/api/v0/pin/ls?type=recursive&stream=true`, { method: "POST" });
  const pins = (await answer.text()).split("\n").filter(Boolean).length;
  const [empty, full, after] = sizes;
  console.log(`  a node: ${((full - empty) / count / 1000).toFixed(1)} KB a wallet, then ${((after - full) / changes / 1000).toFixed(1)} KB a change; ${(pins / count).toFixed(1)} pins a wallet`);
  const [idle, begunAt, changedAt] = works;
  console.log(`  processor time of a node: ${((begunAt - idle) / count).toFixed(1)} ms a wallet, then ${((changedAt - begunAt) / changes).toFixed(1)} ms a change, idling included; ${await memory(dir)} MB of memory`);
  await questions(dir, apis[0], wallets, Math.min(count, 100));
  for (const error of [...new Set([...errors, ...failed])].slice(0, 5)) console.log(`  ${error.slice(0, 300)}`);
  await stop();
}

try {
  const all = given.pins.split(",").map(Number).filter((pins) => pins > 0);
  for (const [at, pins] of all.entries()) await besideEmpty(pins, at === 0);
  if (Number(given.wallets) > 0) await many(Number(given.wallets));
} finally {
  await stop();
  await rm(folder, { recursive: true, force: true });
}
