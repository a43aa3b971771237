// The package's size by part: what a page loads in order to interpret.

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** `[{part, raw, gzip, brotli}]` in bytes, largest first, and their sum as `total`. */
export async function sizes(directory) {
  const parts = [];
  for (const name of await readdir(directory)) {
    if (!/\.(js|wasm)$/.test(name)) continue;
    const bytes = await readFile(join(directory, name));
    parts.push({
      part: name,
      raw: bytes.length,
      gzip: gzipSync(bytes, { level: 9 }).length,
      brotli: brotliCompressSync(bytes, {
        params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
      }).length,
    });
  }
  parts.sort((a, b) => b.raw - a.raw);
  const total = (field) => parts.reduce((sum, part) => sum + part[field], 0);
  return [...parts, { part: "total", raw: total("raw"), gzip: total("gzip"), brotli: total("brotli") }];
}
