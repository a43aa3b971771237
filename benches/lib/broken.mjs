// A recording that is none: the machine was too busy for its audio thread.

/** What is wrong with it. */
export class Broken extends Error {}

/**
 * Takes a measurement again if its recording was broken, three times at most.
 *
 * @param take `() => promise`
 * @returns what it gave, and how many recordings were thrown away
 */
export async function insist(name, take, say) {
  for (let broken = 0; ; broken += 1) {
    try {
      return { value: await take(), broken };
    } catch (error) {
      if (!(error instanceof Broken) || broken === 2) throw error;
      say(`  ${name}: ${error.message}; again`);
    }
  }
}
