// Runs every test, or the steps that are named; `--list` names them. The last line is "N passed, N failed".

import { takeOver } from "./run.mjs";
import { runSteps } from "./run-steps.mjs";
import { steps } from "./steps.mjs";

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => name !== "--list" && !steps.some((step) => step.name === name));
if (wanted.includes("--list") || unknown.length > 0) {
  if (unknown.length > 0) console.error(`no such step: ${unknown.join(", ")}`);
  for (const { name, what } of steps) console.log(`${name.padEnd(14)}${what}`);
  process.exit(unknown.length > 0 ? 2 : 0);
}

// Without names: all but those that must be asked for here.
const isChosen = ({ name, onRequest }) => (wanted.length === 0 ? !onRequest : wanted.includes(name));
await takeOver();
const { passed, failed } = await runSteps(steps.filter(isChosen));
console.log(`${passed} passed, ${failed} failed`);
// Set instead of called: everything written has to arrive.
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
