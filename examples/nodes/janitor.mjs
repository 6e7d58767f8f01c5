#!/usr/bin/env node
// Finds, and on request removes, the pins of wallets that show no life on this node any more.
//
//   node janitor.mjs --state FILE [--api URL] [--months N] [--remove] [--max-share PERCENT]
//
//   --state      what was seen so far; made by the first run. One file for each node
//   --api        the node's RPC (default http://127.0.0.1:5001)
//   --months     a wallet's name has to be quiet for so long, 1 to 120 (default 12)
//   --remove     removes the pins of names that an earlier run has listed; without it nothing is changed
//   --max-share  refuses to remove more than this part of all names at once (default 10)
//
// Run it once a week. A name is quiet while the node has no record of it (a living device puts each record again every twelve hours, and
// a node forgets those that nobody puts) and its pins are the same as last time. What passes between two runs counts as eight days at
// most: what was not watched was not quiet. Beacons stay: they are a few hundred bytes each, nobody but the wallet can tell whose they
// are, and to a device that returns they say that something was here. Anything else that is pinned is left alone.
//
// Needs Node 20 or newer, and a node that is not busy: the list of all pins is read once (docs/scale.md says what that costs).

import { createHash } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";

const DAY = 86_400_000;
const MONTH = 30.4375 * DAY;
/** Most that a pause between two runs counts. */
const WATCHED = 8 * DAY;
/** Questions to the node at once. */
const AT_ONCE = 16;
/** How a name, a root and a beacon of this project look; whatever looks otherwise is not understood. */
const NAME = /^k51qzi5uqu5d[a-z0-9]{50}$/;
const ROOT = /^bafyrei[a-z2-7]{52}$/;
const BEACON = [/^bafkrei[a-z2-7]{52}$/, /^[A-Za-z0-9_-]{64,255}$/];
/** What Kubo says where it has no record: 0.43, and before. Other words mean that nothing is known. */
const ABSENT = ["routing: not found", "datastore: key not found"];

const USAGE = "node janitor.mjs --state FILE [--api URL] [--months N] [--remove] [--max-share PERCENT]";

class Refused extends Error {}

function readArguments(config) {
  try {
    const { values } = parseArgs({ ...config, options: { ...config.options, help: { type: "boolean" } } });
    if (!values.help) return values;
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
}

const given = readArguments({
  options: {
    api: { type: "string", default: "http://127.0.0.1:5001" },
    state: { type: "string" },
    months: { type: "string", default: "12" },
    "max-share": { type: "string", default: "10" },
    remove: { type: "boolean", default: false },
    // For tests: the time, as milliseconds.
    now: { type: "string" },
  },
});

function number(key, from, to) {
  const value = Number(given[key]);
  if (!(value >= from && value <= to)) throw new Refused(`--${key}: a number from ${from} to ${to}`);
  return value;
}

const ask = (verb, query) => fetch(`${given.api}/api/v0/${verb}?${new URLSearchParams(query)}`, { method: "POST" });

async function asked(verb, query) {
  const answer = await ask(verb, query);
  const text = await answer.text();
  if (!answer.ok) throw new Refused(`${verb}: status ${answer.status}`);
  return JSON.parse(text);
}

/** Every recursive pin, line by line: nothing but names of roots is kept. */
async function* pins() {
  const answer = await ask("pin/ls", [["type", "recursive"], ["names", "true"], ["stream", "true"]]);
  if (!answer.ok) throw new Refused(`pin/ls: status ${answer.status}`);
  let rest = "";
  for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line) yield JSON.parse(line);
  }
  if (rest) yield JSON.parse(rest);
}

/** The pins of each name, those that are left out, and how many beacons and other pins there are. */
async function look() {
  const [names, strange, counts] = [new Map(), new Set(), { pins: 0, beacons: 0, others: 0 }];
  for await (const { Cid: cid, Name: name = "" } of pins()) {
    counts.pins++;
    if (NAME.test(name)) {
      if (!ROOT.test(cid)) strange.add(name);
      if (!names.has(name)) names.set(name, []);
      names.get(name).push(cid);
    } else if (BEACON[0].test(cid) && BEACON[1].test(name)) counts.beacons++;
    else counts.others++;
  }
  // A name with a pin that no wallet makes is not one of a wallet, or not of this release.
  for (const name of strange) {
    counts.others += names.get(name).length;
    names.delete(name);
  }
  return { names, counts };
}

