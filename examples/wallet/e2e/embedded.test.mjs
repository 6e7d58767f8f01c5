// The app in a real window, with the five nodes that it brings.

import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import { KEYS } from "./webdriver.mjs";
import { Machine, Wallet, windowTest } from "./window.mjs";

const machine = new Machine();
let wallet;
const check = (name, work) => windowTest(name, () => wallet, work);

before(async () => {
  wallet = await Wallet.start(machine);
});

after(async () => {
  await wallet?.kill();
  machine.remove();
});

check("the first start shows an empty wallet and says where the secret is", async () => {
  await wallet.page.shown("//p[.='No token yet']");
  await wallet.page.shown(".secret-warning");
  const file = join(machine.config, "secret-for-development");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match(readFileSync(file, "utf8"), /^[0-9a-f]{64}$/);
});

check("a wallet is called new only after every node was heard", async () => {
  const asNew = async () => {
    await wallet.press("Restore or new?");
    await wallet.page.click("//*[@role='radio'][contains(., 'it is a new wallet')]");
    await wallet.press("Go on");
    await wallet.page.shown(".found");
  };
  await asNew();
  await wallet.page.shown("//*[@class='found'][@data-tone='good'][contains(., 'A new wallet')]");
  await wallet.press("Open the wallet");
  await wallet.open("Nodes");
  await wallet.setFault("Kill", "node-5", true);
  await wallet.open("Wallet");
  await asNew();
  await wallet.page.shown("//*[@class='found'][@data-tone='warn'][contains(., '1 of 5 nodes did not answer')]");
  await wallet.press("Open the wallet");
  await wallet.open("Nodes");
  await wallet.press("Heal all");
  await wallet.page.shown("//button[@aria-label='Kill node-5'][@aria-checked='false']");
  await wallet.open("Wallet");
  await wallet.sync();
});

check("a token is on this disk at once and verified a moment later", async () => {
  await wallet.addToken("12.50", "EUR", "Coffee");
  await wallet.level("Coffee", "verified");
  await wallet.cloud("synced");
  const { ack, verifiedNodes, pending } = await wallet.invoke("plugin:wallet-sync|status", { account: "device-a" });
  assert.deepEqual({ ack, pending }, { ack: "verified", pending: 0 });
  assert.ok(verifiedNodes >= 2, `${verifiedNodes} nodes`);
  assert.equal(await wallet.page.text(".balance[data-coin='EUR'] .balance-amount"), "12.50");
});

check("a label is kept and found", async () => {
  await wallet.addToken("3.20", "EUR", "Bread");
  await wallet.page.click(wallet.token("Bread"));
  await wallet.page.type("//*[@role='dialog']//label[contains(., 'Label')]/input", "Sunday breakfast");
  await wallet.press("Save");
  await wallet.press("Close");
  await wallet.page.type("[aria-label='Search tokens']", "sunday");
  await wallet.page.shown(wallet.token("Sunday breakfast"));
  await wallet.page.until("only it is shown", () => wallet.page.script(() => document.querySelectorAll("[role=option]").length === 1));
  await wallet.page.type("[aria-label='Search tokens']", "");
  await wallet.page.shown(wallet.token("Coffee"));
});

check("a spend goes from intent to proof: held back, then gone", async () => {
  await wallet.addToken("40", "CHF", "Train");
  await wallet.page.click(wallet.token("Train"));
  await wallet.press("Spend: record the intent");
  await wallet.press("Record the proof");
  await wallet.page.until("the token is gone", () =>
    wallet.page.script(() => ![...document.querySelectorAll("[role=option]")].some((one) => one.textContent.includes("Train"))),
  );
  await wallet.page.click("//button[@role='switch'][contains(., 'Spent too')]");
  await wallet.page.shown("//*[@role='option'][@data-spend='proof'][contains(., 'Train')]");
  await wallet.page.click("//button[@role='switch'][contains(., 'Spent too')]");
});

check("an intent without a proof is suspect, two states of one token are forked", async () => {
  await wallet.addToken("5", "CHF", "Kiosk");
  await wallet.page.click(wallet.token("Kiosk"));
  await wallet.press("Spend: record the intent");
  await wallet.page.shown("//*[@role='dialog']//*[contains(@class, 'badge')][contains(., 'Suspect')]");
  await wallet.press("Close");
  await wallet.addToken("6", "CHF", "Market");
  await wallet.page.click(wallet.token("Market"));
  await wallet.press("Make a rival state");
  await wallet.page.shown("//*[@role='dialog']//*[contains(@class, 'badge')][contains(., 'Forked')]");
  await wallet.press("Close");
  await wallet.page.click("//*[@role='radio'][contains(., 'Forked 2')]");
  await wallet.page.click("//*[@role='radio'][starts-with(., 'All')]");
});

