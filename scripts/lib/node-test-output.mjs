// Reads the closing lines of Node's test runner in its TAP form.

/** Counts of a whole run; `null` when the run printed none. */
export function nodeTestCounts(lines) {
  const counts = {};
  for (const line of lines) {
    const found = /^# (pass|fail|cancelled|skipped|todo) (\d+)$/.exec(line);
    if (found) counts[found[1]] = Number(found[2]);
  }
  if (counts.pass === undefined) return null;
  const { pass, fail = 0, cancelled = 0, skipped = 0, todo = 0 } = counts;
  // A test that was not run has not passed.
  return { passed: pass, failed: fail + cancelled + skipped + todo };
}
