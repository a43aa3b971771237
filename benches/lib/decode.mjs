// Reads pilots, markers and voice out of a recording.

import {
  EDGE_S, GROUPS, MARKER_HZ, MARKER_S, SLOTS_PER_WORD, SLOT_S, TONES, CODES, toneHz,
} from "./pilot.mjs";

const WINDOW_S = 0.02;
const HOP_S = 0.005;
/** A tone weaker than this (peak, full scale 1) is not heard. */
const FAINT = 0.004;
/** The winner of a group must have this many times the runner-up's power. */
const CLEAR = 3;
/** Silence that ends a spoken stretch without a marker, seconds. */
const APART_S = 0.5;
/** A slot whose time is this far from its neighbour's is a hole or a cut, seconds. */
const STEP_S = 0.012;

/** Amplitude of one frequency in a window (Goertzel). */
function amplitude(samples, from, length, coefficient) {
  let a = 0;
  let b = 0;
  for (let i = from; i < from + length; i += 1) {
    const c = samples[i] + coefficient * a - b;
    b = a;
    a = c;
  }
  return (2 / length) * Math.sqrt(Math.max(0, a * a + b * b - coefficient * a * b));
}

const coefficientOf = (hz, rate) => 2 * Math.cos((2 * Math.PI * hz) / rate);

/**
 * The code heard in each 20 ms window, every 5 ms.
 *
 * @returns {{timeS: number, pilots: boolean, code: number, clear: boolean, marker: number}[]}
 *   windows with any pilot or marker: the window's middle, the code (only if
 *   `clear`, else two codes at once or an edge), and the marker's amplitude.
 */
export function windows(samples, rate) {
  const length = Math.round(WINDOW_S * rate);
  const hop = HOP_S * rate;
  const tones = Array.from({ length: GROUPS * TONES }, (_, i) =>
    coefficientOf(toneHz(Math.floor(i / TONES), i % TONES), rate));
  const marker = coefficientOf(MARKER_HZ, rate);
  const found = [];
  for (let n = 0; ; n += 1) {
    const from = Math.round(n * hop);
    if (from + length > samples.length) return found;
    let energy = 0;
    for (let i = from; i < from + length; i += 4) energy += samples[i] * samples[i];
    if (energy * 4 < length * FAINT * FAINT * 0.5) continue;
    const heard = { timeS: (from + length / 2) / rate, code: -1, clear: false, marker: amplitude(samples, from, length, marker) };
    let code = 0;
    let clear = true;
    let loud = false;
    for (let g = GROUPS - 1; g >= 0; g -= 1) {
      let best = 0;
      let second = 0;
      let tone = 0;
      for (let k = 0; k < TONES; k += 1) {
        const a = amplitude(samples, from, length, tones[g * TONES + k]);
        if (a > best) { second = best; best = a; tone = k; } else if (a > second) second = a;
      }
      loud ||= best > FAINT;
      clear &&= best > FAINT && best * best > CLEAR * second * second;
      code = code * TONES + tone;
    }
    if (!loud && heard.marker < FAINT) continue;
    heard.clear = clear;
    heard.pilots = loud;
    if (clear) heard.code = code;
    found.push(heard);
  }
}

/** Runs of windows with one code: `{code, word, slot, timeS (its middle), lengthS}`. */
export function slots(found) {
  const runs = [];
  let last;
  for (const { timeS, code, clear } of found) {
    if (!clear) continue;
    if (last && last.code === code && timeS - last.toS < 3.5 * HOP_S) last.toS = timeS;
    else runs.push((last = { code, fromS: timeS, toS: timeS }));
  }
  return runs
    // One window alone is an edge between two slots.
    .filter((run) => run.toS - run.fromS >= HOP_S * 0.9)
    .map((run) => ({
      code: run.code,
      word: Math.floor(run.code / SLOTS_PER_WORD),
      slot: run.code % SLOTS_PER_WORD,
      timeS: (run.fromS + run.toS) / 2,
      lengthS: run.toS - run.fromS + HOP_S,
    }));
}

/**
 * Markers: `{timeS}` of the first sample of each.
 *
 * A spoken marker is 40 ms; anything at 3000 Hz shorter than half of that is
 * not one.
 */
export function markers(found, samples, rate) {
  const runs = [];
  let last;
  for (const { timeS, marker } of found) {
    if (marker < 0.05) continue;
    if (last && timeS - last.toS < 1.5 * HOP_S) {
      last.toS = timeS;
      last.peak = Math.max(last.peak, marker);
    } else runs.push((last = { fromS: timeS, toS: timeS, peak: marker }));
  }
  return runs
    .filter((run) => run.toS - run.fromS >= MARKER_S / 2)
    .map((run) => ({ timeS: onset(samples, rate, run.fromS, run.peak) }));
}

// The first sample: 3000 Hz has half its amplitude in the middle of its edge.
function onset(samples, rate, nearS, peak) {
  const length = Math.round(0.002 * rate);
  const step = Math.round(0.00025 * rate);
  const coefficient = coefficientOf(MARKER_HZ, rate);
  const from = Math.max(0, Math.round((nearS - WINDOW_S) * rate));
  const to = Math.min(samples.length - length, Math.round((nearS + WINDOW_S) * rate));
  for (let i = from; i < to; i += step) {
    if (amplitude(samples, i, length, coefficient) > 0.5 * peak) return (i + length / 2) / rate - EDGE_S / 2;
  }
  return nearS - WINDOW_S / 2;
}

