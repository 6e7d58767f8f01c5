// One check = one program that has to end well; what it prints is shown only when it does not.

import { run } from "./run.mjs";

/** Runs a program as one test case. */
export async function checked(context, name, command, args, options = {}) {
  const { ok, reason, lines } = await run(command, args, { env: context.env, ...options });
  if (!ok) {
    for (const line of lines) context.say(line);
    context.say(`failed: ${name} (${reason})`);
  }
  return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Counts a list of named complaints: none is one case passed, each complaint one failed. */
export function verdict(context, complaints) {
  for (const complaint of complaints) context.say(`failed: ${complaint}`);
  return complaints.length === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: complaints.length };
}

/** Adds counts up. */
export function sum(counts) {
  return counts.reduce(
    (all, one) => ({ passed: all.passed + one.passed, failed: all.failed + one.failed }),
    { passed: 0, failed: 0 },
  );
}
