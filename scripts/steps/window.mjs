import { ipfsPath } from "../lib/kubo.mjs";
import { nodeTestCounts } from "../lib/node-test-output.mjs";
import { run } from "../lib/run.mjs";
import { buildApp, buildWeb } from "../lib/wallet-app.mjs";
import { onHiddenDisplay, testFiles, windowDriver } from "../lib/window-tests.mjs";

const LIMIT_MS = 20 * 60_000;

export const window = {
  name: "window",
  what: "the wallet in a real window, with embedded nodes and with real Kubo",
  async run(context) {
    const env = { ...context.env, TAURI_DRIVER: await windowDriver(context) };
    env.IPFS_BIN ??= await ipfsPath(env);
    await buildWeb(env);
    env.WALLET_APP = await buildApp(env);
    // One file after the other: each has a window, and times are looked at.
    const tests = [process.execPath, "--test", "--test-concurrency=1", "--test-reporter=tap", ...(await testFiles())];
    const { ok, reason, lines } = await run(...onHiddenDisplay(...tests), { env, limitMs: LIMIT_MS });
    const counts = nodeTestCounts(lines) ?? { passed: 0, failed: 0 };
    if (ok && counts.failed === 0) return counts;
    for (const line of lines) context.say(line);
    context.say(`failed: window tests (${reason})`);
    return { ...counts, failed: Math.max(counts.failed, 1) };
  },
};
