/**
 * connect-interpreter: a live interpreter for a call in the browser. Two
 * tracks in (the agent's microphone and the customer's voice), two tracks out
 * (what each of them hears), captions and events beside them.
 *
 * Every error is an {@link InterpreterError}. Whatever breaks, the call goes on
 * as an ordinary call: the originals are heard at full volume again.
 *
 * @packageDocumentation
 */

/** Whose words. */
export type Speaker = "agent" | "customer";

/** URLs of the package's own files, for pages that serve them from elsewhere. */
export interface Assets {
  /** Default `connect_interpreter_bg.wasm` beside this module. */
  wasm: string | URL;
  /** Default `engine.worker.js`; a module worker, which must be of the page's origin. */
  worker: string | URL;
  /** Default `tap.worklet.js`. */
  tap: string | URL;
  /** Default `player.worklet.js`. */
  player: string | URL;
}

/**
 * Loads and compiles the engine. Call it once, early; calling it again does
 * nothing. It needs no click and touches no audio.
 *
 * Content security policy: `script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'`
 * suffices; no `blob:` or `data:` URL and no eval is used.
 *
 * @throws InterpreterError `unsupported` (the browser lacks what `field`
 * names), `not-ready` (the engine's file could not be loaded).
 */
export default function init(options?: { assets?: Partial<Assets> }): Promise<void>;

/**
 * Starts interpreting a call. Resolves when the audio graph and the engine
 * are up; the services' connections follow (event `statechange`).
 *
 * A browser may want a click before it plays anything. If the AudioContext may
 * not start, this rejects with `audio-suspended` and the call is untouched:
 * call it again from a click.
 *
 * @throws InterpreterError `not-ready` (no `init()` yet), `invalid-option`,
 * `unsupported-language`, `voice-mismatch` (`field` says which option),
 * `track-ended` (`field` is `agent.track` or `customer.track`),
 * `audio-suspended`, `aborted`, `unsupported`, `engine-failed`.
 */
export function interpret(options: InterpretOptions): Promise<InterpreterSession>;

/** What {@link prepare} gets ready besides the engine; each is optional. */
export interface PrepareOptions {
  /**
   * The provider of the session to come: it is asked now, and the next
   * `interpret()` that is given the same function uses the answer.
   */
  credentials?: InterpretOptions["credentials"];
  /** With a region, connections to Amazon Translate and Amazon Polly are opened. */
  region?: InterpretOptions["region"];
  endpoints?: InterpretOptions["endpoints"];
}

/**
 * Optional: makes the worker and the AudioContext, and what the options ask for,
 * now instead of at the first `interpret()`: when a call rings. Needs no click.
 *
 * @throws InterpreterError `not-ready`, `invalid-option`,
 * `credentials-unavailable`, `engine-failed`.
 */
export function prepare(options?: PrepareOptions): Promise<void>;

/**
 * Stops every session and ends the worker and the AudioContext. After it,
 * `init()` starts anew.
 */
export function dispose(): Promise<void>;

/** The shape of an AWS identity, as the AWS SDK for JavaScript v3 has it. */
export interface AwsCredentialIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Asked for anew ahead of it; absent: never. */
  readonly expiration?: Date;
}

/**
 * Credentials of an Amazon Cognito identity pool, by GetId and
 * GetCredentialsForIdentity. The result is a provider for
 * {@link InterpretOptions.credentials}.
 */
export function fromCognitoIdentityPool(options: {
  /** The pool's region. */
  region: string;
  /** `REGION:UUID`. */
  identityPoolId: string;
  /** Default `https://cognito-identity.REGION.amazonaws.com`. */
  endpoint?: string;
  /** Login tokens by provider, asked for at every refresh; none for guests. */
  logins?: (() => Promise<Record<string, string>> | Record<string, string>) | Record<string, string>;
}): () => Promise<AwsCredentialIdentity>;

