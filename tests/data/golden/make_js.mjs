// Writes javascript.json: the vectors of cases.json as the JavaScript SDK makes them.
// By hand, in a directory outside the repository with the packages installed:
//   npm i @smithy/signature-v4 @smithy/protocol-http @smithy/eventstream-codec @smithy/util-utf8 \
//     @aws-crypto/sha256-js @aws-sdk/core @aws-sdk/client-translate @aws-sdk/client-polly @aws-sdk/client-cognito-identity
//   node REPOSITORY/tests/data/golden/make_js.mjs   (from that directory: the packages are looked for in it)
// `presigned` and `signed`: signatures; `requests`: what the clients themselves send; `messages`: event-stream messages in base64.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const { SignatureV4 } = require("@smithy/signature-v4");
const { HttpRequest } = require("@smithy/protocol-http");
const { EventStreamCodec } = require("@smithy/eventstream-codec");
const { toUtf8, fromUtf8 } = require("@smithy/util-utf8");
const { Sha256 } = require("@aws-crypto/sha256-js");
const { formatUrl } = require("@aws-sdk/core/util");

const here = (name) => new URL(name, import.meta.url);
const cases = JSON.parse(readFileSync(here("cases.json"), "utf8"));
const signingDate = new Date(cases.time);
const signer = (service, { region, credentials }) =>
  new SignatureV4({ service, region, credentials: cases.credentials[credentials], sha256: Sha256, applyChecksum: false });
// As the SDK's WebSocket code does: the port stands in the host name, unless it is the scheme's own.
const place = (url) => {
  const { protocol, host, pathname } = new URL(url);
  return { protocol, hostname: host, prefix: pathname.replace(/\/$/, "") };
};

const presigned = {};
for (const c of cases.presigned) {
  const { protocol, hostname, prefix } = place(c.url);
  const request = new HttpRequest({
    method: "GET", protocol, hostname, path: `${prefix}/stream-transcription-websocket`,
    query: { ...c.query }, headers: { host: hostname }, body: "",
  });
  presigned[c.name] = formatUrl(await signer("transcribe", c).presign(request, { signingDate, expiresIn: 300 }));
}

const signed = {};
for (const c of cases.signed) {
  const { protocol, hostname } = place(c.url);
  const request = new HttpRequest({ method: "POST", protocol, hostname, path: c.path, headers: { ...c.headers, host: hostname }, body: c.body });
  const { headers } = await signer(c.service, c).sign(request, { signingDate });
  signed[c.name] = headers;
}

// The clients' own requests, without what they sign or say about themselves.
const requests = {};
const capture = async (name, Client, Command, input) => {
  const handle = async (request) => {
    const headers = Object.fromEntries(["content-type", "x-amz-target"].flatMap((h) => (request.headers[h] ? [[h, request.headers[h]]] : [])));
    const body = JSON.parse(typeof request.body === "string" ? request.body : toUtf8(request.body));
    requests[name] = { method: request.method, path: request.path, headers, signed: "authorization" in request.headers, body };
    throw new Error("captured");
  };
  const client = new Client({ region: "us-east-1", credentials: cases.credentials.lasting, requestHandler: { handle, metadata: {} }, maxAttempts: 1 });
  await client.send(new Command(input)).catch(() => {});
};
const { TranslateClient, TranslateTextCommand } = require("@aws-sdk/client-translate");
const { PollyClient, SynthesizeSpeechCommand } = require("@aws-sdk/client-polly");
const cognito = require("@aws-sdk/client-cognito-identity");
for (const c of cases.signed) {
  const [Client, Command] = c.service === "polly" ? [PollyClient, SynthesizeSpeechCommand] : [TranslateClient, TranslateTextCommand];
  await capture(c.name, Client, Command, JSON.parse(c.body));
}
for (const c of cases.unsigned) await capture(c.name, cognito.CognitoIdentityClient, cognito[`${c.operation}Command`], c.input);

const codec = new EventStreamCodec(toUtf8, fromUtf8);
const encode = (headers, body) =>
  Buffer.from(codec.encode({ headers: Object.fromEntries(Object.entries(headers).map(([k, value]) => [k, { type: "string", value }])), body })).toString("base64");
const messages = { audio: {}, answers: {} };
for (const { name, samples, ramp } of cases.audio) {
  const values = samples ?? Array.from({ length: ramp }, (_, i) => ((i * 37) % 65536) - 32768);
  const body = new Uint8Array(new Int16Array(values).buffer);
  messages.audio[name] = encode({ ":message-type": "event", ":event-type": "AudioEvent", ":content-type": "application/octet-stream" }, body);
}
for (const { name, headers, payload } of cases.answers)
  messages.answers[name] = encode(headers, payload === null ? new Uint8Array() : fromUtf8(JSON.stringify(payload)));

writeFileSync(here("javascript.json"), JSON.stringify({ presigned, signed, requests, messages }, null, 1) + "\n");
