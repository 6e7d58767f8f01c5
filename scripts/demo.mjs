// Builds `walletsync` and runs its demo: five embedded nodes, two devices, every step checked.
//
// A release build: the times that the demo shows are those that a user gets. Arguments are handed on: `npm run demo -- --json`.

import { join } from "node:path";
import { takeOver } from "./lib/checkout.mjs";
import { buildEnvironment, targetFolder } from "./lib/folders.mjs";
import { run, show } from "./lib/run.mjs";

const env = buildEnvironment();
await takeOver(env);
console.error("building walletsync; the first time takes some minutes");
const built = await run("cargo", ["build", "--locked", "--release", "-p", "walletsync"], {
  env,
  onLine: (line) => process.stderr.isTTY && console.error(line),
});
if (!built.ok) {
  if (!process.stderr.isTTY) for (const line of built.lines) console.error(line);
  console.error(`walletsync could not be built (${built.reason})`);
  process.exit(1);
}
const demo = await show(join(targetFolder(), "release", "walletsync"), ["demo", ...process.argv.slice(2)], { env });
process.exitCode = demo.ok ? 0 : 1;
