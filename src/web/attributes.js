// What contact attributes mean for a call's settings, unless the host says otherwise.

/** `true` and `false` as flows write them; anything else says nothing. */
function flag(attribute) {
  return { true: true, false: false }[attribute?.trim().toLowerCase()];
}

export function settingsFromAttributes(settings, attributes) {
  const { languageCode, customerVoice } = attributes;
  const [interpret, transcribe] = [flag(attributes.interpret), flag(attributes.transcribeCall)];
  // Nothing can be interpreted that may not be transcribed.
  if (transcribe === false || (interpret === false && !transcribe)) return null;

  const agent = { ...settings.agent };
  const customer = { ...settings.customer };
  if (languageCode && languageCode !== customer.language) {
    customer.language = languageCode;
    // The voice that speaks to the customer was for another language.
    delete agent.voice;
  }
  // What the customer hears is the agent's words.
  if (customerVoice) agent.voice = customerVoice;
  if (interpret === false) agent.output = customer.output = "transcript";
  return { ...settings, agent, customer };
}
