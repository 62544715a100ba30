// Measures what a browser loads before the first screen is there, and fails above the budget. First load = the
// entry, everything that it imports statically, the styles, and the Latin part of the three faces.
import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET = 250 * 1024;
const named = process.env.SUPERCARGO_UI_OUT ?? "dist";
const folder = isAbsolute(named) ? named : join(import.meta.dirname, "..", named);
const manifest = JSON.parse(readFileSync(join(folder, ".vite/manifest.json"), "utf8"));

const files = new Set();
function take(key) {
  const part = manifest[key];
  if (!part || files.has(part.file)) return;
  files.add(part.file);
  for (const style of part.css ?? []) files.add(style);
  for (const font of part.assets ?? [])
    if (/-latin-wght-normal.*\.woff2$/.test(font)) files.add(font);
  for (const next of part.imports ?? []) take(next);
}
for (const [key, part] of Object.entries(manifest)) if (part.isEntry) take(key);

const sizes = [...files].map((file) => {
  const bytes = readFileSync(join(folder, file));
  // A face is compressed as it is; everything else goes over the wire with gzip at worst.
  return [file, /\.woff2$/.test(file) ? bytes.length : gzipSync(bytes, { level: 9 }).length];
});
const sum = sizes.reduce((total, [, size]) => total + size, 0);
for (const [file, size] of sizes.sort((a, b) => b[1] - a[1]))
  console.log(`${String(size).padStart(8)}  ${file}`);
console.log(`${String(sum).padStart(8)}  first load, ${BUDGET} allowed`);

const fonts = sizes.filter(([file]) => file.endsWith(".woff2")).length;
if (fonts !== 3) throw new Error(`${fonts} faces were found, three are meant to be counted`);
if (sum > BUDGET) throw new Error(`the first load takes ${sum} bytes, ${BUDGET} are allowed`);
