// A run's files: the numbers, the table and the picture.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { report } from "./report.mjs";
import { markdown } from "./targets.mjs";
import { waterfall } from "./waterfall.mjs";

/** Writes them below `out` and gives the report. All come from what is in results.json. */
export async function write(run, out) {
  const json = `${JSON.stringify(run, null, 1)}\n`;
  const numbers = JSON.parse(json);
  await writeFile(join(out, "results.json"), json);
  await writeFile(join(out, "table.md"), markdown(numbers));
  await writeFile(join(out, "waterfall.svg"), waterfall(numbers));
  return report(numbers);
}
