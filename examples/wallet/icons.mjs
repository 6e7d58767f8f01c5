// Draws the app's icon: a cloud over a coin, as PNG files of the sizes that windows and launchers ask for, and as the
// icon file that a Windows program carries.
//
// `node icons.mjs` writes src-tauri/icons. Shapes are distance fields, so every size is drawn, none is scaled.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32, deflateSync } from "node:zlib";

const SIZES = { "32x32.png": 32, "128x128.png": 128, "128x128@2x.png": 256, "icon.png": 512 };
/** Sizes in the icon file: title bar, task bar, and the views of the file explorer. */
const ICON_SIZES = [16, 24, 32, 48, 64, 256];
const folder = fileURLToPath(new URL("src-tauri/icons", import.meta.url));

const circle = (x, y, cx, cy, r) => Math.hypot(x - cx, y - cy) - r;
const box = (x, y, cx, cy, w, h, r) => {
  const [dx, dy] = [Math.abs(x - cx) - w + r, Math.abs(y - cy) - h + r];
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - r;
};
const mix = (a, b, t) => a.map((from, at) => from + (b[at] - from) * t);

/** Colour and coverage of one point of the unit square; `edge` is the width of a pixel. */
function point(x, y, edge) {
  const cover = (distance) => Math.min(Math.max(0.5 - distance / edge, 0), 1);
  const tile = cover(box(x, y, 0.5, 0.5, 0.47, 0.47, 0.21));
  const ground = mix([72, 92, 240], [22, 160, 178], Math.min(Math.max((x + y) / 2, 0), 1));
  const cloud = cover(
    Math.min(circle(x, y, 0.36, 0.5, 0.13), circle(x, y, 0.53, 0.42, 0.18), circle(x, y, 0.69, 0.52, 0.115), box(x, y, 0.52, 0.565, 0.29, 0.075, 0.07)),
  );
  const ring = cover(Math.abs(circle(x, y, 0.52, 0.49, 0.098)) - 0.022);
  const mark = Math.max(ring, cover(box(x, y, 0.52, 0.49, 0.014, 0.045, 0.014)));
  const colour = mix(mix(ground, [255, 255, 255], cloud), [52, 92, 225], mark * cloud);
  return [...colour, 255 * tile];
}

function png(size) {
  const rows = Buffer.alloc(size * (size * 4 + 1));
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const pixel = point((x + 0.5) / size, (y + 0.5) / size, 1 / size);
      rows.set(pixel.map(Math.round), y * (size * 4 + 1) + 1 + x * 4);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6], 8);
  const parts = [["IHDR", header], ["IDAT", deflateSync(rows, { level: 9 })], ["IEND", Buffer.alloc(0)]];
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), ...parts.map(([kind, body]) => chunk(kind, body))]);
}

function chunk(kind, body) {
  const named = Buffer.concat([Buffer.from(kind, "latin1"), body]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(body.length, 0);
  named.copy(framed, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}

/** A Windows icon file: a list of entries, then their images, which may be PNGs. */
function ico(sizes) {
  const images = sizes.map(png);
  const list = Buffer.alloc(6 + 16 * sizes.length);
  list.writeUInt16LE(1, 2);
  list.writeUInt16LE(sizes.length, 4);
  let offset = list.length;
  for (const [at, image] of images.entries()) {
    const entry = 6 + 16 * at;
    // 0 stands for 256.
    list.set([sizes[at] % 256, sizes[at] % 256], entry);
    list.writeUInt16LE(1, entry + 4);
    list.writeUInt16LE(32, entry + 6);
    list.writeUInt32LE(image.length, entry + 8);
    list.writeUInt32LE(offset, entry + 12);
    offset += image.length;
  }
  return Buffer.concat([list, ...images]);
}

for (const [name, size] of Object.entries(SIZES)) writeFileSync(join(folder, name), png(size));
writeFileSync(join(folder, "icon.ico"), ico(ICON_SIZES));
