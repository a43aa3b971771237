// What is to be reached, and whether it was: the run's numbers as Markdown.

import { bounds } from "./bound.mjs";
import { FAULTS } from "./scenarios.mjs";
import { quantile } from "./stats.mjs";

const SOCKETS = FAULTS.filter((name) => name !== "blocked");
const ms = (x) => (Number.isFinite(x) ? `${Math.round(x)}` : "–");
const whole = (x) => (x === undefined ? "–" : `${x}`);
const seconds = (x) => (Number.isFinite(x) ? (x / 1000).toFixed(2) : "–");
const directionsOf = (run, call, policy) => {
  const found = run.calls[call]?.policies[policy]?.directions;
  return found && Object.values(found);
};
const sum = (list, field) => list.reduce((all, each) => all + each[field], 0);

/** Delays of a direction: of the utterances whose last word was revised, or of the rest. */
export const delays = (direction, revised) => direction.utterances
  .filter((u) => u.delayMs !== undefined && Boolean(u.revised) === revised).map((u) => u.delayMs);

/** A row that holds a number of each direction, or any others, under a limit. */
function limit(what, target, most, values, show = ms, unit = "ms") {
  const seen = values?.filter((x) => x != null && !Number.isNaN(x)) ?? [];
  return {
    what, target,
    seen: seen.length > 0 ? `${seen.map(show).join(" / ")} ${unit}`.trim() : "not measured",
    met: seen.some((x) => x > most) ? false : seen.length > 0 && seen.length === values.length && !Number.isNaN(most) ? true : undefined,
  };
}

function againstBound(run, policy, label, bound) {
  const found = directionsOf(run, "turns", policy);
  const at = (p) => found?.map((d) => quantile(delays(d, false), p) - bound);
  return [
    limit(`turns, ${label}: median above its bound of ${ms(bound)} ms`, "≤ 60 ms", 60, at(0.5)),
    limit(`turns, ${label}: p95 above it`, "≤ 120 ms", 120, at(0.95)),
  ];
}

function revisedRow(run, all) {
  const list = directionsOf(run, "turns", "ours")?.flatMap((d) => delays(d, true)) ?? [];
  const most = all.revised + 120;
  return limit(`turns, last word revised (${list.length} utterances): p95`, `≤ ${ms(most)} ms`, most, list.length > 0 ? [quantile(list, 0.95)] : undefined);
}

/** Words of `ours` that were heard wrong, and those that its own finals contradict. */
function contradictions(run) {
  const calls = ["turns", "monologue", "dense", "rapid"].flatMap((call) => directionsOf(run, call, "ours") ?? []);
  const told = calls.map((d) => d.contradicted).filter(Boolean);
  const row = limit("words spoken that the final contradicts: heard / by the transcripts", "0", 0,
    calls.length === 0 ? undefined : [sum(calls, "wrongWords"), ...(told.length > 0 ? [sum(told, "contradicted")] : [])], whole, "");
  if (told.length > 0) row.seen += ` (of ${sum(told, "spoken")})`;
  return row;
}

/**
 * Requests that were answered, of both directions, per utterance that was said,
 * or per piece in which it was spoken.
 */
export function requestsPer(run, call, policy, service, each = 2 * run.calls[call]?.utterances) {
  const found = run.calls[call]?.policies[policy];
  if (!found) return undefined;
  const answers = Object.values(found.requests[service] ?? {}).reduce((all, count) => all + count, 0);
  return answers / each;
}

const factor = (x) => (Number.isFinite(x) ? x.toFixed(2) : "–");
const lost = (run, call, policy = "ours") => {
  const found = directionsOf(run, call, policy);
  return found && sum(found, "lostWords");
};

/** Utterances or words that changed places, in all calls. */
function disorder(run, policy) {
  const all = Object.keys(run.calls).flatMap((call) => directionsOf(run, call, policy) ?? []);
  return all.length > 0 ? sum(all, "outOfOrder") : undefined;
}

