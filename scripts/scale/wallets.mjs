// Wallets as a user has them: a process of the command line for each thing that is done, and a data folder for each device.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Longest that one process may take; what takes longer is an error. */
const LIMIT_MS = 60_000;

/** The value below which this part of the others lies. */
export function percentile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export class Wallets {
  constructor({ program, folder, nodes }) {
    Object.assign(this, { program, folder, nodes, tokens: 0 });
  }

  /** Runs a command of one device of a wallet; gives the JSON that it printed. */
  async run(wallet, device, args, input = "") {
    const data = join(this.folder, wallet, device);
    await mkdir(data, { recursive: true });
    const env = {
      ...process.env,
      WALLETSYNC_DATA: data,
      WALLETSYNC_NODES: this.nodes,
      WALLETSYNC_SECRET_FILE: join(this.folder, wallet, "secret"),
    };
    const child = spawn(this.program, ["--json", ...args], { env, stdio: ["pipe", "pipe", "ignore"], timeout: LIMIT_MS });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part) => (text += part));
    // One that reads no input closes it early.
    child.stdin.on("error", () => {}).end(input);
    const [code, signal] = await once(child, "close");
    if (code !== 0) throw new Error(`${args[0]}: ${signal ?? `exit ${code}`} ${text.trim()}`);
    return JSON.parse(text);
  }

  /** A change: one more token of a kilobyte, on disk. */
  async change(wallet, device = "a") {
    const id = `token-${this.tokens++}`;
    const data = Array.from({ length: 64 }, () => Math.random().toString(36).padEnd(16, "0").slice(0, 16)).join("");
    await this.run(wallet, device, ["put", "-"], JSON.stringify({ tokenId: id, stateHash: "s0", summary: "1", data }) + "\n");
  }

  /** A sync to `verified`; milliseconds of the whole process. */
  async verify(wallet, device = "a") {
    const began = performance.now();
    const report = await this.run(wallet, device, ["sync", "--wait", "verified"]);
    if (report.ack !== "verified") throw new Error(`sync ended at ${report.ack}: ${report.warnings.join("; ")}`);
    return performance.now() - began;
  }

  /** The first token of a new wallet, to `verified`. */
  async begin(wallet) {
    await this.run(wallet, "a", ["init"]);
    await this.change(wallet);
    return this.verify(wallet);
  }

  /** All of a wallet on a new device; milliseconds of the command's own work, as below. */
  async restore(wallet, device) {
    const report = await this.run(wallet, device, ["sync", "--fresh"]);
    if (report.tokens.total === 0 || report.missingPayloads > 0) throw new Error("the restore is not whole");
    await rm(join(this.folder, wallet, device), { recursive: true });
    return report.elapsedMs;
  }

  /** A sync with nothing new, by a process that has to open its connections. */
  async warm(wallet) {
    return (await this.run(wallet, "a", ["sync", "--fresh"])).elapsedMs;
  }
}
