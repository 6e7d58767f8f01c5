// The pinned cargo-deny, and what it says.

import { cargoTool } from "./cargo-tool.mjs";

const VERSION = "0.20.2";

/** Path of its program. */
export const cargoDenyPath = (context) => cargoTool(context, "cargo-deny", VERSION);

/** What each of its checks ended with, from its last line: "bans ok, licenses FAILED, sources ok". */
export function denyCounts(lines, checks) {
  const said = lines.findLast((line) => checks.every((check) => line.includes(`${check} `))) ?? "";
  const passed = checks.filter((check) => said.includes(`${check} ok`)).length;
  return { passed, failed: checks.length - passed };
}
