// The pictures of the README: small ones. A screenshot has a few hundred colours that matter; they become a palette, so
// that a picture takes a third of its bytes and looks the same.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";

export const MOST_BYTES = 120_000;
/** So many of the colours that are there most, and so many of those that are least like them: a dot of one is seen. */
const COMMON = 180;
const RARE = 75;
/** Fewer points than this are the edge of a letter. */
const LEAST = 8;

/** The pixels of a picture, decoded by the browser. */
async function pixels(page, png) {
  const [width, height, text] = await page.evaluate(async (data) => {
    const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const image = context.getImageData(0, 0, bitmap.width, bitmap.height).data;
    let signs = "";
    for (let at = 0; at < image.length; at += 8_192)
      signs += String.fromCharCode(...image.subarray(at, at + 8_192));
    return [bitmap.width, bitmap.height, btoa(signs)];
  }, png.toString("base64"));
  return { width, height, data: Buffer.from(text, "base64") };
}

const rgb = (data, at) => (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
const far = (a, b) => {
  const [red, green, blue] = [16, 8, 0].map((bits) => ((a >> bits) & 255) - ((b >> bits) & 255));
  return red * red * 2 + green * green * 4 + blue * blue;
};

/** The colours that are there most, and which of them stands for each. */
function palette(data) {
  const counts = new Map();
  for (let at = 0; at < data.length; at += 4) {
    const colour = rgb(data, at);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const sorted = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  const kept = sorted.slice(0, COMMON);
  const rest = sorted.slice(COMMON).filter((colour) => counts.get(colour) >= LEAST);
  const away = new Map(
    rest.map((colour) => [colour, Math.min(...kept.map((one) => far(one, colour)))]),
  );
  while (kept.length < COMMON + RARE && away.size > 0) {
    const [next] = [...away].reduce((a, b) => (b[1] > a[1] ? b : a));
    kept.push(next);
    away.delete(next);
    for (const [colour, was] of away) away.set(colour, Math.min(was, far(next, colour)));
  }
  const index = new Map(kept.map((colour, at) => [colour, at]));
  for (const colour of sorted.filter((one) => !index.has(one))) {
    let best = 0;
    for (let at = 1; at < kept.length; at += 1)
      if (far(kept[at], colour) < far(kept[best], colour)) best = at;
    index.set(colour, best);
  }
  return { kept, index };
}

function chunk(type, body) {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length);
  head.write(type, 4, "latin1");
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(Buffer.concat([head.subarray(4), body])));
  return Buffer.concat([head, body, sum]);
}

/** The same picture with a palette. */
async function small(page, png) {
  const { width, height, data } = await pixels(page, png);
  const { kept, index } = palette(data);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      rows[y * (width + 1) + 1 + x] = index.get(rgb(data, (y * width + x) * 4));

  const head = Buffer.alloc(13);
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", head),
    chunk("PLTE", Buffer.from(kept.flatMap((one) => [one >> 16, (one >> 8) & 255, one & 255]))),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Takes a picture into a folder; answers its size. */
export async function picture(page, folder, name) {
  mkdirSync(folder, { recursive: true });
  const bytes = await small(page, await page.screenshot());
  writeFileSync(join(folder, `${name}.png`), bytes);
  return bytes.length;
}
