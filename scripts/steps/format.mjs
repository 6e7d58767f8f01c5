import { checked, sum } from "../lib/checked.mjs";

export const format = {
  name: "format",
  what: "rustfmt has nothing to change",
  async run(context) {
    return sum([
      await checked(context, "the workspace", "cargo", ["fmt", "--all", "--check"]),
      await checked(context, "fuzz targets", "cargo", ["fmt", "--check", "--manifest-path", "fuzz/Cargo.toml"]),
    ]);
  },
};
