// Builds the wallet and opens its window. `--smoke` opens it where nobody sees it, and tells whether it showed a wallet.
//
// A release build, unless `--debug` is given. WALLET_NODES=file of yours takes your own nodes in place of the embedded ones.

import { takeOver } from "./lib/checkout.mjs";
import { buildEnvironment } from "./lib/folders.mjs";
import { show } from "./lib/run.mjs";
import { needed, provide, request } from "./lib/system-packages.mjs";
import { buildApp, buildWeb, installWeb } from "./lib/wallet-app.mjs";
import { onHiddenDisplay, windowDriver } from "./lib/window-tests.mjs";

const KNOWN = ["--debug", "--smoke"];
const given = process.argv.slice(2);
const unknown = given.filter((one) => !KNOWN.includes(one));
const isSmoke = given.includes("--smoke");
const say = (text) => console.error(text);

async function open() {
  const env = buildEnvironment();
  // What only the tests need is not asked of a person.
  const wanted = needed.filter(({ name }) => !/strace|setsid/.test(name));
  const absent = await provide(say, wanted);
  if (absent.length > 0) throw new Error(request(absent));
  const hasDisplay = process.platform !== "linux" || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
  if (!isSmoke && !hasDisplay) throw new Error("there is no display here; `npm run app -- --smoke` opens a window that nobody sees");
  if (isSmoke) env.TAURI_DRIVER = await windowDriver({ env, say });
  await takeOver(env);
  say("building the front end");
  await installWeb(env);
  await buildWeb(env);
  say("building the program; the first time takes some minutes");
  const onLine = (line) => process.stderr.isTTY && console.error(line);
  env.WALLET_APP = await buildApp(env, { release: !given.includes("--debug"), onLine });
  const command = isSmoke ? onHiddenDisplay(process.execPath, "examples/wallet/e2e/smoke.mjs") : [env.WALLET_APP, []];
  return show(...command, { env, limitMs: isSmoke ? 120_000 : 2 ** 31 - 1 });
}

if (unknown.length > 0) {
  console.error(`no such option: ${unknown.join(", ")}; there are ${KNOWN.join(" and ")}`);
  process.exitCode = 2;
} else {
  try {
    const { ok, reason } = await open();
    if (!ok) throw new Error(`the wallet ended with ${reason}`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
