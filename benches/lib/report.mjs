// The run's numbers as text.

import { bounds, wholeClip } from "./bound.mjs";
import { quantile } from "./stats.mjs";
import { delays, order, rows } from "./targets.mjs";

/** Rows of cells as aligned text; the first row is the head. */
export function table(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => String(row[i]).length)));
  const line = (row) => row.map((cell, i) => (i < 1 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i]))).join("  ").trimEnd();
  const [head, ...rest] = rows;
  return [line(head), widths.map((w) => "-".repeat(w)).join("  "), ...rest.map(line)].join("\n");
}

const ms = (x) => (Number.isFinite(x) ? Math.round(x).toString() : "-");
const one = (x) => (Number.isFinite(x) ? x.toFixed(1) : "-");
const kb = (x) => (x / 1000).toFixed(1);
const ARROW = { customer: "customer → agent", agent: "agent → customer" };

/** The bound that a policy is held to. */
function boundOf(policy, run, speaker) {
  const all = bounds(run.delays, run.floor.median);
  if (policy === "ours") return all.stability;
  if (policy === "ours-finals") return all.finals;
  if (policy === "sample-way") {
    return quantile(run.calls.turns.policies[policy].directions[speaker].utterances.map((u) => wholeClip(run.delays, run.floor.median, u.lengthS)), 0.5);
  }
  return NaN;
}

/** `requests`: the stand-in's counts, by service and outcome. */
function perUtterance(requests, utterances) {
  const all = Object.entries(requests).flatMap(([service, outcomes]) =>
    Object.entries(outcomes).map(([outcome, n]) => `${service} ${outcome} ${(n / utterances).toFixed(2)}`));
  return all.join(", ") || "none";
}

const STEPS = ["firstPartialMs", "committedMs", "translatedMs", "firstByteMs", "heardMs", "endedMs"];

/**
 * Median of each step after the end of the last word, of the `latency` events
 * that a driver passes on; ms.
 */
export function steps(events, speaker) {
  const marks = events.filter((e) => e.type === "latency" && e.speaker === speaker).map((e) => e.marks);
  return Object.fromEntries(STEPS.map((step) => [step, quantile(marks.map((m) => m[step] - m.capturedMs).filter(Number.isFinite), 0.5)]));
}

const each = (call, show) => Object.entries(call.policies).flatMap(([policy, measured]) =>
  Object.entries(measured.directions).map(([speaker, result]) => [policy, ARROW[speaker], ...show(result, measured, speaker, policy)]));

/** What came out of a call, whole and in order or not. */
function heard(call) {
  return table([
    ["policy", "direction", "found", "lost", "out of order", "words", "lost", "doubled", "wrong", "overlaps", "pieces", "holes (ms)", "cuts", "doubled audio"],
    ...each(call, (r) => [r.found, r.lost, r.outOfOrder, r.words, r.lostWords, r.doubledWords, r.wrongWords, r.overlaps, r.pieces,
      `${r.holes.length} (${ms(r.holes.reduce((sum, h) => sum + h.ms, 0))})`, r.cuts.length, r.doubledAudio.length]),
  ]);
}

function turns(call, run) {
  const sample = call.policies["sample-way"];
  return [
    `turns: ${call.utterances} utterances a speaker; both speak, at once for ${Math.round(call.togetherS)} of ${Math.round(call.seconds)} s`,
    "",
    "End of speech → first sound, ms",
    table([
      ["policy", "direction", "median", "p95", "÷ sample-way", "bound", "above it", "revised: n", "median"],
      ...each(call, (result, _, speaker, policy) => {
        const plain = delays(result, false);
        const revised = delays(result, true);
        const bound = boundOf(policy, run, speaker);
        const median = quantile(plain, 0.5);
        return [ms(median), ms(quantile(plain, 0.95)), sample ? (median / quantile(delays(sample.directions[speaker], false), 0.5)).toFixed(2) : "-",
          ms(bound), ms(median - bound), revised.length, ms(quantile(revised, 0.5))];
      }),
    ]),
    order(run),
    "",
    "What was heard",
    heard(call),
    "",
    "What the policy says of itself: from the end of the last word at its tap, median ms; words that it spoke and its finals contradict; prepared ahead",
    table([
      ["policy", "direction", "first partial", "committed", "translated", "first byte", "heard", "ended", "contradicted", "hits/misses"],
      ...each(call, (result, { marks, ahead }, speaker) => [...STEPS.map((step) => ms(marks[speaker][step])),
        result.contradicted ? `${result.contradicted.contradicted} of ${result.contradicted.spoken}` : "-", ahead ? `${ahead.hits}/${ahead.misses}` : "-"]),
    ]),
    "",
    "Processor time, ms per second of call, both directions; in brackets above the page alone",
    table([
      ["", "main-thread tasks", "main thread", "workers", "audio threads", "renderer", "other processes", "stand-in"],
      cpuRow("page alone", run.alone),
      ...Object.entries(call.policies).map(([policy, { cpu }]) => cpuRow(policy, cpu, run.alone)),
    ]),
    "",
    "Audio that came to the service ahead of real time (it stays a lag; below 0: audio that never came), ms by stream",
    ...Object.entries(call.policies).map(([policy, { streams }]) => `${policy}: ${streams.map(({ language, aheadMs }) => `${language} ${ms(aheadMs)}`).join(", ") || "no stream"}`),
    "",
    "Requests per utterance, by answer",
    ...Object.entries(call.policies).map(([policy, { requests }]) => `${policy}: ${perUtterance(requests, 2 * call.utterances)}`),
  ];
}

