// A new app, made as `npm create tauri-app` makes one (plain TypeScript), and from there only what the README's "Install" says: in the
// end its window shows a token.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Session } from "./webdriver.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, "guest-js/package.json"), "utf8"));

/** The samples of the section, in their order. */
function samples() {
  const [, install] = readFileSync(join(root, "README.md"), "utf8").split("\n## Install\n");
  const [section] = install.split("\n## ");
  return [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({ language, text }));
}
const sample = (language, nth = 0) => samples().filter((one) => one.language === language)[nth].text;

/** What the template brings, less its own demo. */
const TEMPLATE = {
  "package.json": JSON.stringify({ name: "new-app", private: true, version: "0.1.0", type: "module" }),
  "index.html": '<!doctype html><html><body><script type="module" src="/src/main.ts"></script></body></html>',
  "src-tauri/build.rs": "fn main() {\n    tauri_build::build()\n}\n",
  "src-tauri/src/lib.rs": "pub fn run() {}\n",
  "src-tauri/src/main.rs": "fn main() {\n    new_app_lib::run()\n}\n",
  "src-tauri/Cargo.toml": [
    '[package]\nname = "new-app"\nversion = "0.1.0"\nedition = "2021"\n',
    '[lib]\nname = "new_app_lib"\ncrate-type = ["rlib"]\n',
    '[build-dependencies]\ntauri-build = { version = "2", default-features = false, features = [] }\n',
    '[dependencies]\ntauri = { version = "2", features = [] }\nserde = { version = "1", features = ["derive"] }\nserde_json = "1"\n',
    // A workspace of its own wherever this lies.
    "[workspace]\n",
  ].join("\n"),
};
const CONFIG = {
  productName: "new-app",
  identifier: "com.new-app.app",
  build: { frontendDist: "../dist" },
  app: { windows: [{ title: "new-app" }], security: { csp: null } },
  bundle: { active: false, icon: ["icons/32x32.png", "icons/icon.png"] },
};

function put(folder, file, text) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

/** Runs a line of the README in the app's folder, with this checkout for the one next to the app. */
function line(folder, text, more = []) {
  const [program, ...args] = text.replaceAll("../tauri-plugin-wallet-sync", root.replace(/\/$/, "")).split(" ");
  execFileSync(program, [...args, ...more], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
}

function make(folder) {
  for (const [file, text] of Object.entries(TEMPLATE)) put(folder, file, text);
  cpSync(join(root, "examples/wallet/src-tauri/icons"), join(folder, "src-tauri/icons"), { recursive: true });
  // The versions that the tests have already: nothing is fetched.
  cpSync(join(root, "Cargo.lock"), join(folder, "src-tauri/Cargo.lock"));
  const lines = sample("sh").trim().split("\n");
  assert.equal(lines.length, 4, lines.join("\n"));
  line(folder, lines[0], ["--offline"]);
  // lines[1] gets what this run of the tests has got already.
  assert.match(lines[1], /^npm --prefix \S+ ci$/);
  line(folder, lines[2], ["--silent"]);
  assert.ok(lines[3].includes(`-${version}.tgz`), lines[3]);
  line(folder, lines[3], ["--prefer-offline", "--no-audit", "--no-fund"]);
  const run = [
    "pub fn run() {",
    "    with_wallet(tauri::Builder::default(), [7; 32])",
    "        .run(tauri::generate_context!())",
    '        .expect("error while running tauri application");',
    "}",
  ];
  put(folder, "src-tauri/src/lib.rs", `${sample("rust")}\n${run.join("\n")}\n`);
  put(folder, "src-tauri/tauri.conf.json", JSON.stringify({ ...CONFIG, ...JSON.parse(sample("json")) }));
  put(folder, "src-tauri/capabilities/default.json", sample("json", 1));
  put(folder, "src/main.ts", sample("ts"));
  line(folder, `${process.execPath} ${join(root, "node_modules/vite/bin/vite.js")} build`);
  // The settings of this workspace, so that what the tests have built already is taken.
  const manifest = readFileSync(join(root, "Cargo.toml"), "utf8");
  const [, profile] = /^(\[profile\.dev\][\s\S]*?)^\[profile\.release\]/m.exec(manifest);
  put(folder, "src-tauri/.cargo/config.toml", profile);
  const build = "cargo build --quiet --offline --manifest-path Cargo.toml --features tauri/custom-protocol";
  line(join(folder, "src-tauri"), `${build} --target-dir ${process.env.CARGO_TARGET_DIR}`);
  return join(process.env.CARGO_TARGET_DIR, "debug/new-app");
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Runs work on a window of a program, then ends everything that belongs to it. */
async function inWindow(application, home, work) {
  const [port, native] = [await freePort(), await freePort()];
  const env = { ...process.env, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home, DBUS_SESSION_BUS_ADDRESS: "disabled:" };
  const driver = spawn(process.env.TAURI_DRIVER, ["--port", `${port}`, "--native-port", `${native}`], { env, detached: true, stdio: "ignore" });
  try {
    for (const one of [native, port]) {
      for (let at = 0; at < 200; at += 1) {
        const socket = connect(one, "127.0.0.1");
        const isUp = await Promise.race([once(socket, "connect").then(() => true, () => false)]);
        socket.destroy();
        if (isUp) break;
        await pause(50);
      }
    }
    const capabilities = { browserName: "wry", "tauri:options": { application } };
    await work(await Session.open(`http://127.0.0.1:${port}`, capabilities));
  } finally {
    process.kill(-driver.pid, "SIGKILL");
  }
}

test("a new app with what the README says shows a token in its window", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ws-new-app-"));
  try {
    const application = make(folder);
    await inWindow(application, join(folder, "home"), (page) => page.shown("//ul/li[text()='1 coin']"));
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
});
