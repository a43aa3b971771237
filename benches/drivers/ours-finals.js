// The package, speaking final results only.

import { startOurs } from "./ours-session.js";

export const startBoth = (options) => startOurs(options, { stability: "none" });
