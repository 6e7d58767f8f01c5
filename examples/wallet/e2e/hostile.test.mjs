// A script that got into the page: what it can reach, and what it cannot.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import { Machine, Wallet, windowTest } from "./window.mjs";

const CALLS = 100_000;
const account = "device-a";

const machine = new Machine();
let wallet;
const check = (name, work) => windowTest(name, () => wallet, work);

before(async () => {
  wallet = await Wallet.start(machine);
  await wallet.addToken("12.50", "EUR", "Coffee");
  await wallet.level("Coffee", "verified");
});

after(async () => {
  await wallet?.kill();
  machine.remove();
});

/** What a command answers or is refused with. */
const attempt = (command, args) =>
  wallet.page.promise(
    (name, body) => window.__TAURI_INTERNALS__.invoke(name, body).then((ok) => ({ ok }), (error) => ({ error })),
    command,
    args,
  );

check("no command gives the secret, or takes a path, an address or SQL", async () => {
  const secret = readFileSync(join(machine.config, "secret-for-development"), "utf8");
  const answers = [];
  for (const [command, args] of [
    ["overview", {}],
    ["plugin:wallet-sync|accounts", {}],
    ["plugin:wallet-sync|status", { account }],
    ["plugin:wallet-sync|export_metrics", { account, format: "json" }],
    ["plugin:wallet-sync|node_health", { account }],
  ]) {
    const { ok, error } = await attempt(command, args);
    assert.equal(error, undefined, command);
    answers.push(JSON.stringify(ok));
  }
  assert.ok(!answers.join("").includes(secret));
  for (const name of ["../../etc/passwd", "/etc/passwd", "x'; DROP TABLE token; --", "http://127.0.0.1:5001"]) {
    const { error } = await attempt("plugin:wallet-sync|status", { account: name });
    assert.ok(["closed", "bad_request", "unknown_account"].includes(error?.code), JSON.stringify(error));
  }
});

check("wrong types are typed errors", async () => {
  for (const args of [{}, { account: 7 }, { account: null }, { account, page: { limit: -1 } }, { account, page: { limit: "all" } }]) {
    const { error } = await attempt("plugin:wallet-sync|list_tokens", args);
    assert.equal(error?.code, "bad_request", JSON.stringify([args, error]));
  }
  const { error } = await attempt("plugin:wallet-sync|record_spend", { account, tokenId: "x".repeat(100_000), stateHash: "00", kind: "proof", evidence: { encoding: "utf8", value: "" } });
  assert.equal(typeof error.code, "string", JSON.stringify(error));
});

check("other plugins, files and the shell are out of reach", async () => {
  for (const command of ["plugin:fs|read_text_file", "plugin:shell|execute", "plugin:http|fetch", "plugin:opener|open_url", "plugin:window|create"]) {
    const { error } = await attempt(command, { path: "/etc/passwd" });
    assert.notEqual(error, undefined, command);
  }
  const outside = await wallet.page.promise(() => fetch("http://127.0.0.1:5001/api/v0/id").then(() => "reached", () => "refused"));
  assert.equal(outside, "refused");
});

check(`${CALLS.toLocaleString("en")} calls do not stall the engine`, async () => {
  const told = await wallet.page.promise(
    async (calls, name) => {
      const { invoke } = window.__TAURI_INTERNALS__;
      const counts = {};
      // As many at once as a page would get through: the rest waits its turn.
      for (let sent = 0; sent < calls; sent += 1_000) {
        const answers = await Promise.allSettled(
          Array.from({ length: 1_000 }, () => invoke("plugin:wallet-sync|status", { account: name })),
        );
        for (const { status, reason } of answers) {
          const what = status === "fulfilled" ? "answered" : (reason?.code ?? String(reason));
          counts[what] = (counts[what] ?? 0) + 1;
        }
      }
      return counts;
    },
    CALLS,
    account,
  );
  const { answered = 0, rate_limited: refused = 0, ...other } = told;
  assert.deepEqual(other, {});
  assert.equal(answered + refused, CALLS);
  // The other device's calls come from the same window; writing has a budget of its own.
  await wallet.addToken("1", "EUR", "Afterwards");
  await wallet.level("Afterwards", "verified");
  await wallet.page.shown(wallet.token("Coffee"));
});
