// Finds known recordings in a recording of what somebody heard.
//
// Both are turned into band energies in decibels (24 bands that widen with
// frequency, a value every 10 ms) and compared by normalised correlation. That
// survives a codec, a jitter buffer that stretches time by some milliseconds,
// and any volume, while other words of the same voice stay far below.

const WINDOW = 512;
const BANDS = 24;
const LOW_HZ = 150;
const HIGH_HZ = 6800;
/** Values per second. */
export const FRAMES = 100;
/** Below this a band counts as silent (comfort noise is there). */
const FLOOR_DB = -62;

/** In place, radix 2. */
export function fft(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  for (let size = 2; size <= n; size *= 2) {
    const step = (-2 * Math.PI) / size;
    for (let k = 0; k < size / 2; k++) {
      const c = Math.cos(step * k);
      const s = Math.sin(step * k);
      for (let a = k; a < n; a += size) {
        const b = a + size / 2;
        const x = re[b] * c - im[b] * s;
        const y = re[b] * s + im[b] * c;
        re[b] = re[a] - x;
        im[b] = im[a] - y;
        re[a] += x;
        im[a] += y;
      }
    }
  }
}

/** Band energies: `frames` rows of {@link BANDS} values. */
export function bandEnergies(samples, rate) {
  const hop = Math.round(rate / FRAMES);
  const frames = Math.max(0, Math.floor((samples.length - WINDOW) / hop) + 1);
  const hann = Float64Array.from({ length: WINDOW }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW));
  const edges = Array.from({ length: BANDS + 1 }, (_, i) =>
    Math.round((LOW_HZ * (HIGH_HZ / LOW_HZ) ** (i / BANDS) * WINDOW) / rate));
  // Narrow low bands would be empty: each is at least one bin wide.
  for (let i = 1; i <= BANDS; i++) edges[i] = Math.max(edges[i], edges[i - 1] + 1);
  const values = new Float32Array(frames * BANDS);
  const re = new Float64Array(WINDOW);
  const im = new Float64Array(WINDOW);
  for (let f = 0; f < frames; f++) {
    for (let i = 0; i < WINDOW; i++) re[i] = samples[f * hop + i] * hann[i];
    im.fill(0);
    fft(re, im);
    for (let b = 0; b < BANDS; b++) {
      let power = 0;
      for (let k = edges[b]; k < edges[b + 1]; k++) power += re[k] ** 2 + im[k] ** 2;
      const level = 10 * Math.log10(power / (WINDOW / 4) ** 2 + 1e-12);
      values[f * BANDS + b] = Math.max(FLOOR_DB, level);
    }
  }
  return { frames, values };
}

/** Correlation of a clip with a recording at every position: -1..1 each. */
export function correlation(recording, clip) {
  const n = clip.frames;
  const positions = recording.frames - n + 1;
  if (positions < 1) return new Float32Array(0);
  const model = clip.values.slice();
  let modelPower = 0;
  for (let b = 0; b < BANDS; b++) {
    let mean = 0;
    for (let f = 0; f < n; f++) mean += model[f * BANDS + b] / n;
    for (let f = 0; f < n; f++) {
      model[f * BANDS + b] -= mean;
      modelPower += model[f * BANDS + b] ** 2;
    }
  }
  // The variance of each window, from running sums per band.
  const sum = new Float64Array(BANDS);
  const square = new Float64Array(BANDS);
  const add = (f, sign) => {
    for (let b = 0; b < BANDS; b++) {
      const x = recording.values[f * BANDS + b];
      sum[b] += sign * x;
      square[b] += sign * x * x;
    }
  };
  for (let f = 0; f < n - 1; f++) add(f, 1);
  const scores = new Float32Array(positions);
  for (let at = 0; at < positions; at++) {
    add(at + n - 1, 1);
    let power = 0;
    for (let b = 0; b < BANDS; b++) power += square[b] - sum[b] ** 2 / n;
    // Next to silence there is nothing that could be like anything.
    if (power > n * BANDS) {
      let product = 0;
      const offset = at * BANDS;
      for (let i = 0; i < model.length; i++) product += model[i] * recording.values[offset + i];
      scores[at] = product / Math.sqrt(modelPower * power);
    }
    add(at, -1);
  }
  return scores;
}

/**
 * Where each clip is heard.
 *
 * @param {{ samples: Float32Array, rate: number }} recording
 * @param {Map<string, { samples: Float32Array, rate: number }>} clips
 * @param {number} threshold a score from which on it counts
 * @returns {{ found: { name: string, start: number, end: number, score: number }[], best: Map<string, number> }}
 *   in order of time, in seconds; where several clips fit the same sound, the
 *   one that explains most of it; and each clip's best score anywhere
 */
export function findClips(recording, clips, threshold) {
  const heard = bandEnergies(recording.samples, recording.rate);
  const candidates = [];
  const best = new Map();
  for (const [name, clip] of clips) {
    const model = bandEnergies(clip.samples, clip.rate);
    const scores = correlation(heard, model);
    best.set(name, scores.reduce((most, score) => Math.max(most, score), -1));
    scores.forEach((score, at) => {
      const peak = score >= threshold && score >= (scores[at - 1] ?? -1) && score > (scores[at + 1] ?? -1);
      if (peak) candidates.push({ name, start: at / FRAMES, end: (at + model.frames) / FRAMES, score });
    });
  }
  const explains = ({ score, start, end }) => score * Math.sqrt(end - start);
  candidates.sort((a, b) => explains(b) - explains(a));
  const found = [];
  for (const candidate of candidates) {
    const overlaps = found.some((other) => {
      const common = Math.min(candidate.end, other.end) - Math.max(candidate.start, other.start);
      return common > 0.5 * Math.min(candidate.end - candidate.start, other.end - other.start);
    });
    if (!overlaps) found.push(candidate);
  }
  return { found: found.sort((a, b) => a.start - b.start), best };
}

/** Reads a 16-bit mono WAV. */
export function readWav(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (tag(0) !== "RIFF" || tag(8) !== "WAVE") throw new Error("not a WAV");
  let rate = 0;
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true);
    if (tag(at) === "fmt ") {
      if (view.getUint16(at + 10, true) !== 1 || view.getUint16(at + 22, true) !== 16) {
        throw new Error("not 16-bit mono");
      }
      rate = view.getUint32(at + 12, true);
    }
    if (tag(at) === "data") {
      const length = Math.min(size, bytes.length - at - 8) / 2;
      return { rate, samples: Float32Array.from({ length }, (_, i) => view.getInt16(at + 8 + 2 * i, true) / 32768) };
    }
    at += 8 + size + (size % 2);
  }
  throw new Error("a WAV without sound");
}

/** Root mean square of the part of a signal between two frequencies. */
export function bandLevel(samples, rate, lowHz, highHz) {
  const size = 4096;
  const hann = (i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size);
  let power = 0;
  let windows = 0;
  for (let at = 0; at + size <= samples.length; at += size / 2) {
    const re = Float64Array.from({ length: size }, (_, i) => samples[at + i] * hann(i));
    const im = new Float64Array(size);
    fft(re, im);
    for (let k = Math.ceil((lowHz * size) / rate); k <= (highHz * size) / rate; k++) power += re[k] ** 2 + im[k] ** 2;
    windows += 1;
  }
  // A Hann window keeps 3/8 of the power; a real signal has two sides.
  return windows === 0 ? 0 : Math.sqrt((2 * power) / (0.375 * size * size * windows));
}
