// The app in a real window, with five real Kubo nodes.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { Machine, Wallet, windowTest } from "./window.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "wallet-sync-kubo-"));
const cluster = (...args) =>
  execFileSync("bash", ["tests/kubo/cluster.sh", ...args, folder], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
const nodes = join(folder, "nodes.json");
const machine = new Machine();
let wallet;
const check = (name, work) => windowTest(name, () => wallet, work);

before(async () => {
  cluster("start", "5");
  wallet = await Wallet.start(machine, { nodes });
});

after(async () => {
  await wallet?.kill();
  cluster("stop");
  machine.remove();
  rmSync(folder, { recursive: true, force: true });
});

check("tokens are verified on real nodes", async () => {
  await wallet.addToken("12.50", "EUR", "Coffee");
  await wallet.addToken("800", "EUR", "Rent");
  await wallet.level("Coffee", "verified", 60_000);
  await wallet.level("Rent", "verified", 60_000);
  await wallet.cloud("synced");
});

check("killed and started again it shows the wallet at once, verified as before", async () => {
  await wallet.kill();
  wallet = await Wallet.start(machine, { nodes });
  await wallet.level("Coffee", "verified");
  assert.equal(await wallet.page.text(".balance[data-coin='EUR'] .balance-amount"), "812.50");
});

check("a second device comes to the same wallet over the nodes", async () => {
  await wallet.open("Sync");
  await wallet.press("Sync now: Device B");
  await wallet.page.attributeIs(".converged", "data-is-same", "true");
  await wallet.page.shown("//section[.//h2[.='Device B']]//li[contains(., 'record found')]");
});

check("the dashboard knows every node and counts the syncs", async () => {
  await wallet.open("Dashboard");
  const ids = JSON.parse(readFileSync(nodes, "utf8")).map(({ id }) => id);
  const health = await wallet.invoke("plugin:wallet-sync|node_health", { account: "device-a" });
  assert.deepEqual(health.map(({ id }) => id).sort(), ids.sort());
  assert.ok(health.every(({ state }) => state === "up"), JSON.stringify(health));
  await wallet.page.shown("tr[data-operation='sync']");
  await wallet.page.shown("tr[data-operation='publish']");
  await wallet.picture("kubo-dashboard");
});

check("with four of five dead it says what is verified no more; with all dead it says offline and keeps the wallet", async () => {
  for (const at of ["0", "1", "2", "3"]) cluster("kill", at);
  await wallet.open("Wallet");
  await wallet.addToken("7", "EUR", "Alone");
  await wallet.sync();
  // One node is not enough to call it verified.
  await wallet.level("Alone", "published");
  await wallet.cloud("pending");
  cluster("kill", "4");
  await wallet.sync();
  await wallet.cloud("offline");
  await wallet.page.shown(wallet.token("Coffee"));
  await wallet.picture("kubo-offline");
});

check("when they are back, what was pending follows by itself", async () => {
  for (const at of ["0", "1", "2", "3", "4"]) cluster("up", at);
  await wallet.sync();
  await wallet.level("Alone", "verified", 90_000);
  await wallet.cloud("synced");
});
