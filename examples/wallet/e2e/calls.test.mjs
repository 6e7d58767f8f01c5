// Calls with an id, in a real web view: the header goes by Tauri's protocol, and a call that comes again is done once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Machine, Wallet } from "./window.mjs";

test("a call that comes again gets the answer of the first, and its id takes no other way than the call", async () => {
  const machine = new Machine();
  const wallet = await Wallet.start(machine);
  try {
    const seen = await wallet.page.promise(async () => {
      const plugin = (command, args, id) =>
        window.__TAURI_INTERNALS__.invoke(`plugin:wallet-sync|${command}`, args, { headers: { "wallet-sync-call": id } });
      const { fetch } = window;
      let fetched = 0;
      window.fetch = (url, ...more) => {
        fetched += String(url).includes("set_entry") ? 1 : 0;
        return fetch(url, ...more);
      };
      const [{ account }] = await plugin("accounts", {}, "0");
      const set = (id, value) => plugin("set_entry", { account, entryKey: "again", value: { encoding: "utf8", value } }, id);
      await set("1", "old");
      await set("2", "new");
      await set("1", "old");
      const { entries } = await plugin("list_entries", { account, page: { prefix: "again" } }, "3");
      window.fetch = fetch;
      return { fetched, value: entries[0].content.value };
    });
    assert.deepEqual(seen, { fetched: 3, value: "new" });
  } finally {
    await wallet.kill();
    machine.remove();
  }
});
