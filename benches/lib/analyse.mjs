// From two recordings on one clock (what a person said, what the other heard)
// to delays, and to what was lost, doubled, wrong or out of order.

import { WORDS, WORD_S } from "./pilot.mjs";
import { Broken } from "./broken.mjs";
import { pieces, voiced } from "./decode.mjs";
import { segments, wordLags } from "./segments.mjs";
import { summary } from "./stats.mjs";

/** A word counts as heard with at least this many of its eight slots. */
const ENOUGH = 5;

/**
 * When each planned utterance was really said: the recording's own voice,
 * which must be the plan moved by one constant.
 *
 * @throws {Broken} if the recording is not that of the plan
 */
export function said(samples, rate, plan) {
  const stretches = voiced(samples, rate);
  if (stretches.length !== plan.utterances.length) {
    throw new Broken(`the source has ${stretches.length} stretches of speech, the plan ${plan.utterances.length}`);
  }
  const shift = stretches[0].startS - plan.utterances[0].startS;
  return plan.utterances.map((utterance, i) => {
    const { startS, endS } = stretches[i];
    for (const [there, planned] of [[startS, utterance.startS], [endS, utterance.endS]]) {
      if (Math.abs(there - planned - shift) > 0.01) {
        throw new Broken(`utterance ${i} of the source is ${Math.round(1000 * (there - planned - shift))} ms off its plan: the recording is broken`);
      }
    }
    return { ...utterance, startS, endS };
  });
}

// Gives each heard word its place in the whole speech (a count, not mod 64):
// the place nearest to where the last stretch left off, among those already
// said when it is heard.
function place(heard, spoken) {
  const order = spoken.flatMap((u) => u.words.map((word, i) => ({ word, saidS: u.startS + i * WORD_S })));
  const saidAt = new Map(order.map(({ word, saidS }) => [word, saidS]));
  let next = order[0]?.word ?? 0;
  const nearest = (word, timeS) => {
    let best;
    for (const { word: there, saidS } of order) {
      if (there % WORDS !== word || saidS > timeS) continue;
      if (best === undefined || Math.abs(there - next) < Math.abs(best - next)) best = there;
    }
    return best;
  };
  for (const piece of heard) {
    const list = piece.words.filter((word) => word.slots >= ENOUGH);
    for (let i = 0; i < list.length;) {
      let to = i + 1;
      while (to < list.length && list[to].word === (list[to - 1].word + 1) % WORDS) to += 1;
      const before = list[i - 1];
      const after = list[to];
      // One strange word where exactly one is missing was said wrong.
      const instead = to - i === 1 && before?.place !== undefined && after
        && after.word === (before.word + 2) % WORDS && list[i].word !== (before.word + 1) % WORDS;
      const first = instead ? undefined : nearest(list[i].word, list[i].startS);
      for (let k = i; k < to; k += 1) {
        const there = first === undefined ? undefined : first + k - i;
        list[k].place = there !== undefined && saidAt.has(there) && saidAt.get(there) <= list[k].startS ? there : undefined;
        if (list[k].place === undefined) list[k].wrong = true;
        else next = there + 1;
      }
      if (instead && before) { next = before.place + 2; list[i].place = undefined; }
      i = to;
    }
  }
}

/**
 * One direction of one policy.
 *
 * @param spoken what `said` returns
 * @param heard what `pieces` returns
 */
export function compare(spoken, heard) {
  place(heard, spoken);
  const of = new Map(spoken.flatMap((u) => u.words.map((word) => [word, u.id])));
  const times = new Map();
  const wrong = [];
  const firsts = new Map();
  const cuts = new Map();
  let damagedWords = 0;
  for (const piece of heard) {
    let inPiece;
    piece.words.forEach((word, i) => {
      if (word.slots < ENOUGH) { damagedWords += 1; return; }
      if (word.place === undefined) { wrong.push({ timeS: word.startS, word: word.word }); return; }
      times.set(word.place, [...(times.get(word.place) ?? []), word.startS]);
      const id = of.get(word.place);
      const startS = i === 0 ? piece.startS : word.startS;
      if (!firsts.has(id) || startS < firsts.get(id).startS) firsts.set(id, { startS, place: word.place });
      if (id !== inPiece) cuts.set(id, [...(cuts.get(id) ?? []), startS]);
      inPiece = id;
    });
  }

  const utterances = spoken.map((u) => {
    const lost = u.words.filter((word) => !times.has(word));
    const doubled = u.words.filter((word) => (times.get(word)?.length ?? 0) > 1);
    const first = firsts.get(u.id);
    return {
      id: u.id,
      lengthS: u.endS - u.startS,
      words: u.words.length,
      lostWords: lost.length,
      doubledWords: doubled.length,
      pieces: cuts.get(u.id)?.length ?? 0,
      endOfSpeechS: u.endS,
      firstSoundS: first?.startS,
      fromStartMs: first && 1000 * (first.startS - u.startS),
      delayMs: first && 1000 * (first.startS - u.endS),
    };
  });

  // An utterance is out of order if it starts before one that was said earlier.
  let latest = -Infinity;
  let outOfOrder = 0;
  for (const u of utterances) {
    if (u.firstSoundS === undefined) continue;
    if (u.firstSoundS < latest) outOfOrder += 1;
    latest = Math.max(latest, u.firstSoundS);
  }
  const found = utterances.filter((u) => u.firstSoundS !== undefined);
  const sum = (list, field) => list.reduce((total, each) => total + each[field], 0);
  const defects = heard.flatMap((piece) => piece.defects);
  return {
    utterances,
    delays: summary(found.map((u) => u.delayMs)),
    wordLags: wordLags(spoken, times),
    segments: segments(spoken, heard),
    found: found.length,
    lost: utterances.length - found.length,
    outOfOrder,
    words: sum(utterances, "words"),
    lostWords: sum(utterances, "lostWords"),
    doubledWords: sum(utterances, "doubledWords"),
    wrongWords: wrong.length,
    damagedWords,
    pieces: heard.length,
    unmarked: heard.filter((piece) => !piece.marked).length,
    overlaps: heard.filter((piece) => piece.overlapsMs > 0).length
      + heard.filter((piece, i) => i > 0 && piece.startS < heard[i - 1].endS - 0.01).length,
    holes: defects.filter((d) => d.kind === "hole" || d.kind === "masked"),
    cuts: defects.filter((d) => d.kind === "cut"),
    doubledAudio: defects.filter((d) => d.kind === "doubled"),
  };
}

/** One direction of one policy, from its two recordings. */
export function direction(source, output, rate, plan) {
  return compare(said(source, rate, plan), pieces(output, rate));
}
