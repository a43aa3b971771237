// `node benches/render.mjs [FILE]`: the report, table.md and waterfall.svg of an
// earlier run, from its results.json; the files are written beside it.

import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { write } from "./lib/write.mjs";

const file = resolve(process.argv[2] ?? fileURLToPath(new URL("out/results.json", import.meta.url)));
process.stdout.write(`${await write(JSON.parse(await readFile(file, "utf8")), dirname(file))}\n`);
