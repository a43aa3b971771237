// Which engines are behind the page: AWS itself, or the local stand-in's.

/** Asks the stand-in which engines it has; null when AWS itself is used. */
export async function loadEngines(standIn) {
  if (!standIn) return null;
  const answer = await fetch(`${standIn.control}/state`);
  if (!answer.ok) throw new Error(`The local services do not answer (HTTP ${answer.status}).`);
  return (await answer.json()).engines;
}

/** One sentence about who does the work. */
export function describeServices(engines) {
  if (!engines) return "Amazon Transcribe, Translate and Polly";
  return "Local services, offline";
}

/** The engines by name, for the foot of the page. */
export function describeEngines(engines) {
  if (!engines) return "Every line says which service made it.";
  const names = (list) => list.filter(available).map(({ name }) => name).join(", ") || "none";
  return `Local engines — recognise: ${names(engines.recognise)}; translate: ${names(engines.translate)}; speak: ${names(engines.speak)}. Every line says which one made it.`;
}

/** What can understand a person who speaks freely, said before the microphone is opened. */
export function describeMicrophone(engines, language, languageName) {
  if (!engines) return `Amazon Transcribe understands your ${languageName}.`;
  const free = engines.recognise.filter(available).filter(({ languages }) => speaks(languages, language));
  if (free.length > 0) {
    const names = free.map(({ name }) => name).join(", ");
    return `${names} understands your ${languageName}, with mistakes. Sentences outside the demo need a translator: ${translators(engines)}.`;
  }
  return `No engine on this machine understands free ${languageName}. The customer would hear your own voice, untranslated; only the demo's recordings are recognised.`;
}

function translators(engines) {
  const names = engines.translate.filter(available).filter(({ name }) => name !== "phrasebook").map(({ name }) => name);
  return names.length > 0 ? names.join(", ") : "none is installed, so they stay captions";
}

const available = (engine) => engine.available !== false;

/** "lines" means only the demo's own recordings. */
function speaks(languages, language) {
  const base = language.split("-")[0];
  return Array.isArray(languages) && languages.some((tag) => tag.split("-")[0] === base);
}