/**
 * A track that plays an audio file, to be interpreted in place of a microphone.
 *
 * @param file anything that the browser can decode (WAV, MP3, Ogg, …).
 * @throws InterpreterError `invalid-option` with field `file` (not audio), `network`.
 */
export function trackFromFile(file: Blob | string | URL): Promise<{
  /** Silent until played. */
  readonly track: MediaStreamTrack;
  /** Plays from the beginning; resolves at its end or at `stop()`. */
  play(): Promise<void>;
  /** Stops playing. The track lives on and can be played again. */
  stop(): void;
}>;

/** A service's endpoint: its URL, or a proxy's URL and the host to sign for. */
export type Endpoint =
  | string
  | {
      /** Where to send. */
      url: string;
      /** What to sign for, e.g. `translate.us-east-1.amazonaws.com`. */
      signedHost: string;
    };

/** One speaker's settings. */
export interface SpeakerOptions {
  /** BCP-47 tag of what this speaker speaks: `en-US`. Required. */
  language: string;
  /**
   * Polly voice that speaks this speaker's words, in the **other** speaker's
   * language. Default: a voice of that language.
   */
  voice?: string;
  /** Polly engine. Default: the best that the voice has. */
  engine?: "standard" | "neural" | "long-form" | "generative";
  /** How settled words must be before they are spoken. Default `high`. */
  stability?: "none" | "low" | "medium" | "high";
  /**
   * Whether words count as settled once two results in a row agree on them:
   * a little sooner where `stability` is not `high`, and now and then something
   * is spoken that the service takes back. Default false: nothing is.
   */
  eager?: boolean;
  /**
   * When this speaker pauses, the translation and its speech are asked for
   * before the words are settled, and thrown away if those turn out otherwise
   * (event `prepared`). So many requests to each service may be in vain for each
   * utterance (twenty at least are counted), and characters as a share of those
   * committed (800 at least); 0 to 10, default 0.3. 0 asks for nothing ahead.
   */
  prepareAhead?: number;
  /**
   * Length of an audio message to Transcribe, 20 to 200 ms. Default 50. Audio is
   * captured in parts of the length that a session begins with.
   */
  messageMs?: number;
  /** How much of this side's beginning is not transcribed, 0 to 10,000 ms. Default 0. */
  startGuardMs?: number;
  /** Whether this speaker is interpreted. Default true. */
  enabled?: boolean;
  /**
   * In which form the other side gets this speaker's words. Default `speech`.
   * `captions`: translated and never spoken (outcome `caption`, no error).
   * `transcript`: `transcript` events and nothing else; no utterance is begun.
   * Where nothing is spoken the original is heard at full volume.
   */
  output?: "speech" | "captions" | "transcript";
  /**
   * What becomes of what was said before a mute and is not heard yet. Default
   * `drop`; with `finish` it is still translated and spoken to its end.
   */
  onMute?: "drop" | "finish";
  /**
   * Whether translations that are heard again on this speaker's track (a
   * loudspeaker beside the microphone, a line that echoes) are left out, event
   * `echo`. Default true. What this speaker says again is interpreted again,
   * and of two who talk at once the person is. Off: everything that is heard is
   * interpreted, the echo too; for a headset whose wearer often repeats, word
   * by word, what is just being played.
   */
  echoGuard?: boolean;
  /** Optional features of Amazon Transcribe. */
  transcribe?: {
    vocabulary?: string;
    vocabularyFilter?: string;
    vocabularyFilterMethod?: "mask" | "remove" | "tag";
    languageModel?: string;
  };
  /** Optional features of Amazon Translate. */
  translate?: {
    terminology?: string;
    formality?: "formal" | "informal";
    maskProfanity?: boolean;
    brevity?: boolean;
  };
  /** Lexicons for Amazon Polly, at most five. */
  lexicons?: string[];
}

