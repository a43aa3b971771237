// The package as it comes: its defaults, both pipelines in one session.

import { startOurs } from "./ours-session.js";

export const startBoth = (options) => startOurs(options, {});