// Slots in order of time to words. A slot that does not follow on in the same
// word begins a new word; a repeated stretch of the same word stays in it and
// is an audio defect, unless the whole word is there twice.
function words(sequence) {
  const heard = [];
  for (const slot of sequence) {
    const word = heard.at(-1);
    const on = word && word.word === slot.word && slot.timeS - word.endS < APART_S;
    const again = on && slot.slot === 0 && word.slots.has(SLOTS_PER_WORD - 1);
    if (on && !again) {
      word.slots.add(slot.slot);
      word.endS = slot.timeS + SLOT_S / 2;
    } else {
      heard.push({ word: slot.word, startS: slot.timeS - SLOT_S / 2, endS: slot.timeS + SLOT_S / 2, slots: new Set([slot.slot]) });
    }
  }
  return heard.map(({ word, startS, endS, slots: has }) => ({ word, startS, endS, slots: has.size }));
}

// Where the audio of one stretch was torn: each slot's time against its
// neighbour's. Whole words in another order are not this function's business.
function defects(sequence) {
  const torn = [];
  for (let i = 1; i < sequence.length; i += 1) {
    const [before, slot] = [sequence[i - 1], sequence[i]];
    const passedS = slot.timeS - before.timeS;
    const advance = (slot.code - before.code + CODES) % CODES;
    const newWord = slot.word !== before.word;
    if (newWord && (before.slot === SLOTS_PER_WORD - 1 || slot.slot === 0) && advance !== 1) {
      // A jump between words; the time between them still tells of a hole.
      if (passedS - SLOT_S > STEP_S) torn.push({ kind: "hole", timeS: before.timeS, ms: 1000 * (passedS - SLOT_S) });
      continue;
    }
    if (advance > CODES / 2 || advance === 0) {
      torn.push({ kind: "doubled", timeS: slot.timeS, ms: 1000 * SLOT_S * ((CODES - advance) % CODES || 1) });
      continue;
    }
    const offS = passedS - SLOT_S * advance;
    if (offS > STEP_S) torn.push({ kind: "hole", timeS: before.timeS, ms: 1000 * offS });
    else if (offS < -STEP_S) torn.push({ kind: "cut", timeS: before.timeS, ms: -1000 * offS });
    else if (advance > 1) torn.push({ kind: "masked", timeS: before.timeS, ms: 1000 * SLOT_S * (advance - 1) });
  }
  for (const slot of sequence) {
    if (slot.lengthS > SLOT_S + STEP_S) torn.push({ kind: "doubled", timeS: slot.timeS, ms: 1000 * (slot.lengthS - SLOT_S) });
  }
  return torn;
}

// The times of windows in which most of the sound of 160 ms has no clear code:
// two pieces at once. (The edges between slots make one window in eight so.)
function mixed(found) {
  const pilots = found.filter((w) => w.pilots && w.marker < 0.05);
  const span = 32;
  const times = [];
  let unclear = 0;
  pilots.forEach((w, i) => {
    unclear += w.clear ? 0 : 1;
    if (i >= span) unclear -= pilots[i - span].clear ? 0 : 1;
    if (i >= span - 1 && unclear > span / 2) times.push(w.timeS);
  });
  return times;
}

/**
 * The spoken answers in a recording: each begins at a marker.
 *
 * @returns {{startS: number, endS: number, marked: boolean, words: object[], defects: object[], overlapsMs: number}[]}
 *   `overlapsMs`: sound of this piece in which another piece is heard too.
 */
export function pieces(samples, rate) {
  const found = windows(samples, rate);
  const all = slots(found);
  const starts = markers(found, samples, rate);
  const cut = [];
  let m = 0;
  let piece;
  for (const slot of all) {
    let marked;
    while (m < starts.length && starts[m].timeS < slot.timeS) { marked = starts[m]; m += 1; }
    if (marked) cut.push((piece = { startS: marked.timeS, marked: true, slots: [] }));
    else if (!piece || slot.timeS - piece.slots.at(-1)?.timeS > APART_S) {
      cut.push((piece = { startS: slot.timeS - SLOT_S / 2, marked: false, slots: [] }));
    }
    piece.slots.push(slot);
  }
  const unclear = mixed(found);
  return cut.map(({ startS, marked, slots: sequence }, i) => {
    const endS = sequence.at(-1).timeS + SLOT_S / 2;
    const torn = defects(sequence);
    if (marked && sequence[0].slot > 0) torn.push({ kind: "cut", timeS: startS, ms: 1000 * SLOT_S * sequence[0].slot });
    const wait = sequence[0].timeS - SLOT_S / 2 - startS - MARKER_S;
    if (marked && wait > STEP_S) torn.push({ kind: "hole", timeS: startS, ms: 1000 * wait });
    const until = Math.min((cut[i + 1]?.startS ?? Infinity) + 0.1, endS);
    const overlapsMs = 1000 * HOP_S * unclear.filter((timeS) => timeS > startS && timeS < until).length;
    return { startS, endS, marked, words: words(sequence), defects: torn, overlapsMs };
  });
}

/**
 * The stretches in which somebody speaks, by level alone.
 *
 * @returns {{startS: number, endS: number}[]} from the first to the last
 *   sample above -40 dBFS; pauses under 200 ms do not end a stretch.
 */
export function voiced(samples, rate, level = 0.01) {
  const found = [];
  const pause = 0.2 * rate;
  let last = -Infinity;
  for (let i = 0; i < samples.length; i += 1) {
    if (Math.abs(samples[i]) < level) continue;
    if (i - last > pause) found.push({ startS: i / rate, endS: i / rate });
    found.at(-1).endS = i / rate;
    last = i;
  }
  return found;
}

/** Words (mod 64) in a stretch of speech without markers. */
export function wordsOf(samples, rate) {
  return words(slots(windows(samples, rate)));
}
