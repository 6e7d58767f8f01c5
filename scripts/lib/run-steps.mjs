// Runs steps one after the other and adds up what they counted.
//
// A step is {name, what, begin?, run, needed?}. `begin` is called for all steps before the first one runs: what takes long
// and disturbs nobody starts there. A step that throws, or counts nothing, has failed. After a failed `needed` step
// nothing else is run.

import { sum } from "./checked.mjs";

export async function runSteps(steps, context, print) {
  const rows = [];
  const began = performance.now();
  // The needed ones come first: what they bring may be what the others begin with.
  const first = steps.filter((step) => step.needed);
  const rest = steps.filter((step) => !step.needed);
  let isReady = true;
  for (const step of first) {
    rows.push(await runStep(step, context, print));
    isReady &&= rows.at(-1).failed === 0;
  }
  if (isReady) {
    for (const step of rest) step.begin?.(context);
    for (const step of rest) rows.push(await runStep(step, context, print));
  }
  print("");
  for (const row of rows) {
    const state = row.failed === 0 ? "ok  " : "FAIL";
    print(`${state} ${row.name.padEnd(14)}${`${row.passed} passed`.padStart(12)}${`${row.failed} failed`.padStart(11)}${time(row.ms).padStart(10)}`);
  }
  if (!isReady) print(`not run: ${rest.map((step) => step.name).join(", ")}`);
  print(`all steps: ${time(performance.now() - began)}`);
  return sum(rows);
}

async function runStep(step, context, print) {
  print(`== ${step.name}: ${step.what}`);
  const started = performance.now();
  let counts;
  try {
    counts = await step.run(context);
    if (counts.passed + counts.failed === 0) throw new Error("nothing was tested");
  } catch (error) {
    for (const line of String(error.message).split("\n")) context.say(line);
    counts = { passed: 0, failed: 1 };
  }
  const ms = performance.now() - started;
  print(`   ${step.name}: ${counts.passed} passed, ${counts.failed} failed in ${time(ms)}`);
  return { name: step.name, ms, ...counts };
}

const time = (ms) => `${(ms / 1000).toFixed(1)} s`;
