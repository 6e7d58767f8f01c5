import { checked, sum } from "../lib/checked.mjs";
import { everything } from "../lib/cargo-workspace.mjs";

const deny = ["--", "-D", "warnings"];

export const lints = {
  name: "lints",
  what: "clippy without a warning, with all features and with none",
  async run(context) {
    const plugin = ["-p", "tauri-plugin-wallet-sync", "--no-default-features"];
    return sum([
      await checked(context, "all features", "cargo", ["clippy", ...everything, "--all-targets", ...deny]),
      await checked(context, "no features", "cargo", ["clippy", "--locked", ...plugin, "--all-targets", ...deny]),
    ]);
  },
};
