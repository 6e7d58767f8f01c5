// The steps of a test run, in order: quick ones first, so that a slip is seen early; Kubo is built in the background until its
// turn comes, and nothing else runs during the tests, some of which measure time. What a step may hold is in run-steps.mjs.

import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildFuzzTargets, buildWallet, INSTALL_WEB, ipfsPath, onHiddenDisplay, windowDriver } from "./builds.mjs";
import { fuzz, what as fuzzed } from "./fuzz.mjs";
import { macos } from "./macos.mjs";
import * as rules from "./rules.mjs";
import { env, must, root, run, say } from "./run.mjs";
import { check, sum, verdict } from "./run-steps.mjs";
import { FORMER_KUBO, forBuilds, forTests, ipfsVariable, OLDEST_KUBO, provide, toolComplaints } from "./system.mjs";
import { deny } from "./supply.mjs";
import { windows } from "./windows.mjs";

const PLUGIN = "-p tauri-plugin-wallet-sync";
/** Every crate, with the plugin's tests over a mock runtime and the defects that the simulation plants. */
const FEATURES = ["specta", "test-ipc", "planted-bugs"].map((name) => `tauri-plugin-wallet-sync/${name}`);
const EVERYTHING = `--locked --workspace --features ${FEATURES}`;

/** One file after the other: some open a window, and times are looked at. The shell lists the files, for Node 20 does not. */
const nodeTests = (folder) =>
  ["sh", "-c", `exec "$0" --test --test-concurrency=1 --test-reporter=tap ${folder}/*.test.mjs`, process.execPath];

const vitest = (workspace) =>
  ({ command: `npm test -w ${workspace} -- --reporter=default --reporter=tap-flat`, read: rules.tapCounts, limitMs: 300_000 });

/** No file holds this; git shows where one does. */
const nowhere = (what, pattern, ...files) => {
  const script = 'pattern=$1; shift; git grep --untracked -nIP -e "$pattern" -- "$@"; test $? -eq 1';
  return { what, command: ["sh", "-c", script, "sh", pattern, ...files] };
};

const tools = async () => verdict([...(await provide([...forBuilds, ...forTests])), ...(await toolComplaints())]);

async function build() {
  const tests = await check(`cargo test ${EVERYTHING} --no-run`);
  await buildFuzzTargets();
  return sum([tests, { passed: 1, failed: 0 }]);
}

/** The pinned Kubo and older ones, one after the other: each build takes all cores. */
async function beginKubos(...older) {
  const paths = { IPFS_BIN: await ipfsPath({ before: "nice -n 10 " }) };
  for (const version of older) paths[ipfsVariable(version)] = await ipfsPath({ before: "nice -n 10 ", version });
  return paths;
}

async function kubo(begun) {
  try {
    Object.assign(env, await begun);
  } catch (error) {
    // So does each test that needs one, at once: it does not build again.
    for (const name of ["IPFS_BIN", ipfsVariable(OLDEST_KUBO)]) env[name] = "kubo-is-missing";
    throw error;
  }
  for (const path of Object.values(await begun)) say(`ipfs ${await must([path, "version", "--number"])}`);
  return { passed: 1, failed: 0 };
}

/** The same tests as in step `rust`, and those that take every supported version. */
async function kuboMatrix() {
  Object.assign(env, await beginKubos(OLDEST_KUBO, FORMER_KUBO));
  const which = "-p wallet-sync-harness --features kubo-matrix --test versions --test contract";
  return cargoTests(`cargo test --locked ${which} --no-fail-fast`);
}

const rust = () => cargoTests(`cargo test ${EVERYTHING} --no-fail-fast`);

async function cargoTests(command) {
  // A folder of its own for what tests put aside, so that nothing stays behind even of one that was killed.
  const temporary = await mkdtemp(join(tmpdir(), "ws-"));
  // A test runs as another user in there.
  await chmod(temporary, 0o711);
  const own = { env: { TMPDIR: temporary, RUST_BACKTRACE: "1" }, onLine: rules.sayProgress, limitMs: 45 * 60_000 };
  try {
    return await check({ command, read: rules.cargoTestCounts, name: rules.cargoTestNames, ...own });
  } finally {
    // The nodes of tests that did not live to stop them.
    for (const [prefix, script, verb] of [["kubo", "tests/kubo/cluster.sh", "stop"], ["nodes", "examples/nodes/nodes.sh", "down"]]) {
      for (const name of (await readdir(temporary)).filter((name) => name.startsWith(`wallet-sync-${prefix}-`))) {
        say(`a test left nodes behind: ${name}`);
        await run(["bash", script, verb, join(temporary, name)], { limitMs: 60_000 });
      }
    }
    await rm(temporary, { recursive: true, force: true });
  }
}

