// What vitest's JSON reporter says: one line of JSON among whatever else was printed.

/** Cases that passed and failed; one that was skipped or is still to be written counts as failed. `null` without a report. */
export function vitestCounts(lines) {
  for (const line of lines.toReversed()) {
    if (!line.startsWith("{")) continue;
    try {
      const { numPassedTests: passed, numTotalTests: total } = JSON.parse(line);
      if (Number.isInteger(passed) && Number.isInteger(total)) return { passed, failed: total - passed };
    } catch {
      // Not the report.
    }
  }
  return null;
}
