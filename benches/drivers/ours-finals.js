// The package, speaking final results only.

import { prepareOurs, startOurs } from "./ours-session.js";

export const startBoth = (options) => startOurs(options, { stability: "none" });
export const prepare = prepareOurs;