/** Whether the node says, in words that are known, that it has no record of a name. */
async function isAbsent(name) {
  const answer = await ask("name/get", { arg: name, offline: "true" });
  const text = answer.ok ? (await answer.arrayBuffer(), "") : await answer.text();
  return answer.status === 500 && ABSENT.some((words) => text.includes(words));
}

async function each(items, work) {
  const queue = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function read(path, node) {
  const text = await readFile(path, "utf8").catch((error) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return { version: 1, node, ranAt: null, names: {} };
  let state;
  try {
    state = JSON.parse(text);
  } catch {
    throw new Refused(`${path}: no state file`);
  }
  if (state.version !== 1) throw new Refused(`${path}: of another version`);
  if (state.node !== node) throw new Refused(`${path}: of another node`);
  return state;
}

async function write(path, state) {
  await writeFile(`${path}.new`, JSON.stringify(state), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Looks once more at what is to go, right before it goes. */
async function removeAll(name, cids) {
  if (!(await isAbsent(name))) return 0;
  let removed = 0;
  for (const cid of cids) {
    const there = await ask("pin/ls", [["arg", cid], ["type", "recursive"], ["names", "true"]]);
    const text = await there.text();
    if (!there.ok || JSON.parse(text).Keys?.[cid]?.Name !== name) continue;
    await asked("pin/rm", { arg: cid });
    console.log(`removed ${name} ${cid}`);
    removed++;
  }
  return removed;
}

async function main() {
  if (!given.state) throw new Refused("--state FILE is needed");
  const needed = number("months", 1, 120) * MONTH;
  const share = number("max-share", 0, 100);
  const now = given.now === undefined ? Date.now() : number("now", 0, Number.MAX_SAFE_INTEGER);
  const state = await read(given.state, (await asked("id", {})).ID);
  const passed = state.ranAt === null ? 0 : now - state.ranAt;
  if (passed < 0) throw new Refused("the last run was later than now: one of both clocks was off");

  const { names, counts } = await look();
  const [next, old] = [{}, []];
  await each(names, async ([name, cids]) => {
    const pinned = createHash("sha256").update([...cids].sort().join()).digest("base64url");
    const before = state.names[name];
    const isQuiet = before?.pinned === pinned && (await isAbsent(name));
    const quiet = isQuiet ? before.quiet + Math.min(passed, WATCHED) : 0;
    next[name] = { pinned, quiet, listed: quiet >= needed };
    if (quiet >= needed) old.push({ name, cids, quiet, isListed: before.listed });
  });
  old.sort((a, b) => (a.name < b.name ? -1 : 1));
  // What was seen is kept whatever becomes of the rest.
  await write(given.state, { ...state, ranAt: now, names: next });

  for (const { name, cids, quiet } of old) console.log(`quiet ${name} ${cids.length} pins ${Math.floor(quiet / DAY)} days`);
  console.log(
    `${counts.pins} pins: ${names.size} names, ${old.length} of them quiet for ${given.months} months; ${counts.beacons} beacons and ${counts.others} others are left alone`,
  );
  const due = old.filter(({ isListed }) => isListed);
  if (!given.remove) return;
  if (due.length > (names.size * share) / 100) {
    throw new Refused(`${due.length} of ${names.size} names would go, more than ${share} %: look at them, then give --max-share`);
  }
  let removed = 0;
  for (const { name, cids } of due) removed += await removeAll(name, cids);
  console.log(`${removed} pins of ${due.length} names removed; the next GC frees their blocks`);
}

try {
  await main();
} catch (error) {
  console.error(`janitor: ${error.message}${error.cause ? `: ${error.cause.message}` : ""}`);
  process.exitCode = error instanceof Refused ? 2 : 1;
}
