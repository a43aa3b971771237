// How often what was prepared ahead was what was spoken, if a driver tells: by
// `prepared` events with the counts so far.

/** @returns `{hits, misses}` of both speakers together, or nothing */
export function ahead(events) {
  const latest = new Map(events.filter(({ type }) => type === "prepared").map((event) => [event.speaker, event]));
  if (latest.size === 0) return undefined;
  const sum = (field) => [...latest.values()].reduce((all, event) => all + event[field], 0);
  return { hits: sum("hits"), misses: sum("misses") };
}
