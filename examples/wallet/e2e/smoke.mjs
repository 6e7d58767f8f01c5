// Opens the app once, adds a token and sees it verified.

import { Machine, Wallet } from "./window.mjs";

const machine = new Machine();
let wallet;
try {
  wallet = await Wallet.start(machine);
  await wallet.addToken("1", "EUR", "Smoke");
  await wallet.level("Smoke", "verified");
  await wallet.picture("smoke");
  console.log("the wallet opened, kept a token and saw it verified");
} finally {
  await wallet?.kill();
  machine.remove();
}
