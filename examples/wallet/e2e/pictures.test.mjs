// Every screen in light and in dark, as pictures in /screenshots for people to look at, and the contrast of its texts.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { lowContrast } from "./contrast.mjs";
import { Machine, Wallet, windowTest } from "./window.mjs";

for (const mode of ["light", "dark"]) {
  describe(`in ${mode}`, () => {
    const machine = new Machine();
    let wallet;
    const check = (name, work) => windowTest(`${mode}: ${name}`, () => wallet, work);
    before(async () => {
      wallet = await Wallet.start(machine, { dark: mode === "dark" });
      assert.equal(await wallet.page.script(() => matchMedia("(prefers-color-scheme: dark)").matches), mode === "dark");
    });
    after(async () => {
      await wallet?.kill();
      machine.remove();
    });

    const isReadable = async (name) => {
      await wallet.picture(`${mode}-${name}`);
      assert.deepEqual(await wallet.page.script(lowContrast), []);
    };

    check("the wallet", async () => {
      for (const [amount, coin, memo] of [["12.50", "EUR", "Coffee"], ["800", "EUR", "Rent"], ["49.90", "CHF", "Train to Basel"], ["0.0021", "BTC", "Savings"]]) {
        await wallet.addToken(amount, coin, memo);
      }
      await wallet.page.click(wallet.token("Train"));
      await wallet.press("Spend: record the intent");
      await wallet.page.shown("//dialog//*[contains(., 'Record the proof')]");
      await isReadable("token");
      await wallet.press("Close");
      for (const memo of ["Coffee", "Rent", "Savings"]) await wallet.level(memo, "verified");
      await wallet.addToken("5", "CHF", "Flea market");
      await isReadable("wallet");
    });

    check("the sync of two devices", async () => {
      await wallet.open("Sync");
      await wallet.press("Sync both");
      await wallet.page.attributeIs(".converged", "data-is-same", "true");
      await wallet.page.until("both have ended", () => wallet.page.script(() => document.querySelectorAll(".device-state[data-kind=synced]").length === 2));
      await isReadable("sync");
    });

    check("the nodes, some of them ill", async () => {
      await wallet.open("Nodes");
      await wallet.setFault("Kill", "node-3", true);
      await wallet.setFault("Slow", "node-2", true);
      await wallet.sync();
      await wallet.page.shown("//*[@data-node='node-3'][@data-state='failing' or @data-state='down']");
      await isReadable("nodes");
      await wallet.press("Check node-3");
      await wallet.page.shown("//ul[@data-node='node-3']/li[@data-state='unable']", 60_000);
      await wallet.page.script(() => document.querySelector(".node-check").scrollIntoView());
      await isReadable("check");
      await wallet.press("Close the check");
      await wallet.press("Heal all");
    });

    check("the dashboard", async () => {
      await wallet.open("Dashboard");
      await wallet.page.shown("tr[data-operation='sync']");
      await isReadable("dashboard");
      await wallet.page.script(() => document.querySelector("main").scrollTo(0, 1e6));
      await wallet.picture(`${mode}-dashboard-below`);
      await wallet.press("Export");
      await wallet.page.until("the export is there", () => wallet.page.script(() => document.querySelector("dialog textarea").value !== ""));
      await isReadable("export");
      await wallet.press("Close");
    });
  });
}
