import assert from "node:assert/strict";
import { test } from "node:test";
import { clientFeatures, copies, parseTree, shellCrates } from "../lib/dependency-tree.mjs";
import { lockAddresses, machinePaths } from "../lib/file-rules.mjs";

const TREE = [
  "tauri-plugin-wallet-sync v0.1.0 (/some/where)|",
  "reqwest v0.13.5|__tls,http2,stream",
  "url v2.5.0|default,std (*)",
  "url v2.5.0|default,std",
].join("\n");

test("a tree is read, each crate once", () => {
  const rows = parseTree(TREE);
  assert.deepEqual(rows.map((row) => row.name), ["tauri-plugin-wallet-sync", "reqwest", "url"]);
  assert.deepEqual(rows[1].features, ["__tls", "http2", "stream"]);
});

test("the shell's crates are found, the plugin itself is none", () => {
  assert.deepEqual(shellCrates(parseTree(TREE)), []);
  for (const name of ["tauri", "tauri-utils", "wry", "libp2p-kad"]) {
    assert.equal(shellCrates(parseTree(`${TREE}\n${name} v1.0.0|`)).length, 1, name);
  }
  assert.deepEqual(shellCrates(parseTree("tauriel v1.0.0|")), []);
});

test("the client neither decompresses nor uses the system's proxy", () => {
  assert.deepEqual(clientFeatures(parseTree(TREE)), []);
  for (const feature of ["gzip", "system-proxy", "default-tls"]) {
    assert.equal(clientFeatures(parseTree(`reqwest v0.13.5|http2,${feature}`)).length, 1, feature);
  }
  assert.equal(clientFeatures(parseTree("reqwest v0.12.0|\nreqwest v0.13.5|")).length, 1);
  assert.equal(clientFeatures([]).length, 1);
});

test("one copy of a crate, no more and no less", () => {
  const one = '[[package]]\nname = "a"\n';
  assert.deepEqual(copies(one, "a"), []);
  assert.equal(copies(one + one, "a").length, 1);
  assert.equal(copies(one, "b").length, 1);
});

test("download addresses in lock files", () => {
  const address = ["ht", "tp://registry/x.tgz"].join("");
  assert.equal(lockAddresses("a/package-lock.json", `"resolved": "${address}"`).length, 1);
  assert.deepEqual(lockAddresses("package-lock.json", '"resolved": "guest-js"'), []);
  assert.deepEqual(lockAddresses("src/a.rs", `"resolved": "${address}"`), []);
  const registry = 'source = "registry+index"\n';
  assert.deepEqual(lockAddresses("Cargo.lock", registry + registry), []);
  assert.equal(lockAddresses("Cargo.lock", `${registry}source = "git+repository"\n`).length, 1);
  assert.equal(lockAddresses("Cargo.lock", `${registry}source = "registry+other"\n`).length, 1);
});

test("paths of one machine", () => {
  // Put together, so that this file holds none.
  const path = (...parts) => ["", ...parts].join("/");
  for (const parts of [["root", ".cargo", "x"], ["home", "anna", "x"], ["work", "x"], ["Users", "anna", "x"]]) {
    assert.deepEqual(machinePaths("f", `ok\nat "${path(...parts)}"`).length, 1, parts.join(" "));
  }
  for (const text of [path("ipfs", "x"), path("home", "someone", "x"), `the ${path("home")} folder`, `n0${path("root", "x")}`, path("tmp", "x")]) {
    assert.deepEqual(machinePaths("f", ` ${text}`.replace(" n0", "n0")), [], text);
  }
});
