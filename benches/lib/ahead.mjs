// How often what was translated ahead was what was spoken, if a driver tells:
// by `prepare` events with an outcome each, or with the counts so far.

/** @returns `{hits, misses}` of both speakers together, or nothing */
export function ahead(events) {
  const told = events.filter((event) => event.type === "prepare");
  if (told.length === 0) return undefined;
  const counted = told.filter((event) => Number.isFinite(event.hits) && Number.isFinite(event.misses));
  if (counted.length > 0) {
    const latest = new Map(counted.map((event) => [event.speaker, event]));
    const sum = (field) => [...latest.values()].reduce((all, event) => all + event[field], 0);
    return { hits: sum("hits"), misses: sum("misses") };
  }
  const count = (...names) => told.filter(({ outcome }) => names.includes(outcome)).length;
  return { hits: count("hit", "used"), misses: count("miss", "missed", "dropped", "wasted") };
}
