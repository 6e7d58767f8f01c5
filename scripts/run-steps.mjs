// Runs steps one after the other and adds up what they counted.
//
// A step is {name, what, needed?, begin?, onRequest?} with `commands`, or `run(begun)` where more is wanted. `begin` is called for all steps before
// the first one runs, for what takes long and disturbs nobody; `begun` is its promise. A step that throws, or counts nothing, has failed.
// After a failed `needed` step nothing else is run.
//
// A command is what `run` of run.mjs takes, or {command, what?, read?, name?, needed?, …options}: one case, or what `read` counts in its
// lines. What `name` finds there after a failure is said once more at the end, where a long run is looked at first.

import { run, say, words } from "./run.mjs";

/** Adds counts up. */
export const sum = (counts) =>
  counts.reduce((all, one) => ({ passed: all.passed + one.passed, failed: all.failed + one.failed }), { passed: 0, failed: 0 });

const named = [];

/** What nobody needs to see of a program that failed. */
const DULL = /^(test .* \.\.\. ok|\s+(Compiling|Checking|Downloaded) .*|)$/;

/** Runs commands in order, and none after a failed `needed` one. What a command prints is shown when it fails. */
export async function check(...commands) {
  const all = [];
  for (const one of commands) {
    const { command, what, read, name, needed, ...options } = one.command ? one : { command: one };
    const { ok, reason, lines } = await run(command, options);
    const counts = read ? read(lines, ok) : { passed: ok ? 1 : 0, failed: 0 };
    all.push(counts);
    if (ok && counts.failed === 0 && counts.passed > 0) continue;
    counts.failed = Math.max(counts.failed, 1);
    for (const line of lines) if (!DULL.test(line)) say(line);
    named.push(...(name?.(lines) ?? []));
    say(`failed: ${what ?? words(command).join(" ")} (${reason})`);
    if (needed) break;
  }
  return sum(all);
}

/** Counts a list of complaints: none is one case passed, each complaint one failed. */
export function verdict(complaints) {
  for (const complaint of complaints) say(`failed: ${complaint}`);
  return { passed: complaints.length === 0 ? 1 : 0, failed: complaints.length };
}

const time = (ms) => `${(ms / 1000).toFixed(1)} s`;

export async function runSteps(steps) {
  const rows = [];
  const began = performance.now();
  // The needed ones come first: what they bring may be what the others begin with.
  const rest = steps.filter((step) => !step.needed);
  for (const step of steps.filter((step) => step.needed)) rows.push(await runStep(step));
  const isReady = sum(rows).failed === 0;
  if (isReady) {
    const begun = rest.map((step) => step.begin?.());
    // A failure is shown when its step runs; until then nobody listens.
    for (const one of begun) one?.catch(() => {});
    for (const [at, step] of rest.entries()) rows.push(await runStep(step, begun[at]));
  }
  console.log("");
  for (const { name, passed, failed, ms } of rows) {
    const columns = [`${passed} passed`.padStart(12), `${failed} failed`.padStart(11), time(ms).padStart(10)];
    console.log(`${failed === 0 ? "ok  " : "FAIL"} ${name.padEnd(14)}${columns.join("")}`);
  }
  for (const one of named) console.log(`failed: ${one}`);
  if (!isReady) console.log(`not run: ${rest.map((step) => step.name).join(", ")}`);
  console.log(`all steps: ${time(performance.now() - began)}`);
  return sum(rows);
}

async function runStep({ name, what, commands, run }, begun) {
  console.log(`== ${name}: ${what}`);
  const started = performance.now();
  let counts;
  try {
    counts = await (run ? run(begun) : check(...commands));
    if (counts.passed + counts.failed === 0) throw new Error("nothing was tested");
  } catch (error) {
    error.message.split("\n").forEach(say);
    counts = { passed: 0, failed: 1 };
  }
  const ms = performance.now() - started;
  console.log(`   ${name}: ${counts.passed} passed, ${counts.failed} failed in ${time(ms)}`);
  return { name, ms, ...counts };
}
