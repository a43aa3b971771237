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
  loading: "Waiting for the Contact Control Panel.",
  failed: "The page could not be prepared.",
  rehearsal: "Ready. Let a customer call, then accept the call in the Contact Control Panel.",
  idle: "Ready. Calls are taken in the Contact Control Panel.",
  unavailable: "You take no calls: choose “Available” in the Contact Control Panel.",
  unconfigured: "No Amazon Connect instance is configured, so there are no calls.",
  ringing: "A customer is calling. Accept the call in the Contact Control Panel.",
  dialling: "Calling. The interpreting starts when you both talk.",
  connecting: "Connecting to the services. You already hear each other.",
  running: "Interpreting both ways.",
  reconnecting: "A service dropped the connection and is being called again. Nothing that was said is lost.",
  degraded: "Part of the interpreting is not available. The call itself goes on.",
  ordinary: "An ordinary call: nothing is interpreted.",
  login: "Log in to take calls.",
  finished: "The conversation is over. Type to say more, or hang up.",
  over: "The call has ended. Close the contact to take the next.",
  held: "On hold. Nothing is interpreted until you resume.",
};

/** What is heard in place of a translation that cannot be given now, by whose words they are. */
export const LEVELS = {
  customer: {
    captions: "Read along: you hear the customer’s own voice. The translation is here, but cannot be spoken now.",
    original: "You hear the customer’s own voice. It is not being translated now.",
  },
  agent: {
    captions: "The customer hears your own voice. Its translation is here, but cannot be spoken now.",
    original: "The customer hears your own voice. It is not being translated now.",
  },
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
  "track-ended": "A microphone was unplugged or the call ended.",
  "audio-suspended": "Click “Interpret this call”. Until then it is an ordinary call.",
  "audio-lost": "The computer is very busy: close other programs.",
  "credentials-unavailable": "Check identityPoolId in config.json, and that it lets guests in or that the login works.",
  "access-denied": "The credentials lack a permission: transcribe:StartStreamTranscriptionWebSocket, translate:TranslateText or polly:SynthesizeSpeech. Check the region too.",
  "expired-credentials": "New ones are fetched by themselves. If it stays, check this computer's clock.",
  throttled: "The account's quota is used up: wait, or ask AWS for more.",
  "bad-request": "This is a fault of the settings or of the library. Other lines go on.",
  conflict: "Another stream took over. Click “Interpret this call”.",
  "service-unavailable": "Nothing to do: it is tried again.",
  "text-too-long": "Say it in shorter sentences.",
  network: "Check the connection. It is tried again.",
  "malformed-message": "A proxy between this page and AWS may be changing answers.",
  "engine-failed": "It is started again by itself. If it stays away, reload the page after the call.",
  "media-unreachable": "It goes on as an ordinary call. This page has to run the softphone itself, in a browser of this computer.",
};

/** What Streams calls the softphone's faults. */
const SOFTPHONE = {
  microphone_not_shared: ["The browser may not use the microphone.", "Allow it in the address bar and reload the page."],
  unsupported_browser: ["This browser cannot take calls.", "Use a current Chrome or Edge."],
  signalling_handshake_failure: ["Amazon Connect refused the call.", "Reload the page and log in again."],
  signalling_connection_failure: ["Amazon Connect cannot be reached.", "Check the connection, and that a firewall lets WebSockets through."],
  ice_collection_timeout: ["The call’s audio finds no way.", "A firewall must let UDP port 3478 through to Amazon Connect."],
  user_busy_error: ["Another softphone has this call.", "Close other tabs with a Contact Control Panel."],
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
  softphone: "Softphone",
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
  if (error?.name === "ScriptError") {
    return { what: error.message, advice: "No calls can be taken. Correct streamsUrl or connectRtcJs in config.json, and see that the files are there." };
  }
  if (error?.name === "LoginError") return { what: error.message, advice: error.advice };
  const softphone = SOFTPHONE[error?.errorType];
  if (softphone) return { what: softphone[0], advice: softphone[1] };
  const stage = STAGES[error?.stage];
  const side = error?.speaker ? ` (${WHO[error.speaker]})` : "";
  return {
    what: stage ? `${stage}${side}: ${error.message}` : String(error?.message || error?.errorMessage || error?.errorType || error),
    advice: ADVICE[error?.code] ?? "",
  };
}

/** 1234 ms as "1.2 s". */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