/**
 * A way of a sound to a listener. Its volume is 0..1 (up to 2 amplifies).
 *
 * | route | default |
 * |---|---|
 * | `customer-original-to-agent` | 0.3 while the customer's words are spoken, otherwise 1 |
 * | `customer-translation-to-agent` | 1 |
 * | `customer-translation-to-customer` | 0.1: what the agent hears of one |
 * | `agent-original-to-customer` | 0.1 while the agent's words are spoken, otherwise 1 |
 * | `agent-translation-to-customer` | 1 |
 * | `agent-translation-to-agent` | 0.1 |
 * | `comfort-noise-to-agent`, `comfort-noise-to-customer` | 0.005, a clip 0.05 |
 *
 * While a translation plays to a listener, the original under it is ducked by
 * a further 12 dB and comfort noise to that listener is off.
 */
export type Route =
  | "customer-original-to-agent"
  | "customer-translation-to-agent"
  | "customer-translation-to-customer"
  | "agent-original-to-customer"
  | "agent-translation-to-customer"
  | "agent-translation-to-agent"
  | "comfort-noise-to-agent"
  | "comfort-noise-to-customer";

/** What {@link interpret} needs. */
export interface InterpretOptions {
  /** AWS region of all services, or of each. */
  region: string | { transcribe: string; translate: string; polly: string };
  /** Default: the services' public endpoints of the region. */
  endpoints?: { transcribe?: Endpoint; translate?: Endpoint; polly?: Endpoint };
  /**
   * How many requests Polly gets in a second for each engine, 0.1 to 1,000.
   * Default: what it takes of an account, 8 (80 of the engine `standard`). Less
   * where many agents share the account, more where it has been given more.
   * Speech that would have to wait for more than 8 s becomes a caption.
   */
  polly?: { requestsPerSecond?: number };
  /**
   * An AWS identity, or a provider of one. It is asked again five minutes ahead
   * of expiry, when a service refuses the identity, and, with an `error` event,
   * when it fails or does not answer within 10 s.
   */
  credentials: (() => Promise<AwsCredentialIdentity>) | AwsCredentialIdentity;
  /** The agent, with the microphone's track. The track stays yours: it is never stopped. */
  agent: SpeakerOptions & { track: MediaStreamTrack };
  /** The customer, with the remote track. The track stays yours: it is never stopped. */
  customer: SpeakerOptions & { track: MediaStreamTrack };
  /** Volumes other than the defaults. */
  volumes?: Partial<Record<Route, number>>;
  /** What fills the silence while nothing is spoken to a listener. Default `generated`. */
  comfortNoise?: "generated" | "off" | { clip: Blob | string | URL };
  /** Aborts the start (rejects with `aborted`) and later stops the session. */
  signal?: AbortSignal;
}

/** The state of a session. `degraded`: a speaker's {@link Level} is below what was asked for. */
export type SessionState = "connecting" | "running" | "reconnecting" | "degraded" | "stopped";

/**
 * What a listener gets of a speaker's words. `speech`: the translation is spoken.
 * `captions`: it is transcribed and translated and not spoken. `original`: it is
 * not transcribed or not translated. Below `speech` the original is heard at full
 * volume and there is no comfort noise.
 */
export type Level = "speech" | "captions" | "original";

/** What a listener gets of a speaker's words changed. */
export interface LevelChangeDetail {
  speaker: Speaker;
  level: Level;
  previous: Level;
  /** Why it is less than was asked for; absent where it is not (`output`, no voice, switched off). */
  error?: InterpreterError;
}

/** What is being said. Announced again under the same `resultId` until `isPartial` is false. */
export interface TranscriptDetail {
  speaker: Speaker;
  resultId: string;
  /** The latest utterance committed from this result. */
  utteranceId?: number;
  /** All of the result's words so far. */
  text: string;
  isPartial: boolean;
  /** On the session's clock, as `endMs`. */
  startMs: number;
  endMs: number;
  /** What recognised it, if the service says so. */
  engine?: string;
}

/** A committed piece of speech, translated. */
export interface TranslationDetail {
  speaker: Speaker;
  utteranceId: number;
  /** The transcript's result it was cut from; absent for `say()`. */
  resultId?: string;
  sourceText: string;
  text: string;
  /** What translated it, if the service says so. */
  engine?: string;
}

