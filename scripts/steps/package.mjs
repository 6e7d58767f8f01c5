import { sum, verdict } from "../lib/checked.mjs";
import { run } from "../lib/run.mjs";

const ARGS = ["package", "--locked", "--no-verify", "--allow-dirty", "-p", "tauri-plugin-wallet-sync"];

export const packaging = {
  name: "package",
  what: "the crate as it would be published, without a warning",
  async run(context) {
    const { ok, reason, lines } = await run("cargo", ARGS, { env: context.env, limitMs: 300_000 });
    // That tests and benches stay here is meant.
    const isMeant = (line) => /^warning: ignoring (benchmark|test) /.test(line);
    const complaints = lines.filter((line) => /^(warning|error)/.test(line) && !isMeant(line));
    return sum([verdict(context, ok ? complaints : [...complaints, `cargo package: ${reason}`])]);
  },
};