/** Each line of what is to be reached: `{what, target, seen, met}`; `met` is absent where nothing was measured. */
export function rows(run) {
  const all = bounds(run.delays, run.floor.median);
  const turns = run.calls.turns?.policies;
  const monologue = directionsOf(run, "monologue", "ours");
  const cut = monologue?.map((d) => d.segments.leastCutWords).filter((x) => x != null) ?? [];
  const words = (call) => Object.values(run.calls[call]?.words ?? {}).reduce((a, b) => a + b, 0);
  const startUp = run.startUp.ours;
  const code = run.sizes?.find(({ part }) => part === "total")?.brotli;
  const messages = turns?.ours?.streams.map((s) => s.messageMs);
  return [
    ...againstBound(run, "ours", "stability high", all.stability),
    ...againstBound(run, "ours-finals", "finals only, prepared ahead", all.prepared),
    revisedRow(run, all),
    contradictions(run),
    limit(`requests per piece spoken (${turns?.ours?.pieces ?? "–"} of ${2 * (run.calls.turns?.utterances ?? 0)} utterances): Translate / Polly`, "≤ 1.3", 1.3,
      turns?.ours?.pieces && ["translate", "polly"].map((service) => requestsPer(run, "turns", "ours", service, turns.ours.pieces)), factor, ""),
    limit("monologue: start → first sound", "≤ 3.0 s", 3000, monologue?.map((d) => quantile(d.utterances.map((u) => u.fromStartMs ?? Infinity), 1)), seconds, "s"),
    limit("monologue: word lag, median", "≤ 3.5 s", 3500, monologue?.map((d) => d.wordLags.median), seconds, "s"),
    monologue && cut.length === 0
      ? { what: "monologue: fewest words of a segment that no clause end or pause closes", target: "≥ 6", seen: "no such segment", met: true }
      : { what: "monologue: fewest words of a segment that no clause end or pause closes", target: "≥ 6",
        seen: cut.length > 0 ? cut.join(" / ") : "not measured", met: cut.length > 0 ? Math.min(...cut) >= 6 : undefined },
    { what: "monologue: segments per clause", target: "told", seen: monologue?.map((d) => factor(d.segments.perClause)).join(" / ") ?? "not measured" },
    limit(`main thread blocked 3 × 1 s: words lost of ${words("blocked")}`, "0", 0, run.calls.blocked && [lost(run, "blocked")], whole, ""),
    limit(`socket ${SOCKETS.join(" / ")}: words lost of ${words(SOCKETS.find((c) => run.calls[c]))} each`, "0", 0,
      SOCKETS.some((call) => run.calls[call]) ? SOCKETS.map((call) => lost(run, call)) : undefined, whole, ""),
    limit("out of order, in all calls", "0", 0, [disorder(run, "ours")], whole, ""),
    limit("main-thread time above the page alone, both directions", "≤ 5 ms/s", 5,
      turns?.ours && [turns.ours.cpu.taskMs - run.alone.taskMs], (x) => x.toFixed(1), "ms/s"),
    limit(`renderer CPU, both directions${turns?.["sample-way"] ? `; sample-way: ${ms(turns["sample-way"].cpu.rendererMs)} ms/s` : ""}`, "≤ sample-way",
      turns?.["sample-way"]?.cpu.rendererMs ?? NaN, turns?.ours && turns["sample-way"] && [turns.ours.cpu.rendererMs], ms, "ms/s"),
    limit("start-up, cold: module load → first audio at the service", "≤ 300 ms", 300, startUp?.cold && [startUp.cold.first.median]),
    limit("start-up, after `prepare()`", "≤ 120 ms", 120, startUp?.prepared && [startUp.prepared.first.median]),
    limit("originals through the mixer, above a bare loop", "≤ 10 ms", 10, run.originals && [run.originals.above.median], (x) => x.toFixed(1)),
    limit("length of an audio message, by default", "50 ms", 52, messages && [quantile(messages, 0.5)]),
    limit("wasm + JS that a page loads, brotli", "≤ 210 kB", 210_000, [code], (x) => (x / 1000).toFixed(1), "kB"),
  ];
}

