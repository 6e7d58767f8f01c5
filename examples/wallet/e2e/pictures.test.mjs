// Every screen in light and in dark, in a small and a large window, also empty, degraded, offline and refused: pictures for people to
// look at, in /screenshots and on request in the documents; of each the contrast of its texts, that nothing is cut off, and axe's rules.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { unfriendly } from "./axe.mjs";
import { lowContrast } from "./contrast.mjs";
import { Machine, Wallet, windowTest } from "./window.mjs";

const SIZES = [[800, 600], [1440, 900]];
/** Those of docs/wallet.md, each from one mode and size. */
const IN_DOCS = {
  "light-1440": ["activity", "audit", "dashboard", "degraded", "devices", "node", "nodes", "sync", "wallet"],
  "light-800": ["node-ill", "offline", "refused", "restore", "restored", "token"],
  "dark-800": ["wallet"],
};
const ALL = [1, 2, 3, 4, 5].map((at) => `node-${at}`);

/** Runs in the page: by how much something is wider than the room it has. */
const tooWide = () => [document.documentElement, document.querySelector("main")].map((box) => Math.max(0, box.scrollWidth - box.clientWidth));

for (const mode of ["light", "dark"]) {
  describe(`in ${mode}`, () => {
    const machine = new Machine();
    let wallet;
    const check = (name, work) => windowTest(`${mode}: ${name}`, () => wallet, work);
    before(async () => {
      wallet = await Wallet.start(machine, { dark: mode === "dark" });
      assert.equal(await wallet.page.attribute("html", "data-theme"), mode, "as the system says");
    });
    after(async () => {
      await wallet?.kill();
      machine.remove();
    });

    /** `where` scrolls to what is to be seen. */
    const look = async (name, where) => {
      for (const [width, height] of SIZES) {
        await wallet.page.resize(width, height);
        await wallet.quiet();
        if (where) await wallet.page.shown(where);
        await wallet.page.script((how) => (how ? document.querySelector(how).scrollIntoView() : document.querySelector("main").scrollTo(0, 0)), where ?? null);
        await wallet.page.rests();
        const inDocs = IN_DOCS[`${mode}-${width}`]?.includes(name) && (mode === "dark" ? `${name}-dark` : name);
        await wallet.picture(`${mode}-${width}-${name}`, inDocs);
        assert.deepEqual(await wallet.page.script(lowContrast), [], `${name}, ${width}: contrast`);
        assert.deepEqual(await wallet.page.script(tooWide), [0, 0], `${name}, ${width}: cut off`);
      }
      assert.deepEqual(await unfriendly(wallet.page), [], name);
    };

    check("a new wallet: nothing yet, anywhere", async () => {
      await wallet.page.shown("//p[.='This wallet is empty']");
      await wallet.cloud("synced", "new");
      await look("empty-wallet");
      await wallet.press("Restore or new?");
      await look("empty-restore");
      await wallet.press("Cancel");
      await wallet.open("Devices");
      await wallet.page.shown("//p[.='No device has published yet']");
      await look("empty-devices");
      await wallet.open("Audit");
      await wallet.page.shown("//p[.='No backup file yet']");
      await look("empty-audit");
    });

    check("the wallet", async () => {
      await wallet.open("Wallet");
      for (const [amount, coin, memo] of [["12.50", "EUR", "Coffee"], ["800", "EUR", "Rent"], ["49.90", "CHF", "Train to Basel"], ["0.0021", "BTC", "Savings"]]) {
        await wallet.addToken(amount, coin, memo);
      }
      await wallet.page.click(wallet.token("Train"));
      await wallet.press("Spend: record the intent");
      await wallet.page.shown("//*[@role='dialog']//*[contains(., 'Record the proof')]");
      await look("token");
      await wallet.press("Close");
      for (const memo of ["Coffee", "Rent", "Savings", "Train"]) await wallet.level(memo, "verified");
      await wallet.cloud("synced");
      await wallet.page.shown("//*[@class='safety'][contains(., 'proven on 5 of 5')]");
      await look("wallet");
      await wallet.press("Add tokens");
      await look("add");
      await wallet.press("Cancel");
    });

    check("the sync of two devices", async () => {
      await wallet.open("Sync");
      await wallet.press("Sync both");
      await wallet.page.attributeIs(".converged", "data-is-same", "true");
      await wallet.page.until("both have ended", () => wallet.page.script(() => document.querySelectorAll(".device-state[data-kind=synced]").length === 2));
      await look("sync");
    });

    check("the devices, one of them at work and not to be retired", async () => {
      await wallet.page.script(() => document.querySelector("main").scrollTo(0, 0));
      for (const [device, label] of [["Device B", "Phone"], ["Device A", "Laptop, blue"]]) {
        await wallet.open("Wallet");
        await wallet.page.click(`//*[@role='radio'][.='${device}']`);
        await wallet.addToken("1", "EUR", `Of ${label}`);
        await wallet.level(`Of ${label}`, "verified");
        await wallet.open("Devices");
        await wallet.page.type("//label[contains(., 'Label')]/input", label);
        await wallet.press("Save");
        await wallet.page.shown(`//li[@data-slot][contains(., '${label}')]`);
        await wallet.sync();
      }
      await wallet.syncUntil("//li[@data-slot][contains(., 'Phone')]");
      await look("devices");
      await wallet.press("Retire Phone");
      await wallet.page.click("//*[@role='dialog']//button[.='Retire']");
      await wallet.page.shown("//*[@role='dialog']//*[@role='alert'][contains(., 'at work')]", 60_000);
      await look("refused");
      await wallet.press("Cancel");
    });

    check("nodes that are ill, and what of them the wallet says", async () => {
      await wallet.open("Nodes");
      await wallet.setFault("Kill", "node-3", true);
      await wallet.setFault("Slow", "node-2", true);
      await wallet.sync();
      await wallet.page.shown("//*[@data-node='node-3'][@data-state='failing' or @data-state='down']");
      await look("nodes");
      await wallet.press("Details of node-3");
      await wallet.press("Check node-3");
      await wallet.page.shown("//ul[@data-node='node-3']/li[@data-state='unable']", 60_000);
      await look("node-ill");
      await wallet.press("All nodes");
      await wallet.press("Details of node-1");
      await wallet.press("Check node-1");
      await wallet.page.shown("//ul[@data-node='node-1']/li[@data-ability='push'][@data-state='able']", 60_000);
      await look("node");
      await wallet.press("All nodes");
      await wallet.open("Wallet");
      await wallet.page.shown("//*[@role='status'][contains(., 'The backup goes on')][contains(., 'node-3')]");
      await look("degraded");
    });

    check("no node at all", async () => {
      await wallet.open("Nodes");
      for (const node of ALL.filter((name) => name !== "node-3")) await wallet.setFault("Kill", node, true);
      await wallet.sync();
      await wallet.cloud("offline");
      await wallet.open("Wallet");
      await wallet.addToken("5", "CHF", "Flea market");
      await look("offline");
      await wallet.open("Nodes");
      await wallet.press("Heal all");
      await wallet.page.until("all are well", () => wallet.page.script(() => document.querySelectorAll(".switch[data-tone=bad][aria-checked=true]").length === 0));
      await wallet.sync();
      await wallet.open("Wallet");
      await wallet.level("Flea market", "verified", 60_000);
    });

    check("the audit", async () => {
      await wallet.open("Audit");
      await wallet.press("Audit the nodes");
      await wallet.page.shown("//tr[@data-audited='node-1'][@data-state='able']", 60_000);
      await wallet.press("Rehearse a restore");
      await wallet.page.shown("//p[@data-is-whole='true']", 60_000);
      await wallet.press("Write a backup file");
      await wallet.page.shown(".backup-written", 60_000);
      await look("audit");
      await look("audit-below", ".backup");
    });

    check("the activity", async () => {
      await wallet.open("Activity");
      await wallet.page.shown("//*[@role='log']//li");
      await look("activity");
    });

    check("the dashboard", async () => {
      await wallet.open("Dashboard");
      await wallet.page.shown("tr[data-operation='sync']");
      await look("dashboard");
      await look("dashboard-below", ".grid > :last-child");
      await wallet.page.script(() => document.querySelector("main").scrollTo(0, 0));
      await wallet.press("Export");
      await wallet.page.until("the export is there", () => wallet.page.script(() => Boolean(document.querySelector("[role=dialog] textarea")?.value)));
      await look("export");
      await wallet.press("Close");
    });

    check("a restore, from the question to what was found", async () => {
      await wallet.open("Sync");
      await wallet.press("Remove Device B from this machine");
      await wallet.page.type("//*[@role='dialog']//input", "device-b");
      await look("remove");
      await wallet.press("Remove");
      await wallet.page.shown("//button[@aria-label='Device B: Restore or new?']");
      await look("gone");
      await wallet.press("Device B: Restore or new?");
      await look("restore");
      await wallet.press("Go on");
      await wallet.page.shown(".found[data-tone='good']", 60_000);
      await look("restored");
      await wallet.press("Open the wallet");
    });
  });
}
