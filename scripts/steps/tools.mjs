import { capture } from "../lib/run.mjs";
import { verdict } from "../lib/checked.mjs";
import { provide, request } from "../lib/system-packages.mjs";
import { isAtLeast, parseVersion } from "../lib/versions.mjs";

const RUST = [1, 90];
const NODE = [20, 0];
const GO = [1, 26];
const KUBO = [0, 43];

/** Version that a program tells; `null` when it cannot be run. */
async function version(context, command, args) {
  try {
    return parseVersion(await capture(command, args, { env: context.env, limitMs: 30_000 }));
  } catch {
    return null;
  }
}

async function rust(context) {
  const found = await version(context, "rustc", ["--version"]);
  if (!found || !isAtLeast(found, RUST)) return ["install Rust 1.90 or later, with clippy and rustfmt"];
  const parts = [["clippy", "cargo-clippy"], ["rustfmt", "cargo-fmt"]];
  const absent = [];
  for (const [part, program] of parts) {
    if (!(await version(context, program, ["--version"]))) absent.push(`install ${part}: rustup component add ${part}`);
  }
  return absent;
}

function node() {
  const found = parseVersion(process.versions.node);
  return isAtLeast(found, NODE) ? [] : ["install Node 20 or later"];
}

/** A real Kubo: given, on PATH, or buildable. */
async function kubo(context) {
  const given = context.env.IPFS_BIN;
  const found = await version(context, given || "ipfs", ["version", "--number"]);
  if (found && found[0] === KUBO[0] && found[1] === KUBO[1]) return [];
  if (given) return ["IPFS_BIN is not the ipfs binary of Kubo 0.43"];
  const go = await version(context, "go", ["version"]);
  return go && isAtLeast(go, GO) ? [] : ["install Go 1.26 or later, or Kubo 0.43 and set IPFS_BIN to its ipfs binary"];
}

export const tools = {
  name: "tools",
  what: "Rust, Node, Go or Kubo, and what the system brings",
  needed: true,
  async run(context) {
    const absent = await provide(context.say);
    const system = absent.length > 0 ? [request(absent)] : [];
    return verdict(context, [...system, ...(await rust(context)), ...node(), ...(await kubo(context))]);
  },
};
