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
  const names = (list) => list.filter(available).filter(({ name }) => name !== PILOT).map(plainName).join(", ") || "none";
  return `Local engines — recognise: ${names(engines.recognise)}; translate: ${names(engines.translate)}; speak: ${names(engines.speak)}. Every line says which one made it.`;
}

/** What can understand a person who speaks freely, said before the microphone is opened. */
export function describeMicrophone(engines, language, languageName) {
  const free = engines.recognise.filter(available).filter(isFree).filter(({ languages }) => speaks(languages, language));
  if (free.length === 0) {
    return `No engine on this machine understands free ${languageName}: the customer would hear your own voice, untranslated.`;
  }
  const names = free.map(plainName).join(", ");
  const translators = engines.translate.filter(available).filter(isFree).map(plainName);
  return `${names} understands your ${languageName}, with mistakes. ${translators.length > 0
    ? `${translators.join(", ")} translates it.`
    : "Only the demo’s sentences can be translated; others stay captions."}`;
}

/** Speaks and hears test tones only: of no interest to a person. */
const PILOT = "pilot";
/** Engines that know nothing but the demo's own sentences. */
const PLAIN_NAMES = { lines: "the demo’s recorded lines", phrasebook: "phrasebook", recorded: "recorded voices" };

const plainName = ({ name }) => PLAIN_NAMES[name] ?? name;
const isFree = ({ name }) => name !== PILOT && !(name in PLAIN_NAMES);
const available = (engine) => engine.available !== false;

function speaks(languages, language) {
  const base = language.split("-")[0];
  return Array.isArray(languages) && languages.some((tag) => tag.split("-")[0] === base);
}
