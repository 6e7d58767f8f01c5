// The end of the app.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Machine } from "./window.mjs";

/** Waits until the app has opened its accounts. */
async function opened(machine) {
  const accounts = `${machine.data}/wallet-sync/accounts`;
  for (let at = 0; at < 300; at += 1) {
    if (existsSync(accounts) && readdirSync(accounts).length > 1) return;
    await pause(100);
  }
  throw new Error(`no account below ${accounts}`);
}

for (const [signal, code] of [["SIGTERM", 143], ["SIGINT", 130], ["SIGHUP", 129]]) {
  test(`an app that is told to end by ${signal} puts its accounts in order and ends with a code of its own`, async () => {
    const machine = new Machine();
    const env = { ...process.env, ...machine.env, DBUS_SESSION_BUS_ADDRESS: "disabled:" };
    const app = spawn(process.env.WALLET_APP, [], { env, stdio: ["ignore", "inherit", "inherit"] });
    const ended = once(app, "exit");
    try {
      await opened(machine);
      app.kill(signal);
      // A signal that nobody took would be told here instead of a code.
      assert.deepEqual(await ended, [code, null]);
    } finally {
      app.kill("SIGKILL");
      await ended;
      machine.remove();
    }
  });
}
