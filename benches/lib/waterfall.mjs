// Where the time of each utterance goes, as a picture: one panel for each
// policy that tells its marks, one row per utterance. Nothing but the run's
// numbers goes in, so the same numbers give the same picture.

import { quantile } from "./stats.mjs";

/** The steps in their usual order; work done ahead may come before `committed`. */
const STAGES = [
  ["firstPartialMs", "first partial", "partial"],
  ["committedMs", "committed", "committed"],
  ["translatedMs", "translated", "translated"],
  ["firstByteMs", "first byte", "byte"],
  ["heardMs", "heard", "heard"],
  ["endedMs", "ended", "ended"],
];
const WIDTH = 960;
const LEFT = 20;
const PLOT = WIDTH - 2 * LEFT;
const STYLE = `
  svg { --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --back: #ffffff;
    --partial: #8c959f; --committed: #3b73c4; --translated: #1a9480; --byte: #d98a1c; --heard: #c2405a; --ended: #dfe3e8; }
  @media (prefers-color-scheme: dark) {
    svg { --ink: #e6edf3; --soft: #9aa4af; --line: #3a424c; --back: #0d1117;
      --partial: #7d8590; --committed: #6a9ff0; --translated: #3bbfa5; --byte: #e8ac4f; --heard: #f0708a; --ended: #2d343d; }
  }
  text { font: 12px system-ui, sans-serif; fill: var(--soft); }
  .name { font-size: 15px; font-weight: 600; fill: var(--ink); }
  .back { fill: var(--back); }
  .grid { stroke: var(--line); stroke-width: 1; }
  .mark { stroke: var(--ink); stroke-width: 1; }
  .p95 { stroke-dasharray: 4 3; }
${STAGES.map(([, , name]) => `  .${name} { fill: var(--${name}); }`).join("\n")}
`;

const n = (x) => String(Math.round(10 * x) / 10);
const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/**
 * The stretches of one utterance, ms after the end of its last word: each is
 * named after the step that ends it. What was done before that end takes none
 * of the time that is looked at.
 */
export function stretches(marks) {
  // These follow from each other; two clocks may be a few milliseconds apart.
  let atLeast = -Infinity;
  const inTurn = (field) => {
    const ms = marks[field] - marks.capturedMs;
    if (!["translatedMs", "firstByteMs", "heardMs", "endedMs"].includes(field) || !Number.isFinite(ms)) return ms;
    return (atLeast = Math.max(atLeast, ms));
  };
  const done = STAGES
    .map(([field, , name]) => ({ name, toMs: inTurn(field) }))
    .filter(({ toMs }) => Number.isFinite(toMs) && toMs > 0)
    .sort((a, b) => a.toMs - b.toMs);
  return done.map(({ name, toMs }, i) => ({ name, fromMs: done[i - 1]?.toMs ?? 0, toMs }));
}

/** By policy, the utterances with marks that were heard, in the order of their speaking. */
function panelsOf(call) {
  return Object.entries(call.policies).flatMap(([policy, { latencies }]) => {
    const rows = latencies
      .filter(({ marks }) => Number.isFinite(marks.heardMs - marks.capturedMs))
      .sort((a, b) => b.speaker.localeCompare(a.speaker) || a.marks.capturedMs - b.marks.capturedMs);
    if (rows.length === 0) return [];
    const heard = rows.map(({ marks }) => marks.heardMs - marks.capturedMs);
    return [{ policy, rows, median: quantile(heard, 0.5), p95: quantile(heard, 0.95), most: quantile(heard, 1) }];
  });
}

