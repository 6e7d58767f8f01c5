// Fills a Kubo with pins of strangers, many thousands a second where its disk is one in memory.

import { createHash } from "node:crypto";

/** Roots in one CAR. */
const AT_ONCE = 2_000;

function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}

/** The head of a CBOR value: its major type, and a number. */
function head(major, value) {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 256) return Buffer.from([(major << 5) | 24, value]);
  return Buffer.from([(major << 5) | 25, value >> 8, value & 255]);
}

const text = (value) => Buffer.concat([head(3, value.length), Buffer.from(value)]);
const raw = (block) => Buffer.concat([Buffer.from([1, 0x55, 0x12, 0x20]), createHash("sha256").update(block).digest()]);
/** A CID that holds its block: no file of 4 KB on the disk for each, which 1.65 million would be. */
const inline = (block) => Buffer.concat([Buffer.from([1, 0x55, 0, block.length]), block]);

/** A CAR of so many small blocks, each a root. */
function car(first, count, cidOf) {
  const blocks = Array.from({ length: count }, (_, n) => Buffer.from(`stranger ${first + n}`));
  const cids = blocks.map(cidOf);
  const links = cids.map((cid) => Buffer.concat([Buffer.from([0xd8, 0x2a]), head(2, cid.length + 1), Buffer.from([0]), cid]));
  const header = Buffer.concat([head(5, 2), text("roots"), head(4, count), ...links, text("version"), head(0, 1)]);
  const sections = blocks.flatMap((block, n) => [varint(cids[n].length + block.length), cids[n], block]);
  return Buffer.concat([varint(header.length), header, ...sections]);
}

/** Pins blocks `from` to `to`; `say` hears how far it is. */
export async function fill(api, from, to, { isInline, say }) {
  for (let first = from; first < to; first += AT_ONCE) {
    const form = new FormData();
    form.append("file", new Blob([car(first, Math.min(AT_ONCE, to - first), isInline ? inline : raw)]));
    const answer = await fetch(`${api}/api/v0/dag/import?pin-roots=true&silent=true`, { method: "POST", body: form });
    const said = await answer.text();
    if (!answer.ok || said.split("\n").some((line) => line && JSON.parse(line).Root?.PinErrorMsg)) {
      throw new Error(`dag/import: status ${answer.status} ${said.slice(0, 200)}`);
    }
    if (first % 100_000 < AT_ONCE) say(`${first} of ${to} pins`);
  }
}