/**
 * An utterance moved on. `dropped`: muted, held, stopped or switched off before
 * it was heard whole, or under way when the engine died. `caption`: translated and not spoken, because of `error`
 * or, without one, because no voice speaks it or the speaker's `output` is
 * `captions`.
 */
export interface UtteranceDetail {
  speaker: Speaker;
  utteranceId: number;
  outcome: "committed" | "speaking" | "spoken" | "caption" | "failed" | "dropped";
  /** Why it is a caption or failed. */
  error?: InterpreterError;
  /** What spoke it, if the service says so. */
  engine?: string;
}

/**
 * When each step of an utterance happened, in milliseconds on the session's clock,
 * which is the page's `performance.now()` to a few milliseconds.
 */
export interface LatencyDetail {
  speaker: Speaker;
  utteranceId: number;
  marks: {
    /** The end of its last word at the microphone. */
    capturedMs?: number;
    firstPartialMs?: number;
    committedMs?: number;
    translatedMs?: number;
    /** First byte of speech. */
    firstByteMs?: number;
    /** First sample played. */
    heardMs?: number;
    /** Last sample played. */
    endedMs?: number;
  };
}

/**
 * Audio was not interpreted: it was lost between the tap and the engine, there
 * was no stream for too long, or streams said nothing to it. What was said then is
 * missing.
 */
export interface GapDetail {
  speaker: Speaker;
  atMs: number;
  lostMs: number;
}

/**
 * What was asked for before its words were settled (`prepareAhead`): it was right
 * and is heard that much sooner, or it was in vain.
 */
export interface PreparedDetail {
  speaker: Speaker;
  /** The utterance that it became; absent if it was in vain. */
  utteranceId?: number;
  /** How many characters were translated for it. */
  characters: number;
  /** How many of this speaker's were right so far. */
  hits: number;
  /** How many of this speaker's were in vain so far. */
  misses: number;
}

/**
 * A stream to Amazon Transcribe took another one's place. What was said
 * meanwhile, and what was not yet committed, is heard by the new one. Told once
 * the first words after the seam are known, or at once if no word can be on both
 * sides of it. Times are on the session's clock.
 */
export interface SeamDetail {
  speaker: Speaker;
  /**
   * What ended the old one: its socket was closed, the service gave a reason, it
   * said nothing more while somebody spoke, it was as old as a stream may be, or
   * settings were changed.
   */
  cause: "closed" | "exception" | "silent" | "rollover" | "settings";
  /** So far speech had been captured then. */
  atMs: number;
  /** When it was found out that the old one was over. */
  detectedMs: number;
  /** When the new one was open. */
  streamingMs: number;
  /** How much speech was sent again. */
  replayedMs: number;
  /** Handshakes that it took. */
  attempts: number;
  /** A word may be missing at the seam, or said twice. */
  uncertain: boolean;
}

/**
 * A stretch of speech on a speaker's track was a translation that we spoke to
 * that speaker, heard again: it is not interpreted. If it is all that the
 * result has, this takes the place of its final transcript: a partial one that
 * was shown under the `resultId` is to be taken away.
 */
export interface EchoDetail {
  speaker: Speaker;
  resultId: string;
  startMs: number;
  endMs: number;
}

/** The events of a session; each is a CustomEvent. */
export interface SessionEventMap {
  transcript: CustomEvent<TranscriptDetail>;
  translation: CustomEvent<TranslationDetail>;
  utterance: CustomEvent<UtteranceDetail>;
  latency: CustomEvent<LatencyDetail>;
  statechange: CustomEvent<{ state: SessionState }>;
  levelchange: CustomEvent<LevelChangeDetail>;
  prepared: CustomEvent<PreparedDetail>;
  gap: CustomEvent<GapDetail>;
  seam: CustomEvent<SeamDetail>;
  echo: CustomEvent<EchoDetail>;
  /**
   * Something failed that is not the fault of one utterance. `engine-failed`: the
   * engine's worker died or was stuck; it is replaced by itself, the originals are
   * at full level until then, and a `gap` says what was not heard.
   */
  error: CustomEvent<{ error: InterpreterError }>;
}