function panel({ policy, rows, median, p95 }, top, scale, endMs, stepMs) {
  const height = rows.length > 60 ? 4 : 7;
  const from = top + 52;
  const to = from + rows.length * height + (rows.some((r, i) => i > 0 && r.speaker !== rows[i - 1].speaker) ? 8 : 0);
  const x = (ms) => n(LEFT + Math.min(ms, endMs) * scale);
  const out = [];
  const medians = STAGES.slice(0, 5).map(([field, label]) =>
    `${label} ${Math.round(quantile(rows.map(({ marks }) => marks[field] - marks.capturedMs).filter(Number.isFinite), 0.5))}`);
  out.push(`<text class="name" x="${LEFT}" y="${top + 16}">${escaped(policy)}</text>`,
    `<text x="${LEFT}" y="${top + 34}">${rows.length} utterances; medians, ms: ${medians.join(" · ")}</text>`);
  for (let ms = 0; ms <= endMs; ms += stepMs) {
    out.push(`<line class="grid" x1="${x(ms)}" x2="${x(ms)}" y1="${from}" y2="${to}"/>`,
      `<text x="${x(ms)}" y="${to + 15}" text-anchor="middle">${ms}</text>`);
  }
  let y = from;
  rows.forEach(({ speaker, utteranceId, marks }, i) => {
    if (i > 0 && rows[i - 1].speaker !== speaker) y += 8;
    const bars = stretches(marks).filter(({ fromMs }) => fromMs < endMs).map(({ name, fromMs, toMs }) =>
      `<rect class="${name}" x="${x(fromMs)}" y="${y}" width="${n((Math.min(toMs, endMs) - fromMs) * scale)}" height="${height - 1}"/>`);
    out.push(`<g><title>${speaker} ${utteranceId}: heard after ${Math.round(marks.heardMs - marks.capturedMs)} ms</title>${bars.join("")}</g>`);
    y += height;
  });
  for (const [label, ms, name, anchor, dx] of [["median", median, "mark", "end", -3], ["p95", p95, "mark p95", "start", 3]]) {
    out.push(`<line class="${name}" x1="${x(ms)}" x2="${x(ms)}" y1="${from - 5}" y2="${to}"/>`,
      `<text x="${n(Number(x(ms)) + dx)}" y="${from - 4}" text-anchor="${anchor}">${label} ${Math.round(ms)}</text>`);
  }
  return { svg: out.join("\n"), bottom: to + 34 };
}

/** The picture of a run's `turns`, or of the first call in which marks are told. */
export function waterfall(run) {
  const [name, call] = Object.entries(run.calls)
    .sort(([a], [b]) => (b === "turns") - (a === "turns"))
    .find(([, each]) => panelsOf(each).length > 0) ?? [];
  const panels = call ? panelsOf(call) : [];
  // A few that were very late may run off the edge; the rest is to be seen.
  const endMs = 250 * Math.ceil(Math.max(500, ...panels.map(({ p95, most }) => Math.min(1.1 * most, 1.5 * p95))) / 250);
  const scale = PLOT / endMs;
  const stepMs = endMs > 5000 ? 1000 : endMs > 2500 ? 500 : 250;
  const out = [`<text class="name" x="${LEFT}" y="26">${panels.length === 0
    ? "No policy of this run tells its marks"
    : `${name}: where the time goes, from the end of an utterance’s last word, ms`}</text>`];
  let legendX = LEFT;
  for (const [, label, css] of STAGES) {
    out.push(`<rect class="${css}" x="${legendX}" y="40" width="12" height="12"/>`, `<text x="${legendX + 17}" y="50">until ${label}</text>`);
    legendX += Math.round(70 + 6.4 * label.length);
  }
  out.push(`<text x="${LEFT}" y="70">The customer’s utterances above, the agent’s below; what was done before the last word ended takes no time here.</text>`);
  let bottom = 84;
  for (const each of panels) {
    const drawn = panel(each, bottom, scale, endMs, stepMs);
    out.push(drawn.svg);
    bottom = drawn.bottom;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom}" width="${WIDTH}" height="${bottom}" role="img">
<style>${STYLE}</style>
<rect class="back" width="${WIDTH}" height="${bottom}"/>
${out.join("\n")}
</svg>
`;
}
