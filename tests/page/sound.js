// Finds known recordings in a recording of what somebody heard.
//
// Both are turned into band energies in decibels (24 bands that widen with
// frequency, a value every 10 ms) and compared by normalised correlation, in
// pieces of a good second that may each be a little earlier or later. That
// survives a codec, any volume and a jitter buffer that stretches time, while
// other words of the same voice stay far below.

const WINDOW = 512;
const BANDS = 24;
const LOW_HZ = 150;
const HIGH_HZ = 6800;
/** Values per second. */
export const FRAMES = 100;
/** A clip is compared in pieces of about this length, in values, */
const PIECE = 120;
/** each of which may be displaced by this much against the one before. */
const DRIFT = 8;
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

/** Correlation of a piece with a recording at every position: -1..1 each. */
function correlation(recording, clip) {
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
 * A clip's score at every position of a recording, -1..1, and where its end is
 * if it starts there: the pieces one after the other, each where it fits best.
 */
function alignment(recording, clip) {
  const count = Math.max(1, Math.round(clip.frames / PIECE));
  const cuts = Array.from({ length: count + 1 }, (_, i) => Math.round((i * clip.frames) / count));
  let reached = null;
  for (let i = count - 1; i >= 0; i--) {
    const frames = cuts[i + 1] - cuts[i];
    const values = clip.values.subarray(cuts[i] * BANDS, cuts[i + 1] * BANDS);
    const scores = correlation(recording, { frames, values });
    const ends = Int32Array.from(scores, (_, at) => at + frames);
    if (reached) {
      for (let at = 0; at < scores.length; at++) {
        // What follows begins about where this piece ends.
        let best = -1;
        for (let next = at + frames - DRIFT; next <= at + frames + DRIFT; next++) {
          const score = reached.scores[next] ?? -1;
          if (score > best) [best, ends[at]] = [score, reached.ends[next]];
        }
        const share = frames / (clip.frames - cuts[i]);
        scores[at] = share * scores[at] + (1 - share) * best;
      }
    }
    reached = { scores, ends };
  }
  return reached;
}

/**
 * Where each clip is heard.
 *
 * @param {{ samples: Float32Array, rate: number }} recording
 * @param {Map<string, { samples: Float32Array, rate: number }>} clips
 * @param {number} threshold a score from which on it counts
 * @returns {{ found: { name: string, start: number, end: number, score: number }[], best: number }}
 *   in order of time, in seconds; where several clips fit the same sound, the
 *   one that explains most of it; and the best score of any clip among the
 *   rest of the sound
 */
export function findClips(recording, clips, threshold) {
  const heard = bandEnergies(recording.samples, recording.rate);
  const candidates = [];
  for (const [name, clip] of clips) {
    const { scores, ends } = alignment(heard, bandEnergies(clip.samples, clip.rate));
    scores.forEach((score, at) => {
      const peak = score > 0 && score >= (scores[at - 1] ?? -1) && score > (scores[at + 1] ?? -1);
      if (peak) candidates.push({ name, start: at / FRAMES, end: ends[at] / FRAMES, score });
    });
  }
  const explains = ({ score, start, end }) => score * Math.sqrt(end - start);
  const loud = candidates.filter(({ score }) => score >= threshold).sort((a, b) => explains(b) - explains(a));
  const found = [];
  for (const candidate of loud) {
    if (!found.some((other) => common(candidate, other) > 0.5)) found.push(candidate);
  }
  const rest = candidates.filter((candidate) => !found.some((other) => common(candidate, other) > 0));
  return {
    found: found.sort((a, b) => a.start - b.start),
    best: rest.reduce((most, { score }) => Math.max(most, score), -1),
  };
}

/** The same sound at a rate that is a whole part of its own. */
export function decimate({ samples, rate }, to) {
  const step = rate / to;
  const reach = 16 * step;
  // A windowed sinc that passes 0.92 of the new half.
  const cut = 0.92 / step;
  const taps = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => {
    const t = Math.PI * cut * (i - reach);
    return cut * (t === 0 ? 1 : Math.sin(t) / t) * (0.54 + 0.46 * Math.cos((Math.PI * (i - reach)) / reach));
  });
  const out = Float32Array.from({ length: Math.floor(samples.length / step) }, (_, i) =>
    taps.reduce((sum, tap, k) => sum + tap * (samples[i * step + k - reach] ?? 0), 0));
  return { samples: out, rate: to };
}

/** The share of the shorter one that both have in common. */
function common(one, other) {
  const both = Math.min(one.end, other.end) - Math.max(one.start, other.start);
  return both / Math.min(one.end - one.start, other.end - other.start);
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

/** Writes one. */
export function wavOf(samples, rate) {
  const bytes = Buffer.alloc(44 + 2 * samples.length);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(2 * rate, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((sample, i) => bytes.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(sample * 32768))), 44 + 2 * i));
  return bytes;
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
