import { checked, sum } from "../lib/checked.mjs";
import { everything } from "../lib/cargo-workspace.mjs";
import { buildFuzzTargets } from "../lib/fuzz-targets.mjs";

export const build = {
  name: "build",
  what: "every test and fuzz target compiles",
  async run(context) {
    const tests = await checked(context, "tests", "cargo", ["test", ...everything, "--no-run"]);
    await buildFuzzTargets(context);
    return sum([tests, { passed: 1, failed: 0 }]);
  },
};