async function window() {
  env.TAURI_DRIVER = await windowDriver();
  env.IPFS_BIN ??= await ipfsPath();
  env.WALLET_APP = await buildWallet({ release: false });
  return check({ command: onHiddenDisplay(...nodeTests("examples/wallet/e2e")), read: rules.tapCounts, name: rules.tapNames, limitMs: 30 * 60_000 });
}

/** What git sees: its status, and a hash of every change to a file that it knows. */
const lookAtTree = () => must(["sh", "-c", "git status --porcelain=v1 && git diff HEAD | git hash-object --stdin | sed 's/^/contents /'"]);

async function cleanTree(begun) {
  const [before, now] = await Promise.all([begun, lookAtTree()]);
  const differing = [...now.filter((line) => !before.includes(line)), ...before.filter((line) => !now.includes(line))];
  return verdict(differing.map((line) => `the tree has changed: ${line}`));
}

const step = (name, what, ...commands) => ({ name, what, commands });

export const steps = [
  { name: "tools", what: "Rust, Node, Go or Kubo, and what the system brings", needed: true, run: tools },
  step("format", "rustfmt has nothing to change", "cargo fmt --all --check", "cargo fmt --check --manifest-path fuzz/Cargo.toml"),
  step(
    "files",
    "no download address in a lock file, no path of one machine anywhere",
    nowhere("a download address, or a crate that is not from crates.io", rules.ADDRESS, "*Cargo.lock", "*package-lock.json"),
    nowhere("a path of one machine", rules.MACHINE_PATH),
  ),
  step("scripts", "tests of these scripts", { command: nodeTests("scripts/tests"), read: rules.tapCounts, limitMs: 120_000 }),
  step(
    "web",
    "the TypeScript package and the wallet's front end: types, tests, builds, what would be published",
    { command: INSTALL_WEB, needed: true },
    "npm run lint -w guest-js",
    vitest("guest-js"),
    // Builds it too: the wallet imports what is published.
    "npm pack --dry-run -w guest-js",
    "npm run build -w docs/typescript",
    "npm run build -w examples/wallet",
    vitest("examples/wallet"),
  ),
  step("dependencies", "the engine without Tauri and libp2p, one plain HTTP client", {
    command: `cargo tree --locked --prefix none --format {p}|{f} -e normal,build ${PLUGIN} --no-default-features`,
    read: rules.engineCounts,
  }),
  step(
    "package",
    "the crate as it would be published, without a warning",
    { command: `cargo package --locked --no-verify --allow-dirty ${PLUGIN}`, read: rules.packageCounts, limitMs: 300_000 },
  ),
  step(
    "lints",
    "clippy without a warning, with all features and with none",
    `cargo clippy ${EVERYTHING} --all-targets -- -D warnings`,
    `cargo clippy --locked ${PLUGIN} --no-default-features --all-targets -- -D warnings`,
    "cargo clippy --locked -p wallet-sync-harness --features kubo-matrix --all-targets -- -D warnings",
  ),
  step("docs", "rustdoc without a warning", {
    command: `cargo doc ${EVERYTHING} --no-deps`,
    env: { RUSTDOCFLAGS: `${env.RUSTDOCFLAGS ?? ""} -D warnings` },
  }),
  { name: "deny", what: "cargo-deny: licences (npm's too), banned crates, sources, one SQLite, the advisories in supply/", run: deny },
  { name: "build", what: "every test and fuzz target compiles", run: build },
  { name: "kubo", what: "the oldest and the newest real Kubo, for the tests that need one", begin: () => beginKubos(OLDEST_KUBO), run: kubo },
  { name: "rust", what: "every Rust test of the workspace, doc tests too", run: rust },
  { name: "window", what: "the wallet in a real window, with embedded nodes and with real Kubo", run: window },
  { name: "kubo-matrix", what: "tests on every supported Kubo, mixed and updated", onRequest: true, run: kuboMatrix },
  windows,
  macos,
  { name: "fuzz", what: fuzzed, run: fuzz },
  { name: "clean-tree", what: "the run has changed no file of the project", begin: lookAtTree, run: cleanTree },
];
