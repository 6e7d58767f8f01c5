// What builds and tests need of the machine: packages of the system are installed when this is root on Debian, else named with the
// command to run; compilers are asked for their version; programs from crates.io are built once.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, env, must, run, say } from "./run.mjs";

/** What it is, how to find out whether it is there, the Debian package that brings it, and whether it is wanted on Linux only. */
const row = (name, probe, debian, linuxOnly = true) => ({ name, probe, debian, linuxOnly });

export const forBuilds = [
  row("a C compiler", "cc --version", "build-essential", false),
  row("a C++ compiler", "c++ --version", "build-essential", false),
  row("pkg-config", "pkg-config --version", "pkg-config"),
  row("the web view that Tauri builds on", "pkg-config --exists webkit2gtk-4.1", "libwebkit2gtk-4.1-dev"),
  row("git", "git --version", "git", false),
  row("curl", "curl --version", "curl", false),
];
export const forTests = [
  row("setsid", "setsid --version", "util-linux"),
  row("strace that may trace", "strace -f -qq -o /dev/null -e trace=pwrite64 true", "strace"),
];
/** What a window needs to be opened, and to be driven where no display is. */
export const forWindow = [
  row("the driver of the web view", "command -v WebKitWebDriver", "webkit2gtk-driver"),
  row("a virtual display", "command -v xvfb-run", "xvfb"),
  row("xauth", "command -v xauth", "xauth"),
  row("a session bus", "dbus-daemon --version", "dbus"),
  row("a keyring", "gnome-keyring-daemon --version", "gnome-keyring"),
  row("a monospaced font", "fc-list :spacing=100 | grep -q .", "fonts-dejavu-core"),
];

/** The ones that are missing here. */
export async function missing(list, platform = process.platform) {
  const wanted = list.filter((one) => !one.linuxOnly || platform === "linux");
  const found = await Promise.all(wanted.map(({ probe }) => run(["sh", "-c", probe], { limitMs: 20_000 })));
  return wanted.filter((_, at) => !found[at].ok);
}

/** Installs what is missing where that may be done; gives one complaint about what is missing still, or none. */
export async function provide(list, mayInstall = process.getuid?.() === 0 && existsSync("/etc/debian_version")) {
  const absent = await missing(list);
  if (absent.length === 0) return [];
  const packages = [...new Set(absent.map((one) => one.debian))].sort().join(" ");
  const command = `apt-get install -y --no-install-recommends ${packages}`;
  if (!mayInstall) return [`missing: ${absent.map((one) => one.name).join(", ")}; run: ${command}`];
  say(`installing: ${packages}`);
  const quiet = { env: { DEBIAN_FRONTEND: "noninteractive" } };
  await run("apt-get update", quiet);
  const { ok, lines } = await run(command, quiet);
  if (!ok) lines.slice(-20).forEach(say);
  return provide(absent, false);
}

/** Version that a program prints; "" when it cannot be run. */
async function version(command) {
  const { ok, lines } = await run(command, { limitMs: 30_000 });
  return (ok && /\d+\.\d+(\.\d+)?/.exec(lines.join("\n"))?.[0]) || "";
}

export const isAtLeast = (found, wanted) => found.localeCompare(wanted, "en", { numeric: true }) >= 0;

/** Complaints about what has to be installed by hand. */
export async function toolComplaints() {
  const complaints = [];
  const want = (isThere, complaint) => isThere || complaints.push(complaint);
  want(isAtLeast(await version("rustc --version"), "1.90"), "install Rust 1.90 or later, with clippy and rustfmt");
  want(await version("cargo-clippy --version"), "install clippy: rustup component add clippy");
  want(await version("cargo-fmt --version"), "install rustfmt: rustup component add rustfmt");
  want(isAtLeast(process.versions.node, "20.0"), "install Node 20 or later");
  // A real Kubo: given, on PATH, or one that can be built.
  const hasKubo = (await version([env.IPFS_BIN || "ipfs", "version", "--number"])).startsWith("0.43.");
  if (env.IPFS_BIN) want(hasKubo, "IPFS_BIN is not the ipfs binary of Kubo 0.43");
  const canBuild = hasKubo || env.IPFS_BIN || isAtLeast(await version("go version"), "1.26");
  want(canBuild, "install Go 1.26 or later, or Kubo 0.43 and set IPFS_BIN to its ipfs binary");
  return complaints;
}

/** Path of a program from crates.io: the one on PATH if it tells that it is of this version, else one in the user's cache. */
export async function cargoTool(name, wanted, { tellsVersion = true } = {}) {
  if (tellsVersion && (await version(`${name} --version`)) === wanted) return name;
  const folder = join(cacheFolder(env), "tools", `${name}-${wanted}`);
  const program = join(folder, "bin", name);
  if (existsSync(program)) return program;
  say(`building ${name} ${wanted} once, this takes some minutes`);
  // Release profiles of such programs ask for the slowest build there is.
  const quick = ["codegen-units=16", 'lto="off"', "opt-level=1"].flatMap((setting) => ["--config", `profile.release.${setting}`]);
  // Without a target folder cargo builds in a temporary one.
  await must([..."env -u CARGO_TARGET_DIR cargo install --locked".split(" "), name, "--version", wanted, "--root", folder, ...quick]);
  return program;
}
