// A keyring of a desktop: a session bus of its own and GNOME's secret service on it, unlocked, in a folder that goes.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";

const LIMIT_MS = 20_000;

export class Keyring {
  #home = mkdtempSync(join(tmpdir(), "ws-keyring-"));
  #programs = [];
  bus;

  static async start() {
    const keyring = new Keyring();
    try {
      const env = { ...process.env, HOME: keyring.#home, XDG_DATA_HOME: keyring.#home, XDG_RUNTIME_DIR: keyring.#home };
      const bus = keyring.#run(env, "dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address");
      keyring.bus = await firstLine(bus);
      const service = keyring.#run({ ...env, DBUS_SESSION_BUS_ADDRESS: keyring.bus }, "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets");
      service.stdin.end("a login password");
      await keyring.#serving();
      return keyring;
    } catch (error) {
      await keyring.stop();
      throw error;
    }
  }

  /** Until the service has its name on the bus. */
  async #serving() {
    const ask = ["--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.GetNameOwner", "string:org.freedesktop.secrets"];
    const limit = Date.now() + LIMIT_MS;
    while (spawnSync("dbus-send", [`--bus=${this.bus}`, ...ask], { stdio: "ignore" }).status !== 0) {
      if (Date.now() > limit) throw new Error("the keyring does not serve");
      await setTimeout(50);
    }
  }

  #run(env, command, ...args) {
    const program = spawn(command, args, { env, stdio: ["pipe", "pipe", "inherit"] });
    program.on("error", () => {});
    this.#programs.push(program);
    return program;
  }

  async stop() {
    for (const program of this.#programs) {
      if (program.exitCode !== null || program.pid === undefined || !program.kill("SIGKILL")) continue;
      await once(program, "exit");
    }
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

async function firstLine(program) {
  const lines = createInterface(program.stdout);
  const [line] = await once(lines, "line", { signal: AbortSignal.timeout(LIMIT_MS) });
  return line;
}
