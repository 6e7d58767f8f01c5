// What the project takes in from others: under which licences, with which known defects, and lists of it for those who ask.
//
// `npm test` looks at the advisories that are committed here, so that a run says tomorrow what it says today and needs no network.
// `npm run advisories` looks at the newest ones; before a release it is run with `--keep`, which commits them.

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check, sum, verdict } from "./run-steps.mjs";
import { env, must, root, run, say } from "./run.mjs";
import { cargoTool } from "./system.mjs";

const cargoDeny = () => cargoTool("cargo-deny", "0.20.2");
/** Files of RustSec's database at one commit, which is named beside it. */
const SNAPSHOT = join(root, "supply/advisory-db.tar.gz");
const SNAPSHOT_OF = join(root, "supply/advisory-db.json");
const DATABASE = "https://github.com/rustsec/advisory-db";
/** Where cargo-deny looks for a clone of that address. */
const CLONE = "advisory-db-3157b0e258782691";
const MANIFESTS = ["Cargo.toml", "fuzz/Cargo.toml"];
/** Licences of npm packages that any use here allows; none asks for the sources of what is built with it. OFL: a font in a program. */
const NPM_LICENCES = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0", "ISC", "MIT", "MIT-0", "OFL-1.1", "Unlicense"];
/** Tools of builds and tests that are in nothing that is published, used unchanged: weak copyleft, Python's licence. */
const NPM_TOOL_LICENCES = [...NPM_LICENCES, "MPL-2.0", "Python-2.0", "CC-BY-4.0"];

/** Step `deny`: licences, banned crates, sources, and the advisories that are committed. */
export async function deny() {
  const rules = [await cargoDeny(), ..."--color never --locked --workspace check bans licenses sources".split(" ")];
  return sum([await check(rules), await withClone(unpacked, checkAdvisories), await npmLicences()]);
}

/** `npm run advisories`: the newest, from where they are published or from a copy `from`; `keep` commits them here. */
export async function advisories({ from = DATABASE, keep = false }) {
  const cloned = (folder) => must(["git", "clone", "--quiet", "--depth", "1", from.includes("://") ? from : `file://${from}`, folder]);
  const counts = await withClone(cloned, async (databases) => {
    if (keep) await keepSnapshot(join(databases, CLONE));
    return checkAdvisories(databases);
  });
  if (counts.failed > 0) throw new Error("there are advisories for what is used here");
  // npm's own database; it is asked for where the registry is.
  await must("npm audit --package-lock-only --audit-level=low", { shown: true });
}

async function withClone(make, use) {
  const databases = await mkdtemp(join(tmpdir(), "ws-advisories-"));
  try {
    await make(join(databases, CLONE));
    return await use(databases);
  } finally {
    await rm(databases, { recursive: true, force: true });
  }
}

/** The snapshot as the clone that cargo-deny wants. */
async function unpacked(folder) {
  const { commit, date } = JSON.parse(await readFile(SNAPSHOT_OF, "utf8"));
  say(`advisories of ${date}, RustSec ${commit.slice(0, 12)}`);
  await mkdir(folder);
  await must(["tar", "-xzf", SNAPSHOT, "-C", folder]);
  const git = (...args) => must(["git", "-C", folder, "-c", "user.name=snapshot", "-c", "user.email=snapshot@localhost", ...args]);
  await git("init", "--quiet");
  await git("add", "--all", "--force");
  await git("-c", "commit.gpgsign=false", "commit", "--quiet", "--no-verify", "--message", commit);
}

async function keepSnapshot(clone) {
  const [commit, date] = (await must(["git", "-C", clone, "log", "-1", "--format=%H%n%cs"])).map((line) => line.trim());
  const pack = 'git -C "$1" archive --format=tar HEAD crates rust LICENSE.txt | gzip -9 -n > "$2"';
  await must(["sh", "-c", pack, "sh", clone, SNAPSHOT]);
  await writeFile(SNAPSHOT_OF, `${JSON.stringify({ source: DATABASE, commit, date }, null, 2)}\n`);
}

async function checkAdvisories(databases) {
  // The project's rules, with the place of the database. How old it may be is for the release, not for a test, to say.
  const config = join(databases, "deny.toml");
  const where = `[advisories]\ndb-path = ${JSON.stringify(databases)}\nmaximum-db-staleness = "P9Y"`;
  await writeFile(config, (await readFile(join(root, "deny.toml"), "utf8")).replace("[advisories]", where));
  const program = await cargoDeny();
  // The database is a folder here, so that cargo-deny goes nowhere; the crates of a machine that has built nothing yet are fetched first.
  for (const manifest of MANIFESTS) await must(["cargo", "fetch", "--locked", "--manifest-path", manifest]);
  const one = (manifest) => [program, ..."--color never --locked --offline --config".split(" "), config, "--manifest-path", manifest, "check", "advisories"];
  return check(...MANIFESTS.map(one));
}

