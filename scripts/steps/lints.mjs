import { checked, sum } from "../lib/checked.mjs";

const deny = ["--", "-D", "warnings"];

export const lints = {
  name: "lints",
  what: "clippy without a warning, with default features and with none",
  async run(context) {
    const plugin = ["-p", "tauri-plugin-wallet-sync", "--no-default-features"];
    return sum([
      await checked(context, "default", "cargo", ["clippy", "--locked", "--workspace", "--all-targets", ...deny]),
      await checked(context, "no features", "cargo", ["clippy", "--locked", ...plugin, "--all-targets", ...deny]),
    ]);
  },
};
