// The page's plain words for states, outcomes and errors.

export const WHO = { agent: "agent", customer: "customer" };

/** Both languages' English names: "Spanish", or "Spanish (Mexico)" where that tells them apart. */
export function languageNames(agent, customer) {
  const name = (tag) => {
    try {
      return new Intl.DisplayNames("en", { type: "language", languageDisplay: "standard" }).of(tag) ?? tag;
    } catch {
      return tag;
    }
  };
  const [agentBase, customerBase] = [agent, customer].map((tag) => tag.split("-")[0]);
  return agentBase === customerBase
    ? { agent: name(agent), customer: name(customer) }
    : { agent: name(agentBase), customer: name(customerBase) };
}

export const STATES = {
  idle: "Ready. The call starts when you take it.",
  connecting: "Connecting to the services. You already hear each other.",
  running: "Interpreting both ways.",
  reconnecting: "A service dropped the connection and is being called again. Nothing that was said is lost.",
  degraded: "Part of the interpreting is not available. The call itself goes on.",
  stopped: "The call has ended.",
  held: "On hold. Nothing is interpreted until you resume.",
};

export const OUTCOMES = {
  committed: "Being translated",
  speaking: "Being spoken",
  spoken: "Heard",
  caption: "Caption only",
  failed: "Not translated",
  dropped: "Taken back",
};

const ADVICE = {
  "invalid-option": "Correct it in config.json and reload the page.",
  "unsupported-language": "Choose a language that the service knows in config.json.",
  "voice-mismatch": "Choose a voice of the other side's language in config.json, or leave it out.",
  unsupported: "Use a current Chrome or Edge. The call goes on without interpreting.",
  "not-ready": "Reload the page.",
  "track-ended": "A microphone was unplugged or the call ended. Take the call again.",
  "audio-suspended": "Click anywhere in the page and take the call again. Until then it is an ordinary call.",
  "audio-lost": "The computer is very busy: close other programs.",
  "credentials-unavailable": "Check identityPoolId in config.json, and that it lets guests in or that the login works.",
  "access-denied": "The credentials lack a permission: transcribe:StartStreamTranscriptionWebSocket, translate:TranslateText or polly:SynthesizeSpeech. Check the region too.",
  "expired-credentials": "New ones are fetched by themselves. If it stays, check this computer's clock.",
  throttled: "The account's quota is used up: wait, or ask AWS for more.",
  "bad-request": "This is a fault of the settings or of the library. Other lines go on.",
  conflict: "Another stream took over. Take the call again.",
  "service-unavailable": "Nothing to do: it is tried again.",
  "text-too-long": "Say it in shorter sentences.",
  network: "Check the connection. It is tried again.",
  "malformed-message": "A proxy between this page and AWS may be changing answers.",
  "engine-failed": "Reload the page. The call goes on without interpreting.",
};

const STAGES = {
  options: "Settings",
  credentials: "Credentials",
  audio: "Audio",
  transcribe: "Transcription",
  translate: "Translation",
  synthesize: "Speech",
  playout: "Playing",
  engine: "Engine",
};

/** What went wrong and what to do, as { what, advice }. */
export function explain(error) {
  if (error?.name === "NotAllowedError") {
    return { what: "The browser may not use the microphone.", advice: "Allow it in the address bar, then switch it on again." };
  }
  if (error?.name === "NotFoundError") {
    return { what: "No microphone was found.", advice: "Plug one in, or let the recorded agent speak." };
  }
  if (error?.name === "ConfigError") {
    return { what: `Configuration: ${error.message}`, advice: "Correct config.json and reload the page. config.schema.json describes every key." };
  }
  const stage = STAGES[error?.stage];
  const side = error?.speaker ? ` (${WHO[error.speaker]})` : "";
  return {
    what: stage ? `${stage}${side}: ${error.message}` : String(error?.message ?? error),
    advice: ADVICE[error?.code] ?? "",
  };
}

/** 1234 ms as "1.2 s". */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