/** The policies by their median over both directions, quickest first. */
export function order(run) {
  const medians = Object.entries(run.calls.turns?.policies ?? {})
    .map(([policy, { directions }]) => [policy, quantile(Object.values(directions).flatMap((d) => delays(d, false)), 0.5)])
    .sort(([, a], [, b]) => (Number.isNaN(a) - Number.isNaN(b)) || a - b);
  return medians.length === 0
    ? "order of the policies: not measured (turns)"
    : `order of the policies: ${medians.map(([policy, median]) => `${policy} ${ms(median)}`).join(" < ")} ms`;
}

/** The policies beside each other, a row each measure. */
function beside(run) {
  const policies = [...new Set([...Object.values(run.calls).flatMap((call) => Object.keys(call.policies)), ...Object.keys(run.startUp)])];
  const of = (call, show) => policies.map((policy) => {
    const found = directionsOf(run, call, policy);
    return found ? found.map(show).join(" · ") : "–";
  });
  const measures = [
    ["turns: end of speech → first sound, median / p95, ms", of("turns", (d) => `${ms(quantile(delays(d, false), 0.5))} / ${ms(quantile(delays(d, false), 0.95))}`)],
    ["monologue: start → first sound, s", of("monologue", (d) => seconds(quantile(d.utterances.map((u) => u.fromStartMs ?? NaN), 0.5)))],
    ["monologue: word lag, median, s", of("monologue", (d) => seconds(d.wordLags.median))],
    ["monologue: segments per clause", of("monologue", (d) => factor(d.segments.perClause))],
    ...["dense", "rapid"].flatMap((call) => [
      [`${call}: end of speech → first sound, median / p95, ms`, of(call, (d) => `${ms(d.delays.median)} / ${ms(d.delays.p95)}`)],
      [`${call}: words lost / doubled, utterances out of order`, of(call, (d) => `${d.lostWords} / ${d.doubledWords}, ${d.outOfOrder}`)],
    ]),
    ...FAULTS.map((call) => [`${call}: words lost / doubled, utterances out of order`, of(call, (d) => `${d.lostWords} / ${d.doubledWords}, ${d.outOfOrder}`)]),
    ["main-thread tasks above the page alone, ms/s", policies.map((p) => { const c = run.calls.turns?.policies[p]?.cpu; return c ? (c.taskMs - run.alone.taskMs).toFixed(1) : "–"; })],
    ["renderer, ms/s", policies.map((p) => ms(run.calls.turns?.policies[p]?.cpu.rendererMs))],
    ["requests per utterance said: Translate / Polly", policies.map((p) => ["translate", "polly"].map((s) => requestsPer(run, "turns", p, s)?.toFixed(2) ?? "–").join(" / "))],
    ["start-up, cold / prepared, ms", policies.map((p) => `${ms(run.startUp[p]?.cold?.first.median)} / ${ms(run.startUp[p]?.prepared?.first.median)}`)],
  ].filter(([, cells]) => cells.some((cell) => !/^[–/ ]+$/.test(cell)));
  return [`| | ${policies.join(" | ")} |`, `|---|${policies.map(() => "---|").join("")}`, ...measures.map(([what, cells]) => `| ${what} | ${cells.join(" | ")} |`)].join("\n");
}

/** The whole of `table.md`. */
export function markdown(run) {
  const d = run.delays;
  const yes = { true: "yes", false: "**no**", undefined: "–" };
  return [
    `Delays set: P ${d.partialMs}, S ${d.stableMs}, E ${d.finalMs}, T ${d.translateMs}, Y ${d.pollyFirstByteMs} ms, RTT ${d.rttMs} ms; measured floor F ${run.floor.median.toFixed(1)} ms; ${run.machine.browser}, ${run.machine.cores} cores${run.quick ? "; a short run, which only shows that it works" : ""}. Two figures: customer → agent / agent → customer.`,
    "",
    "| to reach | target | seen | met |",
    "|---|---|---|---|",
    ...rows(run).map(({ what, target, seen, met }) => `| ${what} | ${target} | ${seen} | ${yes[met]} |`),
    "",
    `The ${order(run)}.`,
    "",
    beside(run),
    "",
  ].join("\n");
}
