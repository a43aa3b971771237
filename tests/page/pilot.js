// The stand-in's pilot tones (local-aws/src/engines/pilot.rs), read back:
// slots of 40 ms, in each one of 8 tones from 3 groups; codes 0..511.

const SLOT_S = 0.04;
const STEP_S = 0.005;
const WINDOW_S = 0.03;
const frequency = (group, digit) => 4200 + 100 * (8 * group + digit);

/**
 * The codes in a recording, in order of time.
 *
 * @param {Float32Array} samples
 * @param {number} rate in hertz
 * @param {number} [quietest] the amplitude of a tone that still counts
 * @returns {{ code: number, at: number }[]} each with the middle of its slot in seconds
 */
export function pilotCodes(samples, rate, quietest = 0.003) {
  return new PilotReader(rate, quietest).read(samples);
}

/** The same of a recording that grows. */
export class PilotReader {
  #rate;
  #quietest;
  #hann;
  #power;
  #runs = [];
  #at = 0;

  constructor(rate, quietest = 0.003) {
    const length = Math.round(WINDOW_S * rate);
    this.#rate = rate;
    this.#quietest = quietest;
    this.#hann = Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length));
    this.#power = this.#hann.reduce((sum, gain) => sum + gain * gain, 0);
  }

  /** The codes in all of it so far; `samples` begins with what it began with before. */
  read(samples) {
    for (; this.#at + WINDOW_S < samples.length / this.#rate; this.#at += STEP_S) {
      const from = Math.round(this.#at * this.#rate);
      const window = samples.subarray(from, from + this.#hann.length);
      if (window.length < this.#hann.length) break;
      const code = this.#silent(window) ? null : readSlot((hz) => this.#tone(window, hz), this.#quietest);
      const last = this.#runs.at(-1);
      if (last?.code === code) last.end = this.#at;
      else this.#runs.push({ code, start: this.#at, end: this.#at });
    }
    // A window that straddles two slots may show either or a mixture: only what
    // lasts is a slot.
    return this.#runs
      .filter(({ code, start, end }) => code !== null && end - start >= 1.5 * STEP_S)
      .filter(({ code }, i, all) => all[i - 1]?.code !== code)
      .map(({ code, start, end }) => ({ code, at: (start + end + WINDOW_S) / 2 }));
  }

  /** No tone in it can be as loud as `quietest`: most of a recording is pauses. */
  #silent(window) {
    let energy = 0;
    for (const sample of window) energy += sample * sample;
    return (4 / window.length) * Math.sqrt(energy * this.#power) < this.#quietest;
  }

  #tone(window, hz) {
    const turn = (2 * Math.PI * hz) / this.#rate;
    const twice = 2 * Math.cos(turn);
    let one = 0;
    let two = 0;
    for (let i = 0; i < window.length; i++) {
      const next = window[i] * this.#hann[i] + twice * one - two;
      two = one;
      one = next;
    }
    return (4 / window.length) * Math.sqrt(Math.max(0, one * one + two * two - twice * one * two));
  }
}

/** Slots of a word that have to be heard, in order, as the stand-in wants it. */
const NEEDED = 5;

/**
 * The words in codes that were heard: 0..63, each as often as it was spoken. A
 * slot that is torn reads as any code, but no neighbour of it follows.
 */
export function pilotWordsIn(codes) {
  const near = (a, b) => b !== undefined && Math.abs(a - b) <= 1;
  const slots = codes.filter((code, i) => near(code, codes[i - 1]) || near(code, codes[i + 1]));
  const words = [];
  for (const code of slots) {
    const [word, slot] = [code >> 3, code & 7];
    const last = words.at(-1);
    if (last?.word === word && slot >= last.slots.at(-1)) {
      if (slot > last.slots.at(-1)) last.slots.push(slot);
    } else {
      words.push({ word, slots: [slot] });
    }
  }
  return words.filter(({ slots: heard }) => heard.length >= NEEDED).map(({ word }) => word);
}

function readSlot(level, quietest) {
  let code = 0;
  for (let group = 2; group >= 0; group--) {
    const levels = Array.from({ length: 8 }, (_, digit) => level(frequency(group, digit)));
    const digit = levels.indexOf(Math.max(...levels));
    const second = Math.max(...levels.filter((_, i) => i !== digit && Math.abs(i - digit) > 1));
    if (levels[digit] < quietest || levels[digit] < 2 * second) return null;
    code = code * 8 + digit;
  }
  return code;
}

/** How far two successive slots are apart, in seconds. */
export const SLOT = SLOT_S;
