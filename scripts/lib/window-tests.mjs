// What drives the wallet's window: tauri-driver in front of the web view's own driver, on a display that nobody sees.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { cargoTool } from "./cargo-tool.mjs";
import { root } from "./folders.mjs";
import { forWindow, provide, request } from "./system-packages.mjs";

const TAURI_DRIVER = "2.1.0";
const SCREEN = "-screen 0 1400x900x24";
const folder = "examples/wallet/e2e";

/** The driver, after what it needs of the system is there. */
export async function windowDriver(context) {
  const absent = await provide(context.say, forWindow);
  if (absent.length > 0) throw new Error(request(absent));
  return cargoTool(context, "tauri-driver", TAURI_DRIVER, { tellsVersion: false });
}

/** The files that test. */
export async function testFiles() {
  const names = await readdir(join(root, folder));
  return names.filter((name) => name.endsWith(".test.mjs")).sort().map((name) => `${folder}/${name}`);
}

/** A command on a display of its own. */
export const onHiddenDisplay = (...command) => ["xvfb-run", ["-a", "-s", SCREEN, ...command]];