/** A running interpretation, made by {@link interpret}. */
export class InterpreterSession extends EventTarget {
  private constructor();
  /** Also announced by `statechange`. */
  readonly state: SessionState;
  /**
   * What the other one gets of a speaker's words; also announced by `levelchange`.
   * It comes back by itself when the service does.
   *
   * @throws InterpreterError `invalid-option`.
   */
  level(speaker: Speaker): Level;
  /**
   * How long this speaker's latest 200 utterances took from the end of their last
   * word at the microphone to the first sample of their translation, of those that
   * were spoken: how many there are, the median and the 95th percentile, both
   * absent while there is none. Each by its steps: event `latency`.
   *
   * @throws InterpreterError `invalid-option`.
   */
  delays(speaker: Speaker): { count: number; p50Ms?: number; p95Ms?: number };
  /** What the customer hears. Give it to the sender, or use {@link attach}. Ends with `stop()`. */
  readonly agentSpeech: MediaStreamTrack;
  /** What the agent hears. Play it in an `<audio>` element, or use {@link attach}. Ends with `stop()`. */
  readonly customerSpeech: MediaStreamTrack;
  /**
   * Puts `agentSpeech` on the sender and `customerSpeech` into the element, but
   * only while audio really flows. Otherwise (context suspended)
   * they carry what was there before, or the raw track if nothing was; after
   * `stop()` exactly what was there before. A track that somebody else put
   * there meanwhile is left alone.
   */
  attach(targets: { sender?: RTCRtpSender; audio?: HTMLAudioElement }): void;
  /**
   * Puts another track in place of a speaker's, or silence (`null`), without a
   * click and without a pause in the transcription. The tracks stay yours. What
   * was attached goes back to the new track where it would have gone back to the
   * old one.
   *
   * @throws InterpreterError `invalid-option`, `track-ended`.
   */
  replaceTrack(speaker: Speaker, track: MediaStreamTrack | null): void;
  /** Sets a route's volume, 0..2, with a 30 ms ramp. */
  setVolume(route: Route, value: number): void;
  /** The volume that was set (an original is at 1 while its speaker's words are not being spoken). */
  volume(route: Route): number;
  /** How loud the tracks that come in are now: RMS in dBFS, −100 for silence. */
  levels(): { agent: number; customer: number };
  /**
   * Silences a speaker: neither heard (after 45 ms not at all) nor transcribed,
   * from the next audio frame on, however busy the engine is. What is being
   * spoken in that speaker's name stops, unless `onMute` is `finish`. What is
   * typed ({@link say}) is spoken all the same. Unmuting gives back the volumes
   * that are set.
   */
  mute(speaker: Speaker, muted?: boolean): void;
  /**
   * While held nothing is transcribed, translated or spoken, and nothing that
   * was said until then ever is; the originals pass at full volume, except that
   * of a muted speaker.
   */
  hold(held: boolean): void;
  /** Switches the interpretation of one speaker on or off. */
  enable(speaker: Speaker, enabled: boolean): void;
  /** Changes a speaker's settings during the call; those not named stay. */
  configure(speaker: Speaker, options: Partial<SpeakerOptions>): void;
  /**
   * Speaks a typed text in a speaker's name to the other side.
   * `translate` (default false): whether the text is in the speaker's language
   * and translated first, or already in the listener's.
   */
  say(speaker: Speaker, text: string, options?: { translate?: boolean }): void;
  /**
   * What goes to the customer: the mix (default), the raw microphone (silent
   * while the agent is muted), a recording, or silence. A recording that ends
   * leaves silence. Resolves when that is what goes to the customer, or when
   * something else was sent meanwhile; the interpreting goes on all the time.
   *
   * Rejects with an InterpreterError: `invalid-option` (`field` is `send`,
   * `send.clip` or `send.loop`), `network` (`send.clip` could not be loaded).
   */
  send(what: "mix" | "microphone" | "silence"): Promise<void>;
  send(what: "clip", options: { clip: Blob | string | URL; loop?: boolean }): Promise<void>;
  /** Ends the session; resolves when what was attached is as before. May be called again. */
  stop(): Promise<void>;

