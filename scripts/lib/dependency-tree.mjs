// What `cargo tree --prefix none --format "{p}|{f}"` prints, and what must not be in it.

/** Rows of the tree, each crate once: name, version, features. */
export function parseTree(text) {
  const rows = new Map();
  for (const line of text.split("\n")) {
    const found = /^(\S+) v(\S+)[^|]*\|([^ ]*)/.exec(line);
    if (found) rows.set(`${found[1]} ${found[2]}`, { name: found[1], version: found[2], features: found[3].split(",") });
  }
  return [...rows.values()];
}

/** Crates that the engine alone must do without. */
export function shellCrates(rows) {
  const isShell = ({ name }) => name !== "tauri-plugin-wallet-sync" && /^(tauri|wry|tao|libp2p)(-|$)/.test(name);
  return rows.filter(isShell).map(({ name, version }) => `${name} ${version} is in the tree without features`);
}

const UNWANTED = /^(gzip|brotli|deflate|zstd|default|default-tls|native-tls.*|system-proxy|cookies|charset)$/;

/** Features of the HTTP client that would decode, remember or redirect behind our back. */
export function clientFeatures(rows) {
  const clients = rows.filter(({ name }) => name === "reqwest");
  if (clients.length !== 1) return [`${clients.length} versions of reqwest are in the tree`];
  const unwanted = clients[0].features.filter((feature) => UNWANTED.test(feature));
  return unwanted.map((feature) => `reqwest is built with ${feature}`);
}

/** A second copy of a crate in a lock file. */
export function copies(lock, crate) {
  const count = lock.split("\n").filter((line) => line === `name = "${crate}"`).length;
  return count === 1 ? [] : [`${count} copies of ${crate}`];
}