check("the keyboard alone moves through the list and opens a token", async () => {
  await wallet.page.script(() => document.querySelector("[role=listbox]").focus());
  await wallet.page.keys(KEYS.down, KEYS.down, KEYS.enter);
  await wallet.page.shown("//*[@role='dialog']//*[contains(., 'Show the payload')]");
  await wallet.page.keys(KEYS.escape);
  await wallet.page.until("the dialog is closed", () => wallet.page.script(() => document.querySelector("[role=dialog]") === null));
});

check("a second device of the same secret comes to the same wallet", async () => {
  // What the first device has not published yet, the second cannot see.
  await wallet.cloud("synced");
  await wallet.open("Sync");
  await wallet.press("Sync now: Device B");
  await wallet.page.attributeIs(".converged", "data-is-same", "true");
  await wallet.page.shown("//*[@class='steps']//li[@data-state='done'][contains(., 'Read the records')]");
  const pages = await Promise.all(
    ["device-a", "device-b"].map((account) => wallet.invoke("plugin:wallet-sync|list_tokens", { account, page: { limit: 1000, all: true } })),
  );
  const keys = pages.map(({ tokens }) => tokens.map(({ tokenId, stateHash, spend }) => [tokenId, stateHash, spend]));
  assert.ok(keys[0].length >= 5);
  assert.deepEqual(keys[0], keys[1]);
});

check("the dashboard shows what the plugin has measured", async () => {
  await wallet.open("Dashboard");
  await wallet.page.shown(".target[data-name='successRate']");
  const shown = () =>
    wallet.page.script(() =>
      [...document.querySelectorAll("tr[data-operation]")].map((row) => [
        row.dataset.operation,
        row.dataset.source,
        row.querySelector("[data-field=count]").textContent.replace(/\D/g, ""),
      ]),
    );
  await wallet.page.until("the table equals the measurements", async () => {
    const { operations } = await wallet.invoke("plugin:wallet-sync|metrics", { account: "device-a" });
    const measured = operations.map(({ operation, source, count }) => [operation, source, String(count)]);
    const rows = await shown();
    return rows.length > 0 && JSON.stringify(rows.sort()) === JSON.stringify(measured.sort());
  });
  await wallet.press("Export");
  await wallet.page.until("the export is JSON", () =>
    wallet.page.script(() => {
      try {
        return JSON.parse(document.querySelector("[role=dialog] textarea").value).operations.length > 0;
      } catch {
        return false;
      }
    }),
  );
  await wallet.press("Save as JSON");
  await wallet.page.shown("//*[contains(@class, 'toast')][contains(., 'exports/metrics-device-a')]");
  await wallet.press("Close");
});

check("with every node dead the wallet says offline and goes on; what is pending follows when they are back", async () => {
  const nodes = [1, 2, 3, 4, 5].map((at) => `node-${at}`);
  await wallet.open("Nodes");
  for (const node of nodes) await wallet.setFault("Kill", node, true);
  await wallet.sync();
  await wallet.cloud("offline");
  await wallet.open("Wallet");
  await wallet.addToken("1", "EUR", "Offline coin");
  await wallet.level("Offline coin", "local");
  await wallet.cloud("offline");
  await wallet.open("Nodes");
  await wallet.press("Heal all");
  await wallet.page.until("all are well", () => wallet.page.script(() => document.querySelectorAll(".switch[data-tone=bad][aria-checked=true]").length === 0));
  await wallet.sync();
  await wallet.open("Wallet");
  await wallet.level("Offline coin", "verified", 60_000);
  await wallet.cloud("synced");
});

check("the page of a node says what it is able to do, and what to change when it is dead", async () => {
  await wallet.open("Nodes");
  await wallet.press("Details of node-1");
  await wallet.press("Check node-1");
  await wallet.page.shown("//ul[@data-node='node-1']/li[@data-ability='push'][@data-state='able']", 60_000);
  const states = () => wallet.page.script(() => [...document.querySelectorAll(".abilities li")].map(({ dataset }) => dataset.state));
  assert.deepEqual(await states(), Array(9).fill("able"));
  await wallet.press("All nodes");
  await wallet.setFault("Kill", "node-2", true);
  await wallet.press("Details of node-2");
  await wallet.press("Check node-2");
  await wallet.page.shown("//ul[@data-node='node-2']/li[@data-ability='connection'][@data-state='unable']", 60_000);
  assert.deepEqual(await states(), ["unable", ...Array(8).fill("untried")]);
  await wallet.page.shown("//*[contains(@class, 'changes')]//li");
  await wallet.setFault("Kill", "node-2", false);
  await wallet.press("All nodes");
});

check("an audit says what each node holds, and a rehearsed restore brings everything", async () => {
  await wallet.open("Audit");
  await wallet.press("Audit the nodes");
  await wallet.page.shown("//tr[@data-audited='node-1'][@data-state='able'][contains(., 'Everything')]", 60_000);
  await wallet.press("Rehearse a restore");
  await wallet.page.shown("//p[@data-is-whole='true'][contains(., 'Rehearsed')][contains(., 'a new device would have everything')]", 60_000);
});