/** Names of packages in a lock file of npm whose licence is not allowed: tools may have others than what is published. */
export function unlicensed(lock) {
  return Object.entries(lock.packages)
    .filter(([path, one]) => path.includes("node_modules/") && !one.link)
    .filter(([, one]) => !isAllowed(one.license ?? "", one.dev ? NPM_TOOL_LICENCES : NPM_LICENCES))
    .map(([path, one]) => `${path.split("node_modules/").at(-1)} ${one.version}: ${one.license ?? "no licence"}`);
}

/** `A OR B` needs one, `A AND B` all. */
const isAllowed = (licence, allowed) =>
  licence.replaceAll(/[()]/g, "").split(" OR ").some((choice) => choice.split(" AND ").every((one) => allowed.includes(one)));

async function npmLicences() {
  const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8"));
  return verdict(unlicensed(lock).map((one) => `licence of the npm package ${one}`));
}

/** `npm run sbom`: bills of materials (CycloneDX 1.5, JSON) of each program and of the TypeScript package, in a folder. */
export async function billsOfMaterials(folder = join(root, "target/sbom")) {
  const program = await cargoTool("cargo-cyclonedx", "0.5.9", { tellsVersion: false });
  await mkdir(folder, { recursive: true });
  // It writes beside each manifest.
  const beside = "wallet-sync-bom.json";
  await must([program, ..."cyclonedx --format json --spec-version 1.5 --target all --override-filename".split(" "), beside.replace(".json", "")]);
  for (const [name, where] of Object.entries(CRATES)) await writeBill(folder, name, await readFile(join(root, where, beside), "utf8"));
  for (const path of await must(["git", "ls-files", "--others", `*${beside}`])) await rm(join(root, path));
  for (const [name, where] of Object.entries(PACKAGES)) {
    const { lines } = await run(["npm", ..."sbom --sbom-format cyclonedx --package-lock-only --omit dev --workspace".split(" "), where]);
    await writeBill(folder, name, lines.join("\n"));
  }
}

const CRATES = { "tauri-plugin-wallet-sync": ".", walletsync: "examples/cli", "wallet-sync-wallet": "examples/wallet/src-tauri" };
/** npm makes none of the window of the example: it takes the nested packages of the reference for missing. */
const PACKAGES = { "tauri-plugin-wallet-sync-api": "guest-js" };

/** A bill says nothing of the machine that it was made on. */
async function writeBill(folder, name, text) {
  const path = join(folder, `${name}.cdx.json`);
  const bill = JSON.parse(text.replaceAll(root.replace(/\/$/, ""), "."));
  if (!(bill.components?.length > 0)) throw new Error(`${name}: a bill without a component`);
  await writeFile(path, `${JSON.stringify(bill, null, 2)}\n`);
  console.log(`${path}: ${bill.components.length} components`);
}

/** `npm run public-api`: whether the crate's public items are those of `supply/public-api.txt`; `keep` writes them there. */
export async function publicApi({ keep = false }) {
  const program = await cargoTool("cargo-public-api", "0.52.0");
  const golden = join(root, "supply/public-api.txt");
  const args = ["--package", "tauri-plugin-wallet-sync", "-sss", "--color", "never"];
  // Rustdoc's JSON is not stable yet; this lets a stable compiler write it.
  const { ok, reason, lines } = await run([program, ...args], { env: { RUSTC_BOOTSTRAP: "1", RUSTUP_TOOLCHAIN: env.RUSTUP_TOOLCHAIN ?? "stable" } });
  const items = lines.filter((line) => /^(pub|impl|#\[)/.test(line));
  if (!ok || items.length === 0) throw new Error([...lines.slice(-20), `cargo-public-api: ${reason}`].join("\n"));
  const before = existsSync(golden) ? (await readFile(golden, "utf8")).trimEnd().split("\n") : [];
  const changes = [...before.filter((one) => !items.includes(one)).map((one) => `- ${one}`), ...items.filter((one) => !before.includes(one)).map((one) => `+ ${one}`)];
  for (const change of changes) console.log(change);
  if (keep) await writeFile(golden, `${items.join("\n")}\n`);
  else if (changes.length > 0) throw new Error(`${changes.length} public items differ: a version of its own if that is meant, then \`npm run public-api -- --keep\``);
}
