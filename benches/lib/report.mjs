// The run's numbers as text.

import { bounds, wholeClip } from "./bound.mjs";
import { quantile } from "./stats.mjs";

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
    return quantile(run.policies[policy].directions[speaker].utterances.map((u) => wholeClip(run.delays, run.floor.median, u.lengthS)), 0.5);
  }
  return NaN;
}

/** `(revised)`: utterances whose last word changed before the final, told apart. */
function delaysOf(result, revised) {
  return result.utterances.filter((u) => u.delayMs !== undefined && Boolean(u.revised) === revised).map((u) => u.delayMs);
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

/** The whole report. */
export function report(run) {
  const out = [];
  const d = run.delays;
  const all = bounds(d, run.floor.median);
  const sample = run.policies["sample-way"];
  out.push(
    `turns: ${run.utterances} utterances a speaker, both speak, seed ${run.seed}; ${run.machine.cores} cores (${run.machine.cpu}), ${run.machine.browser}, node ${run.machine.node}`,
    "Times vary with the machine and its other work; only what stands in one run, side by side, can be compared.",
    "",
    `stand-in: P ${d.partialMs}, S ${d.stableMs}, E ${d.finalMs}, T ${d.translateMs}, Y ${d.pollyFirstByteMs} ms, body at ${d.pollyBodySpeed}× real time, RTT ${d.rttMs ?? 0} ms`,
    `floor F: median ${one(run.floor.median)} ms, p95 ${one(run.floor.p95)} ms (${run.floor.count} bursts, ${run.floor.torn} torn)`,
    `bounds with F: finals streamed ${ms(all.finals)}, prepared ahead and let out by the final ${ms(all.prepared)}, by stability ${ms(all.stability)} ms`,
    "",
    "End of speech → first sound, ms",
    table([
      ["policy", "direction", "median", "p95", "÷ sample-way", "bound", "above it", "revised: n", "median"],
      ...Object.entries(run.policies).flatMap(([policy, { directions }]) =>
        Object.entries(directions).map(([speaker, result]) => {
          const plain = delaysOf(result, false);
          const revised = delaysOf(result, true);
          const bound = boundOf(policy, run, speaker);
          const median = quantile(plain, 0.5);
          return [policy, ARROW[speaker], ms(median), ms(quantile(plain, 0.95)),
            sample ? (median / quantile(delaysOf(sample.directions[speaker], false), 0.5)).toFixed(2) : "-",
            ms(bound), ms(median - bound), revised.length, ms(quantile(revised, 0.5))];
        })),
    ]),
    "",
    "What was heard",
    table([
      ["policy", "direction", "found", "lost", "out of order", "words", "lost", "doubled", "wrong", "overlaps", "pieces", "holes (ms)", "cuts", "doubled audio"],
      ...Object.entries(run.policies).flatMap(([policy, { directions }]) =>
        Object.entries(directions).map(([speaker, r]) => [policy, ARROW[speaker], r.found, r.lost, r.outOfOrder, r.words, r.lostWords, r.doubledWords,
          r.wrongWords, r.overlaps, r.pieces, `${r.holes.length} (${ms(r.holes.reduce((sum, h) => sum + h.ms, 0))})`, r.cuts.length, r.doubledAudio.length])),
    ]),
    "",
    "What the policy says of itself: from the end of the last word at its tap, median ms",
    table([
      ["policy", "direction", "first partial", "committed", "translated", "first byte", "heard", "ended"],
      ...Object.entries(run.policies).flatMap(([policy, { marks }]) =>
        Object.entries(marks).map(([speaker, m]) => [policy, ARROW[speaker], ...STEPS.map((step) => ms(m[step]))])),
    ]),
    "",
    "Processor time, ms per second of call, both directions; in brackets above the page alone",
    table([
      ["", "main-thread tasks", "main thread", "workers", "audio threads", "renderer", "other processes", "stand-in"],
      cpuRow("page alone", run.alone),
      ...Object.entries(run.policies).map(([policy, { cpu }]) => cpuRow(policy, cpu, run.alone)),
    ]),
    "",
    "Audio that came to the service ahead of real time (it stays a lag; below 0: audio that never came), ms by stream",
    ...Object.entries(run.policies).map(([policy, { streams }]) => `${policy}: ${streams.map(({ language, aheadMs }) => `${language} ${ms(aheadMs)}`).join(", ") || "no stream"}`),
    "",
    "Requests per utterance, by answer",
    ...Object.entries(run.policies).map(([policy, { requests }]) => `${policy}: ${perUtterance(requests, 2 * run.utterances)}`),
  );
  for (const [policy, { errors }] of Object.entries(run.policies)) {
    if (errors.length > 0) out.push("", `${policy}: ${errors.length} errors, the first: ${errors[0]}`);
  }
  if (run.sizes) {
    out.push("", "The package, kB", table([
      ["part", "raw", "gzip", "brotli"],
      ...run.sizes.map(({ part, raw, gzip, brotli }) => [part, kb(raw), kb(gzip), kb(brotli)]),
    ]));
  }
  return out.join("\n");
}

function cpuRow(name, cpu, alone) {
  const cell = (field) => (alone ? `${one(cpu[field])} (${one(cpu[field] - alone[field])})` : one(cpu[field]));
  return [name, cell("taskMs"), cell("mainMs"), cell("workerMs"), cell("audioMs"), cell("rendererMs"), cell("otherMs"), one(cpu.standInMs)];
}