check("a device's label is shown on the other device after a sync", async () => {
  await wallet.open("Devices");
  await wallet.page.type("//label[contains(., 'Label')]/input", "Laptop, blue");
  await wallet.press("Save");
  await wallet.page.shown("//li[@data-slot][contains(., 'Laptop, blue')][contains(., 'This one')]");
  await wallet.sync();
  await wallet.page.click("//*[@role='radio'][.='Device B']");
  await wallet.syncUntil("//li[@data-slot][contains(., 'Laptop, blue')][not(contains(., 'This one'))]");
  await wallet.page.click("//*[@role='radio'][.='Device A']");
});

check("the activity tells what happened, live", async () => {
  await wallet.open("Wallet");
  await wallet.addToken("2", "EUR", "Live");
  await wallet.open("Activity");
  await wallet.page.shown("//*[@role='log']//li[@data-kind='tokens'][contains(., '1 token added')]");
  await wallet.page.shown("//*[@role='log']//li[@data-kind='backup'][contains(., 'Proven on')]");
  await wallet.open("Nodes");
  await wallet.setFault("Kill", "node-4", true);
  await wallet.sync();
  await wallet.open("Activity");
  await wallet.page.click("//*[@role='radio'][.='Nodes']");
  await wallet.page.shown("//*[@role='log']//li[@data-kind='nodes'][contains(., 'node-4')]");
  await wallet.open("Nodes");
  await wallet.press("Heal all");
});

check("colours are the user's choice, and kept", async () => {
  await wallet.page.click("[aria-label='Dark']");
  await wallet.page.attributeIs("html", "data-theme", "dark");
  await wallet.page.reload();
  await wallet.page.shown(".shell[data-ready='true']");
  await wallet.page.attributeIs("html", "data-theme", "dark");
  await wallet.page.click("[aria-label='As the system']");
  await wallet.page.attributeIs("html", "data-theme", "light");
});

check("a node that forges is found out and changes nothing", async () => {
  await wallet.open("Nodes");
  await wallet.setFault("Forge", "node-2", true);
  await wallet.sync();
  await wallet.cloud("synced");
  await wallet.open("Sync");
  await wallet.page.shown("//section[.//h2[.='Device A']]//li[contains(., 'node-2')][contains(., 'failed the check')]");
  await wallet.open("Nodes");
  await wallet.setFault("Forge", "node-2", false);
});

/** Takes the second device off this machine. */
async function loseDeviceB() {
  await wallet.open("Sync");
  await wallet.press("Remove Device B from this machine");
  await wallet.page.type("//*[@role='dialog']//input", "device-b");
  await wallet.press("Remove");
}

check("a device that was lost is restored from the nodes with the secret alone", async () => {
  await loseDeviceB();
  await wallet.press("Device B: Restore or new?");
  await wallet.press("Go on");
  await wallet.page.shown(".found[data-tone='good']", 60_000);
  assert.match(await wallet.page.text(".found-title"), /\d+ tokens found/);
  await wallet.press("Open the wallet");
  await wallet.page.attributeIs(".converged", "data-is-same", "true");
});

check("a backup file brings a lost device back while no node answers", async () => {
  await wallet.open("Audit");
  await wallet.press("Write a backup file");
  await wallet.page.shown("//*[contains(@class, 'backup-written')][contains(., 'read back and whole')]", 60_000);
  await loseDeviceB();
  await wallet.open("Nodes");
  const nodes = [1, 2, 3, 4, 5].map((at) => `node-${at}`);
  for (const node of nodes) await wallet.setFault("Kill", node, true);
  await wallet.open("Sync");
  await wallet.press("Device B: Restore or new?");
  await wallet.page.click("//*[@role='radio'][contains(., 'from a backup file')]");
  await wallet.press("Go on");
  await wallet.page.shown(".found[data-tone='good']", 60_000);
  await wallet.press("Open the wallet");
  await wallet.page.attributeIs(".converged", "data-is-same", "true");
  await wallet.open("Nodes");
  await wallet.press("Heal all");
});

check("the window may call nothing else, and runs nothing that is not the app's", async () => {
  await assert.rejects(wallet.invoke("plugin:app|version"), /not allowed/);
  await assert.rejects(wallet.invoke("plugin:event|listen"), /not allowed/);
  const refused = await wallet.page.promise(
    () =>
      new Promise((done) => {
        document.addEventListener("securitypolicyviolation", (event) => done(event.effectiveDirective), { once: true });
        const script = document.createElement("script");
        script.textContent = "window.wasRun = true";
        document.body.append(script);
      }),
  );
  assert.match(refused, /^script-src/);
  assert.equal(await wallet.page.script(() => window.wasRun ?? false), false);
  assert.ok(await wallet.page.script(() => Object.isFrozen(Object.prototype)));
});

check("killed and started again it shows the wallet at once", async () => {
  await wallet.kill();
  wallet = await Wallet.start(machine);
  await wallet.page.shown(wallet.token("Coffee"));
  await wallet.page.shown(wallet.token("Sunday breakfast"));
  assert.equal(await wallet.page.text(".balance[data-coin='EUR'] .balance-amount"), "18.70");
});
