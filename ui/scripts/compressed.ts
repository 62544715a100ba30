// Puts a .br and a .gz beside every text file of a build, so that the server sends files as they are.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

/** What is worth it: fonts and pictures are compressed already. */
const TEXT = /\.(js|css|html|svg|json|txt|webmanifest)$/;
/** Below this many bytes a compressed form saves no packet. */
const LEAST = 1024;

async function one(path: string): Promise<void> {
  const bytes = await readFile(path);
  if (bytes.length < LEAST) return;
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };

  await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes, quality));
  await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }));
}

export function compressed(): Plugin {
  let folder = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
      if (config.build.outDir.startsWith("/")) folder = config.build.outDir;
    },
    async closeBundle() {
      const found = await readdir(folder, { recursive: true });
      await Promise.all(
        found.filter((name) => TEXT.test(name)).map((name) => one(join(folder, name))),
      );
    },
  };
}
