// Where the system has a keyring the secret is there and nowhere else; a wallet whose keyring is gone is not replaced by a new one.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before } from "node:test";
import { Keyring } from "./keyring.mjs";
import { Machine, Wallet, windowTest } from "./window.mjs";

const machine = new Machine();
let keyring;
let wallet;
const check = (name, work) => windowTest(name, () => wallet, work);

before(async () => {
  keyring = await Keyring.start();
  wallet = await Wallet.start(machine, { bus: keyring.bus });
});

after(async () => {
  await wallet?.kill();
  await keyring?.stop();
  machine.remove();
});

check("the secret is in the keyring, not in a file", async () => {
  await wallet.page.shown("//p[.='No token yet']");
  assert.equal(await wallet.page.script(() => document.querySelector(".secret-warning")), null);
  assert.deepEqual(readdirSync(machine.config).filter((name) => name.includes("secret")), []);
});

check("the next start finds it there, and the wallet with it", async () => {
  await wallet.addToken("12.50", "EUR", "Coffee");
  await wallet.level("Coffee", "verified");
  await wallet.kill();
  wallet = await Wallet.start(machine, { bus: keyring.bus });
  await wallet.page.shown(wallet.token("Coffee"));
});

check("without its keyring the wallet does not open, and is there again with it", async () => {
  await wallet.kill();
  wallet = undefined;
  const { status, stderr } = Wallet.runToItsEnd(machine);
  assert.equal(status, 1);
  assert.match(stderr, /the keyring does not give this wallet's secret/);
  assert.doesNotMatch(stderr, /panicked/);
  assert.deepEqual(readdirSync(machine.config).filter((name) => name.includes("secret")), []);
  wallet = await Wallet.start(machine, { bus: keyring.bus });
  await wallet.page.shown(wallet.token("Coffee"));
});
