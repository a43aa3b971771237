// One direction, working as the AWS sample does: capture by ScriptProcessor on
// the main thread at the context's own rate, the AWS SDK's clients, the final
// result only, then Translate, then Polly's whole clip, decoded twice and
// played from a first-in-first-out queue chained by `ended`.
//
// Two things differ, both in the sample's favour. Polly is asked for PCM and
// the clip is wrapped as WAV, because the local stand-in has no ogg; that
// decodes faster. And the source starts only when the stream is open, so that
// the words the sample loses at its start are not counted.

import { PollyClient, SynthesizeSpeechCommand } from "@aws-sdk/client-polly";
import { StartStreamTranscriptionCommand, TranscribeStreamingClient } from "@aws-sdk/client-transcribe-streaming";
import { TranslateClient, TranslateTextCommand } from "@aws-sdk/client-translate";

const BLOCK = 2048;

// The SDK opens nothing but wss: on port 8443; the stand-in speaks ws: on a
// port of its own. Before signing, the request goes back to the endpoint.
const toEndpoint = (endpoint) => ({
  applyToStack: (stack) => stack.add(
    (next) => (args) => {
      const { protocol, hostname, host, port } = new URL(endpoint);
      Object.assign(args.request, { protocol, hostname, port: Number(port) });
      args.request.headers.host = host;
      return next(args);
    },
    { step: "build", priority: "low", name: "toEndpoint" },
  ),
});

async function credentials({ cognitoIdentity, identityPoolId }) {
  const call = async (target, body) => {
    const answer = await fetch(cognitoIdentity, {
      method: "POST",
      headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": `AWSCognitoIdentityService.${target}` },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${target}: ${answer.status}`);
    return answer.json();
  };
  const { IdentityId } = await call("GetId", { IdentityPoolId: identityPoolId });
  const { Credentials } = await call("GetCredentialsForIdentity", { IdentityId });
  return {
    accessKeyId: Credentials.AccessKeyId,
    secretAccessKey: Credentials.SecretKey,
    sessionToken: Credentials.SessionToken,
    expiration: new Date(1000 * Credentials.Expiration),
  };
}

// What the processor captured, read as a byte stream: a read takes all that
// has come, and a read of more bytes than the rate's number is thrown away.
function capture(input, onClose) {
  const context = new AudioContext();
  const source = context.createMediaStreamSource(new MediaStream([input]));
  const processor = context.createScriptProcessor(BLOCK, 1, 1);
  let pending = [];
  let wake;
  let open = true;
  let reads = 0;
  let flows;
  const flowing = new Promise((resolve) => { flows = resolve; });
  processor.onaudioprocess = ({ inputBuffer }) => {
    pending.push(new Float32Array(inputBuffer.getChannelData(0)));
    wake?.();
  };
  source.connect(processor);
  processor.connect(context.destination);
  onClose(async () => {
    open = false;
    wake?.();
    source.disconnect();
    processor.disconnect();
    await context.close();
  });
  const encode = (blocks) => {
    const pcm = new DataView(new ArrayBuffer(2 * BLOCK * blocks.length));
    let at = 0;
    for (const block of blocks) {
      for (const sample of block) {
        const x = Math.max(-1, Math.min(1, sample));
        pcm.setInt16(at, x < 0 ? x * 0x8000 : x * 0x7fff, true);
        at += 2;
      }
    }
    return new Uint8Array(pcm.buffer);
  };
  async function* chunks() {
    while (open) {
      if (pending.length === 0) await new Promise((resolve) => { wake = resolve; });
      const blocks = pending;
      pending = [];
      const bytes = blocks.length * BLOCK * Float32Array.BYTES_PER_ELEMENT;
      // The first reads fill the SDK's buffers; later ones need an open socket.
      if ((reads += 1) === 5) flows();
      if (blocks.length > 0 && bytes <= context.sampleRate) yield { AudioEvent: { AudioChunk: encode(blocks) } };
    }
  }
  return { chunks: chunks(), flowing, sampleRate: context.sampleRate };
}

function wav(pcm, rate) {
  const file = new Uint8Array(44 + pcm.length);
  const view = new DataView(file.buffer);
  const text = (at, letters) => [...letters].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + pcm.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, pcm.length, true);
  file.set(pcm, 44);
  return file;
}

function base64(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

export async function start({ input, config, on }) {
  const player = new AudioContext();
  const out = player.createMediaStreamDestination();
  const queue = [];
  let playing = false;
  const playNext = () => {
    const clip = queue.shift();
    playing = clip !== undefined;
    if (!clip) return;
    const source = player.createBufferSource();
    source.buffer = clip;
    source.connect(out);
    source.onended = playNext;
    source.start();
  };
  const enqueue = async (clip) => {
    await player.decodeAudioData(bytesOf(clip).buffer); // the sample's first decoding asks for the length
    queue.push(await player.decodeAudioData(bytesOf(clip).buffer));
    if (!playing) playNext();
  };

  const identity = await credentials(config);
  const client = { region: config.region, credentials: identity };
  const transcribe = new TranscribeStreamingClient({ ...client, endpoint: config.endpoints.transcribe.replace(/^ws/, "http") });
  transcribe.middlewareStack.use(toEndpoint(config.endpoints.transcribe));
  const translate = new TranslateClient({ ...client, endpoint: config.endpoints.translate });
  const polly = new PollyClient({ ...client, endpoint: config.endpoints.polly });

  const interpret = async (text) => {
    const { TranslatedText } = await translate.send(new TranslateTextCommand({
      Text: text,
      SourceLanguageCode: config.language.split("-")[0],
      TargetLanguageCode: config.targetLanguage.split("-")[0],
    }));
    const { AudioStream } = await polly.send(new SynthesizeSpeechCommand({
      Text: TranslatedText,
      VoiceId: config.voice,
      LanguageCode: config.targetLanguage,
      Engine: "neural",
      OutputFormat: "pcm",
      SampleRate: "16000",
    }));
    await enqueue(base64(wav(await AudioStream.transformToByteArray(), 16_000)));
  };

  let close;
  const { chunks, flowing, sampleRate } = capture(input, (how) => { close = how; });
  // The SDK answers only with the service's first message, which needs speech.
  const answer = transcribe.send(new StartStreamTranscriptionCommand({
    LanguageCode: config.language,
    MediaEncoding: "pcm",
    MediaSampleRateHertz: sampleRate,
    AudioStream: chunks,
  }));
  const failed = (error) => on({ type: "error", error: String(error.message ?? error) });
  const listen = (async () => {
    const { TranscriptResultStream } = await answer;
    for await (const { TranscriptEvent } of TranscriptResultStream) {
      const [result] = TranscriptEvent?.Transcript?.Results ?? [];
      if (!result) continue;
      const text = result.Alternatives?.[0]?.Transcript ?? "";
      on({ type: "transcript", resultId: result.ResultId, text, isPartial: result.IsPartial });
      if (!result.IsPartial && text) interpret(text).catch(failed);
    }
  })();
  let stopping = false;
  listen.catch((error) => { if (!stopping) failed(error); });
  await Promise.race([flowing, answer]);
  return {
    output: out.stream.getAudioTracks()[0],
    stop: async () => {
      stopping = true;
      await close();
      transcribe.destroy();
      await player.close();
    },
  };
}
