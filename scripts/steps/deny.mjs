import { cargoDenyPath, denyCounts } from "../lib/cargo-deny.mjs";
import { run } from "../lib/run.mjs";

// Advisories come from a database that not every machine can fetch.
const CHECKS = ["bans", "licenses", "sources"];

export const deny = {
  name: "deny",
  what: "cargo-deny: licences, banned crates, sources",
  async run(context) {
    const program = await cargoDenyPath(context);
    const args = ["--color", "never", "--locked", "--workspace", "check", ...CHECKS];
    const { ok, reason, lines } = await run(program, args, { env: context.env });
    const counts = denyCounts(lines, CHECKS);
    if (ok && counts.failed === 0) return counts;
    for (const line of lines) context.say(line);
    context.say(`failed: cargo deny (${reason})`);
    return { ...counts, failed: Math.max(counts.failed, 1) };
  },
};
