// What builds and tests need of the machine: what is missing is installed when this is root on Debian, else named with the command to
// run; compilers are asked for their version; programs from crates.io are built once.

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { cacheFolder, env, must, run, say } from "./run.mjs";

/** The oldest Kubo that is supported, and the last one before the pinned one. */
export const OLDEST_KUBO = "0.40.1";
export const FORMER_KUBO = "0.42.0";
/** The variable that names the `ipfs` of a Kubo other than the pinned one. */
export const ipfsVariable = (version) => `IPFS_BIN_${version.replaceAll(".", "_")}`;

/** What it is, how to find out whether it is there, the Debian package that brings it, and whether it is wanted on Linux only. */
export const debian = (name, probe, pack, linuxOnly = true) => ({ name, probe, pack, linuxOnly });
/** The same for what another command brings. */
export const broughtBy = (command, name, probe) => ({ name, probe, command });
/** Rust's library for another platform. */
export const rustTarget = (target) =>
  broughtBy(`rustup target add ${target}`, `Rust's ${target}`, `test -d "$(rustc --print sysroot)/lib/rustlib/${target}/lib"`);

export const forBuilds = [
  debian("a C compiler", "cc --version", "build-essential", false),
  debian("a C++ compiler", "c++ --version", "build-essential", false),
  debian("pkg-config", "pkg-config --version", "pkg-config"),
  debian("the web view that Tauri builds on", "pkg-config --exists webkit2gtk-4.1", "libwebkit2gtk-4.1-dev"),
  debian("git", "git --version", "git", false),
  debian("curl", "curl --version", "curl", false),
];
export const forTests = [
  debian("setsid", "setsid --version", "util-linux"),
  debian("ip", "ip -V", "iproute2"),
  debian("a network of its own for a process", "unshare --map-root-user --net --mount true", "util-linux"),
  debian("nginx", "nginx -v", "nginx-light"),
  debian("strace that may trace", "strace -f -qq -o /dev/null -e trace=pwrite64 true", "strace"),
];
/** What a window needs to be opened, and to be driven where no display is. */
export const forWindow = [
  debian("the driver of the web view", "command -v WebKitWebDriver", "webkit2gtk-driver"),
  debian("a virtual display", "command -v xvfb-run", "xvfb"),
  debian("xauth", "command -v xauth", "xauth"),
  debian("a session bus", "dbus-daemon --version", "dbus"),
  debian("a keyring", "gnome-keyring-daemon --version", "gnome-keyring"),
  debian("a monospaced font", "fc-list :spacing=100 | grep -q .", "fonts-dejavu-core"),
];

export const mayInstall = process.getuid?.() === 0 && existsSync("/etc/debian_version");

/** The ones that are missing here. */
export async function missing(list, platform = process.platform) {
  const wanted = list.filter((one) => !one.linuxOnly || platform === "linux");
  const found = await Promise.all(wanted.map(({ probe }) => run(["sh", "-c", probe], { limitMs: 30_000 })));
  return wanted.filter((_, at) => !found[at].ok);
}

/** Installs what is missing where that may be done; gives one complaint about what is missing still, or none. */
export async function provide(list, install = mayInstall) {
  const absent = await missing(list);
  if (absent.length === 0) return [];
  const packs = [...new Set(absent.flatMap((one) => one.pack ?? []))].sort().join(" ");
  const apt = packs && [`apt-get install -y --no-install-recommends ${packs}`];
  const commands = [...apt, ...absent.flatMap((one) => one.command ?? [])];
  const names = absent.map((one) => one.name).join(", ");
  if (!install) return [`missing: ${names}; run: ${commands.join(" && ")}`];
  say(`installing: ${names}`);
  for (const command of [...(packs && ["apt-get update"]), ...commands]) {
    const { ok, lines } = await run(["sh", "-c", command], { env: { DEBIAN_FRONTEND: "noninteractive" } });
    if (!ok) lines.slice(-20).forEach(say);
  }
  return provide(absent, false);
}

/** The same for who cannot do without. */
export async function need(list) {
  const [absent] = await provide(list);
  if (absent) throw new Error(absent);
}

/** Version that a program prints; "" when it cannot be run. */
async function version(command) {
  const { ok, lines } = await run(command, { limitMs: 30_000 });
  return (ok && /\d+\.\d+(\.\d+)?/.exec(lines.join("\n"))?.[0]) || "";
}

export const isAtLeast = (found, wanted) => found.localeCompare(wanted, "en", { numeric: true }) >= 0;

/** Complaints about what has to be installed by hand. */
export async function toolComplaints() {
  // A real Kubo: given, on PATH, or one that can be built.
  const hasKubo = (await version([env.IPFS_BIN || "ipfs", "version", "--number"])).startsWith("0.43.");
  const canBuild = hasKubo || env.IPFS_BIN || isAtLeast(await version("go version"), "1.26");
  const oldest = ipfsVariable(OLDEST_KUBO);
  const cached = join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), `wallet-sync-kubo/ipfs-${OLDEST_KUBO}`);
  const hasOldest = env[oldest] || existsSync(cached) || isAtLeast(await version("go version"), "1.26");
  const wanted = [
    [isAtLeast(await version("rustc --version"), "1.90"), "install Rust 1.90 or later, with clippy and rustfmt"],
    [await version("cargo-clippy --version"), "install clippy: rustup component add clippy"],
    [await version("cargo-fmt --version"), "install rustfmt: rustup component add rustfmt"],
    [isAtLeast(process.versions.node, "20.0"), "install Node 20 or later"],
    [hasKubo || !env.IPFS_BIN, "IPFS_BIN is not the ipfs binary of Kubo 0.43"],
    [canBuild, "install Go 1.26 or later, or Kubo 0.43 and set IPFS_BIN to its ipfs binary"],
    [hasOldest, `install Go 1.26 or later, or Kubo ${OLDEST_KUBO} and set ${oldest} to its ipfs binary`],
  ];
  return wanted.flatMap(([isThere, complaint]) => (isThere ? [] : [complaint]));
}

/** Path of a program from crates.io: the one on PATH if it tells that it is of this version, else one in the user's cache. */
export async function cargoTool(name, wanted, { tellsVersion = true } = {}) {
  if (tellsVersion && (await version(`${name} --version`)) === wanted) return name;
  const folder = join(cacheFolder(env), "tools", `${name}-${wanted}`);
  const program = join(folder, "bin", name);
  if (existsSync(program)) return program;
  say(`building ${name} ${wanted} once, this takes some minutes`);
  // Release profiles of such programs ask for the slowest build there is.
  const quick = ["codegen-units=16", 'lto="off"', "opt-level=0"].flatMap((setting) => ["--config", `profile.release.${setting}`]);
  // Without a target folder cargo builds in a temporary one.
  await must([..."env -u CARGO_TARGET_DIR cargo install --locked".split(" "), name, "--version", wanted, "--root", folder, ...quick]);
  return program;
}
