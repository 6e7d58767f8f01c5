// The app in a real window: its data folder, its drivers, and what a person does with it.

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { KEYS, Session } from "./webdriver.mjs";

const folder = (name) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
/** Where pictures go for people to look at after a run; git does not see it. */
const pictures = folder("screenshots");
/** Those of the documents: written where `WALLET_DOCS_PICTURES` is set, so that a run changes no file of the project by itself. */
const docs = process.env.WALLET_DOCS_PICTURES ? folder("docs/pictures") : null;
const need = (name) => process.env[name] ?? fail(`${name} is not set: run this by \`npm test -- window\``);
const fail = (text) => {
  throw new Error(text);
};

/** Runs a program in a group of its own and kills the whole group when stdin closes: also when these tests die. */
const UNTIL_CLOSED = '"$@" & read -r _; kill -KILL 0';

/** A machine of the user's: a home that outlives the app. */
export class Machine {
  #home = mkdtempSync(join(tmpdir(), "ws-wallet-"));

  /** Where the app keeps its own files. */
  get config() {
    return join(this.#home, "config", "dev.wallet-sync.wallet");
  }

  /** Where the plugin keeps its accounts. */
  get data() {
    return join(this.#home, "share", "dev.wallet-sync.wallet");
  }

  get env() {
    const folders = { XDG_DATA_HOME: "share", XDG_CONFIG_HOME: "config", XDG_CACHE_HOME: "cache" };
    return Object.fromEntries(Object.entries(folders).map(([name, folder]) => [name, join(this.#home, folder)]));
  }

  remove() {
    // Processes of the web view may outlive the app by a moment, and write.
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

/** The running app. */
export class Wallet {
  /** The process group of the drivers and of everything that they have started. */
  #group;
  #end;

  /**
   * Starts the app and waits for its first screen. `nodes` = path of a nodes file, else it brings its own nodes; `bus` = the
   * session bus with a keyring, else there is none: the tests' secrets must not meet the user's.
   */
  static async start(machine, { nodes, bus = "disabled:", dark = false } = {}) {
    const [port, native] = [await freePort(), await freePort()];
    const env = {
      ...process.env,
      ...machine.env,
      ...(nodes === undefined ? {} : { WALLET_NODES: nodes }),
      ...(dark ? { GTK_THEME: "Adwaita:dark" } : {}),
      DBUS_SESSION_BUS_ADDRESS: bus,
    };
    const args = ["--port", String(port), "--native-port", String(native)];
    const command = ["-c", UNTIL_CLOSED, "sh", need("TAURI_DRIVER"), ...args];
    const driver = spawn("sh", command, { stdio: ["pipe", "inherit", "inherit"], env, detached: true });
    const end = () => driver.stdin.destroy();
    try {
      // It answers before the driver behind it does.
      await Promise.all([listening(native), listening(port)]);
      const session = await Session.open(`http://127.0.0.1:${port}`, {
        browserName: "wry",
        "tauri:options": { application: need("WALLET_APP") },
      });
      const wallet = new Wallet(session, driver.pid, end);
      await session.shown(".shell[data-ready='true']");
      return wallet;
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Runs an app that is to end by itself, without a keyring; gives its exit code and what it said. */
  static runToItsEnd(machine) {
    const env = { ...process.env, ...machine.env, DBUS_SESSION_BUS_ADDRESS: "disabled:" };
    return spawnSync(need("WALLET_APP"), [], { env, encoding: "utf8", timeout: 30_000 });
  }

  constructor(session, group, end) {
    this.page = session;
    this.#group = group;
    this.#end = end;
  }

  /** Ends it the hard way, as a power cut does: the app, its web view and its drivers, and waits until they are gone. */
  async kill() {
    this.#end();
    await this.page.until("the app is gone", () => !isRunning(this.#group));
  }

  async open(screen) {
    await this.page.click(`//nav//button[contains(., '${screen}')]`);
    await this.page.shown(`.shell[data-screen='${screen.toLowerCase()}']`);
  }

  press(name) {
    return this.page.click(`//button[@aria-label='${name}' or normalize-space(.)='${name}']`);
  }

  /** A command of the plugin or the app, past the screens. */
  invoke(command, args = {}) {
    return this.page.promise((name, body) => window.__TAURI_INTERNALS__.invoke(name, body), command, args);
  }

  async addToken(amount, coin, memo) {
    await this.press("Add tokens");
    await this.page.type("//*[@role='dialog']//label[contains(., 'Amount')]/input", amount);
    await this.page.type("//*[@role='dialog']//label[contains(., 'Coin')]/input", coin);
    await this.page.type("//*[@role='dialog']//label[contains(., 'Memo')]/input", memo);
    await this.press("Add token");
    await this.page.shown(this.token(memo));
  }

  /** XPath of a token in the list, by a text in it. */
  token(text) {
    return `//*[@role='option'][contains(., '${text}')]`;
  }

  /** Waits until a token of the list has a level. */
  level(text, ack, limitMs) {
    return this.page.shown(`//*[@role='option'][@data-ack='${ack}'][contains(., '${text}')]`, limitMs);
  }

  /** Waits until the cloud button says one of these. */
  cloud(...kinds) {
    return this.page.attributeIs(".cloud", "data-kind", kinds);
  }

  /** A sync of the shown device, by its cloud button. */
  async sync() {
    await this.page.click(".cloud");
    await this.page.click("//*[@class='cloud-panel']//button");
    await this.page.until("the sync has ended", () =>
      this.page.script(() => document.querySelector(".cloud-panel button")?.disabled === false),
    );
    await this.page.keys(KEYS.escape);
  }

  /** Syncs until something of another device is shown, which publishes when it is its turn. */
  syncUntil(how) {
    return this.page.until(`${how} came with a sync`, async () => {
      await this.sync();
      return this.page.isShown(how);
    });
  }

  async setFault(fault, node, on) {
    const name = `//button[@aria-label='${fault} ${node}']`;
    await this.page.shown(name);
    await this.page.click(`${name}[@aria-checked='${!on}']`);
    await this.page.shown(`${name}[@aria-checked='${on}']`);
  }

  /** Dismisses the messages at the foot of the window. */
  async quiet() {
    await this.page.script(() => document.querySelectorAll(".toast button").forEach((button) => button.click()));
    await this.page.until("no message is shown", () => this.page.script(() => document.querySelector(".toast") === null));
  }

  /** `inDocs` = the name under which the documents show it. */
  async picture(name, inDocs) {
    const png = await this.page.screenshot();
    const places = [join(pictures, `${name}.png`), ...(docs && inDocs ? [join(docs, `${inDocs}.png`)] : [])];
    for (const place of places) {
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, png);
    }
  }
}

/** A test that leaves a picture of the window behind when it fails. `shown` gives the window. */
export function windowTest(name, shown, work) {
  return test(name, async () => {
    try {
      await work();
    } catch (error) {
      await shown()?.picture(`failed-${name.replaceAll(/[^a-z0-9]+/gi, "-").slice(0, 60)}`).catch(() => {});
      throw error;
    }
  });
}

function isRunning(group) {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Waits until something listens. */
async function listening(port) {
  const end = performance.now() + 20_000;
  while (!(await answers(port))) {
    if (performance.now() > end) fail(`nothing listens on ${port}`);
    await new Promise((done) => setTimeout(done, 30));
  }
}

function answers(port) {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => done(true)).once("error", () => done(false));
    socket.once("connect", () => socket.destroy());
  });
}