  addEventListener<K extends keyof SessionEventMap>(
    type: K,
    listener: (this: InterpreterSession, event: SessionEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof SessionEventMap>(
    type: K,
    listener: (this: InterpreterSession, event: SessionEventMap[K]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ): void;
}

/** What {@link connectSoftphone} needs of `window.connect`: the library of amazon-connect-streams. */
export interface ConnectStreams {
  contact(callback: (contact: any) => void): unknown;
  agent(callback: (agent: any) => void): unknown;
  core: any;
}

/**
 * How far a call is: not both talk yet (ringing, dialling, ringback); agent and
 * customer talk; the agent talks to one other party while the customer is on
 * hold or has gone; on hold, or with several others; over for this agent.
 */
export type ContactPhase = "waiting" | "talking" | "consulting" | "held" | "over";

/** Somebody in a call. */
export interface ContactParty {
  connectionId: string;
  role: "agent" | "customer" | "other";
  /** Streams' name of the connection's state: `connecting`, `connected`, `hold`, `disconnected`, … */
  state: string;
}

/** A voice contact, as it was when this was made. */
export interface SoftphoneContact {
  contactId: string;
  type: "voice" | "queue_callback";
  isInbound: boolean;
  phase: ContactPhase;
  /** Contact attributes, by name. */
  attributes: Record<string, string>;
  parties: ContactParty[];
}

/** What a contact is interpreted with: as {@link InterpretOptions}, the call's own tracks aside. */
export type ContactSettings = Omit<InterpretOptions, "agent" | "customer"> & {
  agent: SpeakerOptions;
  customer: SpeakerOptions;
};

/** What {@link connectSoftphone} needs. */
export interface SoftphoneOptions {
  /** A contact's settings, asked for when both talk. `null`: the call stays an ordinary call. */
  settings: (contact: SoftphoneContact) => ContactSettings | null | Promise<ContactSettings | null>;
  /** What the contact's attributes change. Default {@link settingsFromAttributes}. */
  attributes?: (settings: ContactSettings, attributes: Record<string, string>) => ContactSettings | null;
  /**
   * Settings for another party with whom the agent talks alone (a consultation,
   * a transfer); the fields that are named replace the customer's as long as it
   * lasts. Default: `null`, such talk is not interpreted.
   */
  otherParty?: (
    contact: SoftphoneContact,
    party: ContactParty,
  ) => { agent?: Partial<SpeakerOptions>; customer?: Partial<SpeakerOptions> } | null | undefined;
  /** Whether each call is interpreted by itself. Default true; otherwise {@link Softphone.interpret}. */
  autoStart?: boolean;
}

/**
 * Interprets the calls of an Amazon Connect agent desktop: finds them by
 * itself, one session per voice contact, from the moment when both talk until
 * the end. Call it after `init()` and right after `initCCP()`: what has come by
 * then is found as well.
 *
 * The page must run the softphone itself: `initCCP` with
 * `allowFramedSoftphone: false`, `initSoftphoneManager()`, connect-rtc-js, and an
 * `<audio id="remote-audio">`. Where the audio is out of reach (the CCP's own
 * frame, a virtual desktop) the call stays an ordinary call, and an `error`
 * event with the code `media-unreachable` says why; in a tab that is not the
 * softphone's master nothing happens.
 *
 * - Whatever Streams puts on the call's sender becomes the agent's side of the
 *   mix, and is what `sender.track` reads meanwhile; at the end the sender
 *   carries what Streams put there last.
 * - Muting in the CCP is {@link InterpreterSession.mute} of the agent; a
 *   customer on hold is {@link InterpreterSession.hold}.
 * - Volumes set during a call are kept for the next.
 *
 * @throws InterpreterError `not-ready` (no `init()` or no `initCCP()` yet),
 * `invalid-option` (`field`: `connect` or `settings`), `unsupported`.
 */
export function connectSoftphone(connect: ConnectStreams, options: SoftphoneOptions): Softphone;

/**
 * What contact attributes change by default.
 *
 * | attribute | what it does |
 * |---|---|
 * | `languageCode` | the customer's language; the agent's `voice` is then chosen anew |
 * | `customerVoice` | the voice that the customer hears: the agent's `voice` |
 * | `interpret` | `false`: not interpreted; transcripts only if `transcribeCall` is `true` |
 * | `transcribeCall` | `false`: nothing is transcribed, so nothing interpreted |
 */
export function settingsFromAttributes(
  settings: ContactSettings,
  attributes: Record<string, string>,
): ContactSettings | null;

/** The events of a softphone; each is a CustomEvent. */
export interface SoftphoneEventMap {
  /** A contact is interpreted from now on. */
  session: CustomEvent<{ contact: SoftphoneContact; session: InterpreterSession }>;
  /** A voice contact came, changed or is over. */
  contactchange: CustomEvent<{ contact: SoftphoneContact }>;
  /** A contact cannot be interpreted, or not as it should; the call itself goes on. */
  error: CustomEvent<{ contact?: SoftphoneContact; error: InterpreterError }>;
}

/** The calls of an Amazon Connect desktop, made by {@link connectSoftphone}. */
export class Softphone extends EventTarget {
  private constructor();
  /** The voice contacts that there are. */
  readonly contacts: SoftphoneContact[];
  /** A contact's session, while it is interpreted. */
  session(contactId: string): InterpreterSession | undefined;
  /**
   * Interprets a contact: now, or as soon as both talk. For `autoStart: false`,
   * and to try again after an `error` (from a click, after `audio-suspended`).
   *
   * @throws InterpreterError `invalid-option` if there is no such contact.
   */
  interpret(contactId: string): void;
  /** Ends every session and stops to watch; resolves when the calls are as before. */
  stop(): Promise<void>;

  addEventListener<K extends keyof SoftphoneEventMap>(
    type: K,
    listener: (this: Softphone, event: SoftphoneEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof SoftphoneEventMap>(
    type: K,
    listener: (this: Softphone, event: SoftphoneEventMap[K]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ): void;
}

/** What went wrong, for programs. */
export type ErrorCode =
  | "invalid-option"
  | "unsupported-language"
  | "voice-mismatch"
  | "unsupported"
  | "not-ready"
  | "aborted"
  | "track-ended"
  | "audio-suspended"
  | "audio-lost"
  | "credentials-unavailable"
  | "access-denied"
  | "expired-credentials"
  | "throttled"
  | "bad-request"
  | "conflict"
  | "service-unavailable"
  | "text-too-long"
  | "network"
  | "too-late"
  | "malformed-message"
  | "engine-failed"
  | "media-unreachable";

/** Where it went wrong. */
export type Stage =
  | "options"
  | "credentials"
  | "audio"
  | "transcribe"
  | "translate"
  | "synthesize"
  | "playout"
  | "engine"
  | "softphone";

/** The library's one error. Its message never holds a secret, a signed URL or anything said. */
export class InterpreterError extends Error {
  private constructor();
  /** What went wrong. */
  readonly code: ErrorCode;
  /** Where. */
  readonly stage: Stage;
  /** Whose pipeline, where it is one. */
  readonly speaker?: Speaker;
  /** The option that is wrong, as a path (`agent.voice`), or the missing browser feature. */
  readonly field?: string;
  /** Whether the same thing may work if tried again. */
  readonly retryable: boolean;
  /** What lies behind it, e.g. what a credentials provider threw. */
  readonly cause?: unknown;
}
