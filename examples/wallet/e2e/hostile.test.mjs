// A script that got into the page: what it can reach, and what it cannot.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
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
    assert.equal(error?.code, "closed", "it is the name of an account that is not open");
    const file = await attempt("begin_import", { account, file: name });
    assert.equal(file.error?.code, "not_found", "it is the name of a file that is not listed");
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

check("Tauri's own commands are not allowed", async () => {
  const label = "main";
  for (const [command, args] of [
    ["plugin:app|version", {}],
    ["plugin:event|emit", { event: "x" }],
    ["plugin:path|resolve_directory", { directory: 1 }],
    ["plugin:window|title", { label }],
    ["plugin:webview|create_webview_window", { options: { label: "second", url: "index.html" } }],
  ]) {
    const { error } = await attempt(command, args);
    assert.match(String(error), /not allowed/, command);
  }
});

check("no request leaves the page", async () => {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    response.writeHead(200, { "Access-Control-Allow-Origin": "*" }).end("reached");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  try {
    const url = `http://127.0.0.1:${server.address().port}/`;
    assert.equal(await (await fetch(url)).text(), "reached", "the server is there");
    const told = await wallet.page.promise((address) => fetch(address).then(() => "reached", () => "refused"), url);
    const image = await wallet.page.promise(
      (address) => new Promise((done) => Object.assign(new Image(), { onload: () => done("shown"), onerror: () => done("refused"), src: address })),
      url,
    );
    assert.deepEqual([told, image, requests], ["refused", "refused", 1]);
  } finally {
    server.close();
  }
});

/**
 * Runs in the page: calls by the thousand at once, and how often which answer came. Tauri draws 32 bits for each callback and does
 * not look whether one that waits has them: of a hundred such thousands, some in fifty lose an answer. Here ids are counted.
 */
async function flood(calls, which) {
  const { invoke } = window.__TAURI_INTERNALS__;
  const counts = {};
  window.lastCallback ??= 0;
  window.crypto.getRandomValues = (drawn) => drawn.fill((window.lastCallback += 1));
  for (let sent = 0; sent < calls; sent += 1_000) {
    const answers = await Promise.allSettled(
      Array.from({ length: Math.min(1_000, calls - sent) }, (_, at) => {
        const [name, args] = which[(sent + at) % which.length];
        return invoke(`plugin:wallet-sync|${name}`, Array.isArray(args) ? new Uint8Array(args) : args);
      }),
    );
    for (const { status, reason } of answers) {
      const what = status === "fulfilled" ? "answered" : (reason?.code ?? String(reason));
      counts[what] = (counts[what] ?? 0) + 1;
    }
  }
  delete window.crypto.getRandomValues;
  return counts;
}

/** The wallet still works: reading, writing and publishing. */
async function works(memo) {
  await wallet.addToken("1", "EUR", memo);
  await wallet.level(memo, "verified", 60_000);
  await wallet.page.shown(wallet.token("Coffee"));
}

check(`${CALLS.toLocaleString("en")} calls do not stall the engine`, async () => {
  // The driver's own limit is 30 s, which is the time of a flood in a build without optimisation.
  await wallet.page.scriptLimit(180_000);
  const told = await wallet.page.promise(flood, CALLS, [["status", { account }]]);
  const { answered = 0, rate_limited: refused = 0, ...other } = told;
  assert.deepEqual(other, {});
  assert.equal(answered + refused, CALLS);
  // Writing has a budget of its own.
  await works("Afterwards");
});

// Tauri's own `async` commands damage the heap in such a flood (tauri#15408): with them the app was gone in 4 of 5 runs.
check(`${CALLS.toLocaleString("en")} calls that wait for the disk do not bring the app down`, async () => {
  const { answered = 0, rate_limited: refused = 0, ...other } = await wallet.page.promise(flood, CALLS, [["cache_stats", { account }]]);
  assert.deepEqual(other, {});
  assert.equal(answered + refused, CALLS);
  await works("Alive");
});

check("neither do calls of every kind", async () => {
  const state = { tokenId: "none", stateHash: "none" };
  const content = { encoding: "utf8", value: "x" };
  const told = await wallet.page.promise(flood, CALLS / 5, [
    ["get_token", { account, ...state }],
    ["list_entries", { account, page: { limit: 10 } }],
    ["entry_versions", { account, entryKey: "app.flood" }],
    ["metrics_history", { account, range: {} }],
    ["cache_stats", { account }],
    ["put_tokens", [0, 0, 0, 1, 0]],
    ["record_spend", { account, ...state, kind: "intent", evidence: content }],
    ["set_entry", { account, entryKey: "app.flood", value: content }],
    ["sync_now", { account, options: {}, onProgress: "__CHANNEL__:1" }],
    ["flush", { account, withinMs: 100 }],
    ["subscribe", { account, onEvents: "__CHANNEL__:2" }],
    ["invalidate_cache", { account, kind: "content" }],
    ["export_metrics", { account, format: "json" }],
    ["set_node_enabled", { account, nodeId: "node-1", enabled: true }],
    ["check_node", { account, nodeId: "node-1" }],
    ["devices", { account }],
    ["set_device_label", { account, label: "" }],
    ["retire_device", { account, slot: 64 }],
    ["wipe", { account, confirm: "no", force: true }],
  ]);
  const sum = Object.values(told).reduce((all, count) => all + count, 0);
  assert.equal(sum, CALLS / 5, "each call got an answer");
  const known = ["answered", "bad_request", "not_found", "rate_limited", "deadline"];
  assert.deepEqual(Object.keys(told).filter((code) => !known.includes(code)), [], JSON.stringify(told));
  assert.ok(told.answered > 0 && told.rate_limited > CALLS / 10, JSON.stringify(told));
  // The script listened in the page's place.
  await wallet.page.script(() => {
    window.wasFlooded = true;
    location.reload();
  });
  await wallet.page.until("the page is loaded anew", () =>
    wallet.page.script(() => window.wasFlooded === undefined && document.querySelector("[role=option]") !== null),
  );
  await works("After the flood");
});