/** Any other call: delays from both ends of speech, how it was cut, and what was heard. */
function other(name, call) {
  return [
    `${name}: ${call.utterances} utterances a speaker, ${Object.values(call.words).join(" and ")} words`,
    table([
      ["policy", "direction", "start → first sound: median", "end → first sound: median", "p95", "word lag: median", "p95", "segments per clause", "fewest words cut", "seams"],
      ...each(call, (r, { seams }, speaker) => [ms(quantile(r.utterances.map((u) => u.fromStartMs).filter(Number.isFinite), 0.5)),
        ms(r.delays.median), ms(r.delays.p95), ms(r.wordLags.median), ms(r.wordLags.p95), one(r.segments.perClause), r.segments.leastCutWords ?? "-",
        seams.filter((s) => s.speaker === speaker).map((s) => s.cause).join(" ") || "-"]),
    ]),
    heard(call),
    ...Object.entries(call.policies).filter(([, { waiting }]) => waiting > 0).map(([policy, { waiting }]) => `${policy}: ${waiting} faults found no stream to strike`),
  ];
}

/** The whole report. */
export function report(run) {
  const d = run.delays;
  const all = bounds(d, run.floor.median);
  const out = [
    `seed ${run.seed}; ${run.machine.cores} cores (${run.machine.cpu}), ${run.machine.browser}, node ${run.machine.node}`,
    "Times vary with the machine and its other work; only what stands in one run, side by side, can be compared.",
    "",
    `stand-in: P ${d.partialMs}, S ${d.stableMs}, E ${d.finalMs}, T ${d.translateMs}, Y ${d.pollyFirstByteMs} ms, body at ${d.pollyBodySpeed}× real time, RTT ${d.rttMs ?? 0} ms`,
    `floor F: median ${one(run.floor.median)} ms, p95 ${one(run.floor.p95)} ms (${run.floor.count} bursts, ${run.floor.torn} torn)`,
    `bounds with F: finals streamed ${ms(all.finals)}, prepared ahead and let out by the final ${ms(all.prepared)}, by stability ${ms(all.stability)} ms`,
  ];
  for (const [name, call] of Object.entries(run.calls)) {
    out.push("", ...(name === "turns" ? turns(call, run) : other(name, call)));
    for (const [policy, { errors, broken }] of Object.entries(call.policies)) {
      if (broken > 0) out.push(`${policy}: taken again, ${broken} recordings were broken (a busy machine)`);
      if (errors.length > 0) out.push(`${policy}: ${errors.length} errors, the first: ${errors[0]}`);
    }
  }
  out.push("", "Start-up: module load (or, prepared, the start) → first audio at the service, and on both streams, median ms", table([
    ["policy", "cold", "both", "prepared", "both"],
    ...Object.entries(run.startUp).map(([policy, { cold, prepared }]) =>
      [policy, ms(cold?.first.median), ms(cold?.both.median), ms(prepared?.first.median), ms(prepared?.both.median)]),
  ]));
  if (run.originals) {
    const { mixer, bare, above, missing } = run.originals;
    out.push("", `Originals, source → output: mixer ${one(mixer.median)} ms, bare loop ${one(bare.median)} ms; above it ${one(above.median)} ms (${one(above.least)} to ${one(above.most)}, ${above.count} sessions; ${missing} bursts missing)`);
  }
  if (run.sizes) {
    out.push("", "The package, kB", table([
      ["part", "raw", "gzip", "brotli"],
      ...run.sizes.map(({ part, raw, gzip, brotli }) => [part, kb(raw), kb(gzip), kb(brotli)]),
    ]));
  }
  out.push("", "To reach", table([["", "target", "seen", "met"], ...rows(run).map(({ what, target, seen, met }) =>
    [what, target, seen, met === undefined ? "-" : met ? "yes" : "NO"])]));
  for (const { what, why } of run.failed ?? []) out.push("", `FAILED: ${what}: ${why}`);
  return out.join("\n");
}

function cpuRow(name, cpu, alone) {
  const cell = (field) => (alone ? `${one(cpu[field])} (${one(cpu[field] - alone[field])})` : one(cpu[field]));
  return [name, cell("taskMs"), cell("mainMs"), cell("workerMs"), cell("audioMs"), cell("rendererMs"), cell("otherMs"), one(cpu.standInMs)];
}
