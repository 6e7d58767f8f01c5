import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CargoTestOutput, failureLines, ignoredTests } from "../lib/cargo-test-output.mjs";
import { everything } from "../lib/cargo-workspace.mjs";
import { run } from "../lib/run.mjs";

const LIMIT_MS = 45 * 60_000;

export const rust = {
  name: "rust",
  what: "every Rust test of the workspace, doc tests too",
  async run(context) {
    // A folder of its own for what tests put aside, so that nothing stays behind even of one that was killed.
    const temporary = await mkdtemp(join(tmpdir(), "ws-"));
    // A test runs as another user in there.
    await chmod(temporary, 0o711);
    try {
      return await runTests(context, temporary);
    } finally {
      await stopClusters(context, temporary);
      await rm(temporary, { recursive: true, force: true });
    }
  },
};

async function runTests(context, temporary) {
  const counts = { passed: 0, failed: 0 };
  const output = new CargoTestOutput((block) => {
    if (block.isTests) tell(context, block, counts);
    else context.building = block.lines;
  });
  const env = { ...context.env, TMPDIR: temporary, RUST_BACKTRACE: "1" };
  const args = ["test", ...everything, "--no-fail-fast"];
  const result = await run("cargo", args, { env, limitMs: LIMIT_MS, onLine: (line) => output.line(line) });
  output.end();
  if (!result.ok && counts.failed === 0) {
    for (const line of counts.passed === 0 ? context.building : result.lines.slice(-40)) context.say(line);
    context.say(`failed: cargo test (${result.reason})`);
    counts.failed += 1;
  }
  return counts;
}

/** One line for a binary; everything that a failed one said. */
function tell(context, block, counts) {
  // A test that is left out has not passed.
  const leftOut = block.ignored + block.filtered;
  counts.passed += block.passed;
  counts.failed += block.failed + leftOut;
  if (block.failed + leftOut === 0) {
    if (block.passed > 0) context.say(`${block.name}: ${block.passed} passed in ${block.seconds.toFixed(2)} s`);
    return;
  }
  if (block.failed > 0) for (const line of failureLines(block)) context.say(line);
  for (const name of ignoredTests(block)) context.say(`left out: ${name}`);
  const died = block.died ? ", it died" : "";
  context.say(`${block.name}: ${block.passed} passed, ${block.failed} failed, ${leftOut} left out${died}`);
}

/** Stops the nodes of tests that did not live to do it. */
async function stopClusters(context, folder) {
  for (const name of await readdir(folder)) {
    if (!name.startsWith("wallet-sync-kubo-")) continue;
    context.say(`a test left nodes behind: ${name}`);
    await run("bash", ["tests/kubo/cluster.sh", "stop", join(folder, name)], { env: context.env, limitMs: 60_000 });
  }
}
