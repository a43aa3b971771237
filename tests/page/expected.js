// What each side must hear in the demo's dialogue, and whether it did.

import { readFile } from "node:fs/promises";
import { findClips, readWav } from "./sound.js";
import { readJson, ROOT } from "./support.js";

/** A clip counts as heard from here on; measured: right ones from 0.89, all else to 0.63. */
export const THRESHOLD = 0.75;

/** The demo's lines as they are spoken: alternating. */
export async function readLines() {
  return (await readJson("www/lines/lines.json")).lines;
}

/** The recordings of the people's own words. */
export async function originals(speaker) {
  const lines = (await readLines()).filter((line) => line.speaker === speaker);
  return clipsOf(lines.map(({ text, file }) => [text, `www/lines/${file}`]));
}

/**
 * The translations of what a speaker says.
 *
 * @returns {Promise<{ clips: Map, lines: { line: object, ways: string[][] }[] }>}
 *   every recorded translation by its text, and for each line the ways in
 *   which it may be spoken: whole, or clause by clause
 */
export async function translations(speaker) {
  const { recordings } = await readJson("local-aws/voices/voices.json");
  const lines = (await readLines()).filter((line) => line.speaker === speaker);
  const language = speaker === "agent" ? "es-US" : "en-US";
  const spoken = recordings.filter((recording) => recording.language === language);
  const clips = await clipsOf(spoken.map(({ text, file }) => [text, `local-aws/voices/${file}`]));
  return {
    clips,
    lines: lines.map((line) => {
      const clauses = [...clips.keys()]
        .filter((text) => text !== line.translation && line.translation.includes(text))
        .sort((a, b) => line.translation.indexOf(a) - line.translation.indexOf(b));
      return { line, ways: [[line.translation], ...(clauses.length > 1 ? [clauses] : [])] };
    }),
  };
}

async function clipsOf(entries) {
  const clips = new Map();
  for (const [text, path] of entries) clips.set(text, readWav(await readFile(new URL(path, ROOT))));
  return clips;
}

/** The clips heard in a recording. */
export function clipsIn(samples, rate, clips) {
  return findClips({ samples, rate }, clips, THRESHOLD);
}

/**
 * Matches what was heard with what had to be: every line, in order, whole or
 * clause by clause, and nothing else.
 *
 * @returns {string[]} what is wrong
 */
export function deviations(found, lines) {
  const wrong = [];
  const rest = found.map(({ name }) => name);
  for (const { line, ways } of lines) {
    const way = ways.find((clips) => clips.every((clip, i) => rest[i] === clip));
    if (way) rest.splice(0, way.length);
    else wrong.push(`"${line.translation}" is not next; next is ${JSON.stringify(rest[0] ?? null)}`);
  }
  for (const name of rest) wrong.push(`"${name}" was heard and not expected`);
  found.forEach((clip, i) => {
    const before = found[i - 1];
    const overlap = before ? before.end - clip.start : 0;
    if (overlap > 0.05) wrong.push(`"${clip.name}" overlaps "${before.name}" by ${overlap.toFixed(2)} s`);
  });
  return wrong;
}
