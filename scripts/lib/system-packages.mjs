// Programs that come with the system: installed when this is root on Debian, else named with the command to run.

import { existsSync } from "node:fs";
import { answers, run } from "./run.mjs";

/** What the builds and tests need: how to find out whether it is there, and the Debian package that brings it. */
export const needed = [
  { name: "a C compiler", probe: ["cc", "--version"], debian: "build-essential" },
  { name: "a C++ compiler", probe: ["c++", "--version"], debian: "build-essential" },
  { name: "pkg-config", probe: ["pkg-config", "--version"], debian: "pkg-config", linuxOnly: true },
  {
    name: "the web view that Tauri builds on",
    probe: ["pkg-config", "--exists", "webkit2gtk-4.1"],
    debian: "libwebkit2gtk-4.1-dev",
    linuxOnly: true,
  },
  { name: "git", probe: ["git", "--version"], debian: "git" },
  { name: "curl", probe: ["curl", "--version"], debian: "curl" },
  { name: "setsid", probe: ["setsid", "--version"], debian: "util-linux", linuxOnly: true },
  {
    name: "strace that may trace",
    probe: ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "true"],
    debian: "strace",
    linuxOnly: true,
  },
];

/** What a window needs to be opened, and to be driven where no display is. */
export const forWindow = [
  { name: "the driver of the web view", probe: ["sh", "-c", "command -v WebKitWebDriver"], debian: "webkit2gtk-driver", linuxOnly: true },
  { name: "a virtual display", probe: ["sh", "-c", "command -v xvfb-run"], debian: "xvfb", linuxOnly: true },
  { name: "xauth", probe: ["sh", "-c", "command -v xauth"], debian: "xauth", linuxOnly: true },
  { name: "a session bus", probe: ["dbus-daemon", "--version"], debian: "dbus", linuxOnly: true },
  { name: "a keyring", probe: ["gnome-keyring-daemon", "--version"], debian: "gnome-keyring", linuxOnly: true },
  { name: "a monospaced font", probe: ["sh", "-c", "fc-list :spacing=100 | grep -q ."], debian: "fonts-dejavu-core", linuxOnly: true },
];

/** The ones that are missing here. */
export async function missing(list = needed, platform = process.platform) {
  const wanted = list.filter((one) => !one.linuxOnly || platform === "linux");
  const there = await Promise.all(wanted.map(({ probe: [command, ...args] }) => answers(command, args)));
  return wanted.filter((_, at) => !there[at]);
}

/** The command that installs packages on Debian. */
export function installCommand(absent) {
  const packages = [...new Set(absent.map((one) => one.debian))].sort();
  return ["apt-get", "install", "-y", "--no-install-recommends", ...packages];
}

/** One line that says what is missing and how to get it. */
export function request(absent) {
  const names = absent.map((one) => one.name).join(", ");
  return `missing: ${names}; run: ${installCommand(absent).join(" ")}`;
}

/** Installs what is missing where that is possible; gives what is missing still. */
export async function provide(say, list = needed) {
  const absent = await missing(list);
  const mayInstall = process.getuid?.() === 0 && existsSync("/etc/debian_version");
  if (absent.length === 0 || !mayInstall) return absent;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const [apt, ...args] = installCommand(absent);
  say(`installing: ${args.slice(3).join(" ")}`);
  await run(apt, ["update"], { env });
  const { ok, lines } = await run(apt, args, { env });
  if (!ok) for (const line of lines.slice(-20)) say(line);
  return missing(absent);
}
