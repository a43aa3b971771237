// Pilots: speech-like sound that names its own media time.
//
// While somebody "speaks", every 40 ms carry three tones, one of eight in each
// of three groups, which together spell a code 0..511. Eight codes make a
// word (code = 8 * word + slot), so lost, doubled or reordered audio shows as
// lost, doubled or reordered slots and words. Spoken answers start with a
// marker (40 ms of 3000 Hz) and carry the same codes.
//
// Runs in Node and in the page: nothing here touches either.

/** Length of one slot, seconds. */
export const SLOT_S = 0.04;
/** Slots in a word. */
export const SLOTS_PER_WORD = 8;
/** Length of one word, seconds. */
export const WORD_S = SLOT_S * SLOTS_PER_WORD;
/** Words before the counter starts again. */
export const WORDS = 64;
/** Codes before the counter starts again. */
export const CODES = WORDS * SLOTS_PER_WORD;
/** Frequency of the marker before a spoken answer, hertz. */
export const MARKER_HZ = 3000;
/** Length of the marker, seconds. */
export const MARKER_S = 0.04;
/** Raised-cosine edge of a slot and of a marker, seconds. */
export const EDGE_S = 0.002;
/** Groups of tones, and tones in a group. */
export const GROUPS = 3;
export const TONES = 8;

/** Frequency of tone `k` of group `g`, hertz: 4200 to 6500. */
export function toneHz(g, k) {
  return 4200 + 100 * (TONES * g + k);
}

/** The three tones of a code, hertz: base-8 digits, lowest in group 0. */
export function codeTones(code) {
  return [code % 8, Math.floor(code / 8) % 8, Math.floor(code / 64) % 8].map((k, g) => toneHz(g, k));
}

/** The code of a word (any count; taken mod 64) and a slot in it. */
export function codeOf(word, slot) {
  return (word % WORDS) * SLOTS_PER_WORD + slot;
}

/** A small seeded generator (mulberry32): numbers in [0, 1). */
export function random(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Adds a tone with raised-cosine edges to `out`, from `start` for `length` samples. */
function addTone(out, start, length, hz, amplitude, rate) {
  const edge = Math.max(1, Math.round(EDGE_S * rate));
  const step = (2 * Math.PI * hz) / rate;
  for (let i = 0; i < length; i += 1) {
    const at = start + i;
    if (at < 0 || at >= out.length) continue;
    const near = Math.min(i, length - 1 - i);
    const gain = near >= edge ? 1 : 0.5 - 0.5 * Math.cos((Math.PI * (near + 0.5)) / edge);
    out[at] += amplitude * gain * Math.sin(step * i);
  }
}

/** Adds the pilots of `words` (counts, any size) to `out` from `start` samples on. */
export function addPilots(out, start, words, rate, amplitude = 0.08) {
  words.forEach((word, w) => {
    for (let slot = 0; slot < SLOTS_PER_WORD; slot += 1) {
      const from = start + Math.round((w * SLOTS_PER_WORD + slot) * SLOT_S * rate);
      const to = start + Math.round((w * SLOTS_PER_WORD + slot + 1) * SLOT_S * rate);
      for (const hz of codeTones(codeOf(word, slot))) addTone(out, from, to - from, hz, amplitude, rate);
    }
  });
}

/** Adds a marker to `out` at `start` samples. */
export function addMarker(out, start, rate, amplitude = 0.25) {
  addTone(out, start, Math.round(MARKER_S * rate), MARKER_HZ, amplitude, rate);
}

/** One spoken answer: the marker, then the words. For tests of the reading. */
export function speak(out, start, words, rate) {
  addMarker(out, start, rate);
  addPilots(out, start + Math.round(MARKER_S * rate), words, rate);
}

// One period of the voiced-like carrier: harmonics of `f0` below 2.9 kHz under
// three formants, so that a voice-activity detector hears a vowel and neither
// the pilots nor the marker are touched.
function voicePeriod(f0, rate) {
  const length = Math.round(rate / 50); // 20 ms holds whole periods of any multiple of 50 Hz
  const period = new Float32Array(length);
  let peak = 0;
  for (let h = 1; h * f0 < 2900; h += 1) {
    const hz = h * f0;
    const weight = [[600, 150, 1], [1200, 200, 0.5], [2400, 250, 0.25]]
      .reduce((sum, [centre, width, gain]) => sum + gain * Math.exp(-(((hz - centre) / width) ** 2)), 0.08);
    for (let i = 0; i < length; i += 1) {
      period[i] += weight * Math.sin((2 * Math.PI * hz * i) / rate + h * h);
      peak = Math.max(peak, Math.abs(period[i]));
    }
  }
  return period.map((x) => x / peak);
}

/**
 * A person's speech for a plan (see plan.mjs): carrier and pilots in syllables
 * while the person speaks, a quiet room (-70 dBFS) all the time.
 *
 * @returns {Float32Array} mono samples at `rate`, `plan.seconds` long
 */
export function synthesise(plan, rate, { f0 = 150 } = {}) {
  const out = new Float32Array(Math.ceil(plan.seconds * rate));
  const noise = random(plan.seed ^ 0x5eed);
  for (let i = 0; i < out.length; i += 1) out[i] = (noise() * 2 - 1) * 0.00055;
  const period = voicePeriod(f0, rate);
  const edge = Math.round(EDGE_S * rate);
  for (const utterance of plan.utterances) {
    const start = Math.round(utterance.startS * rate);
    const length = Math.round(utterance.words.length * WORD_S * rate);
    addPilots(out, start, utterance.words, rate);
    for (let i = 0; i < length && start + i < out.length; i += 1) {
      const near = Math.min(i, length - 1 - i);
      const gain = near >= edge ? 1 : near / edge;
      const at = start + i;
      out[at] += 0.25 * gain * period[at % period.length];
      // All of it, pilots too, by 18 dB four times a second: what stays as loud
      // as it is, is no speech to who listens for some.
      out[at] *= 0.5625 + 0.4375 * Math.cos((2 * Math.PI * 4 * i) / rate);
    }
  }
  return out;
}
