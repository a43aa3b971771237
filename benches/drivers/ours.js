// The package as it comes: its defaults, both pipelines in one session.

import { prepareOurs, startOurs } from "./ours-session.js";

export const startBoth = (options) => startOurs(options, {});
export const prepare = prepareOurs;
