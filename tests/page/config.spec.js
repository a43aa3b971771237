// The configuration file, without a browser.

import { expect, test } from "@playwright/test";
import { ConfigError, resolveConfig } from "../../www/config.js";
import { readJson } from "./support.js";

const POOL = "us-east-1:00000000-0000-4000-8000-000000000000";
const PAGE = new URL("https://desk.example.com/agent/");
const schema = await readJson("www/config.schema.json");
const resolve = (raw, page = PAGE) => resolveConfig(raw, schema, page);

function refusal(raw) {
  try {
    resolve(raw);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toContain(error.field);
    return error.field;
  }
  return null;
}

test("the example is valid", async () => {
  const { options, identity, standIn } = resolve(await readJson("www/config.example.json"));
  expect(options.region).toEqual({ transcribe: "us-east-1", translate: "us-east-1", polly: "us-east-1" });
  expect(options.agent).toMatchObject({ language: "en-US", voice: "Lupe" });
  expect(identity.region).toBe("us-east-1");
  expect(standIn).toBeNull();
});

test("one region serves all, and languages have defaults", () => {
  const { options } = resolve({ region: "eu-central-1", identityPoolId: POOL });
  expect(options).toEqual({
    region: { transcribe: "eu-central-1", translate: "eu-central-1", polly: "eu-central-1" },
    endpoints: {},
    agent: { language: "en-US" },
    customer: { language: "es-US" },
  });
});

test("the sample's keys give the same settings", () => {
  const sample = {
    backendRegion: "us-west-2",
    identityPoolId: "us-west-2:00000000-0000-4000-8000-000000000000",
    userPoolId: "us-west-2_abcdefghi",
    userPoolWebClientId: "1example23456789",
    cognitoDomainURL: "https://desk.auth.us-west-2.amazoncognito.com",
    connectInstanceURL: "https://desk.my.connect.aws",
    connectInstanceRegion: "not-defined",
    transcribeRegion: "us-west-2",
    translateRegion: "eu-west-1",
    translateProxyEnabled: "true",
    pollyRegion: "us-west-2",
    pollyProxyEnabled: "false",
  };
  const { options, identity } = resolve(sample);
  expect(options.region).toEqual({ transcribe: "us-west-2", translate: "eu-west-1", polly: "us-west-2" });
  expect(options.endpoints).toEqual({
    translate: { url: "https://desk.example.com/amazon-translate-proxy", signedHost: "translate.eu-west-1.amazonaws.com" },
  });
  expect(identity).toMatchObject({
    region: "us-west-2",
    userPoolId: "us-west-2_abcdefghi",
    hostedLogin: { domain: "https://desk.auth.us-west-2.amazoncognito.com", clientId: "1example23456789" },
  });
  // A host's own login comes first, and without either the pool is asked as a guest.
  expect(resolve({ ...sample, loginModule: "/login.js" }).identity.hostedLogin).toBeNull();
  const guest = { ...sample, cognitoDomainURL: "not-defined", userPoolWebClientId: "not-defined" };
  expect(resolve(guest).identity.hostedLogin).toBeNull();
  // The sample has no proxies on a developer's machine.
  expect(resolve(sample, new URL("http://localhost:8700/")).options.endpoints).toEqual({});
});

test("an instance's calls come by its CCP and the page's own scripts", () => {
  const good = { region: "us-east-1", identityPoolId: POOL };
  expect(resolve(good).connect).toBeNull();
  expect(resolve({ ...good, connectInstanceURL: "not-defined" }).connect).toBeNull();
  const { connect } = resolve({ ...good, connectInstanceURL: "https://desk.my.connect.aws/", connectInstanceRegion: "us-east-1" });
  expect(connect).toEqual({
    ccpUrl: "https://desk.my.connect.aws/ccp-v2/",
    region: "us-east-1",
    streamsUrl: "https://desk.example.com/vendor/connect-streams-min.js",
    softphoneUrl: "https://desk.example.com/connect-rtc.js",
    phoneUrl: null,
  });
  const named = { ...good, connectInstanceURL: "https://desk.awsapps.com/connect", streamsUrl: "streams.js", connectRtcJs: "/rtc.js" };
  expect(resolve(named).connect).toMatchObject({
    ccpUrl: "https://desk.awsapps.com/connect/ccp-v2/",
    streamsUrl: "https://desk.example.com/agent/streams.js",
    softphoneUrl: "https://desk.example.com/rtc.js",
  });
});

test("the stand-in's instance brings a softphone and a customer's phone", () => {
  const local = "http://127.0.0.1:8702";
  const raw = {
    region: "us-east-1", identityPoolId: POOL, connectInstanceURL: local,
    standIn: { control: "http://127.0.0.1:8701/control", connect: local },
  };
  expect(resolve(raw).connect).toMatchObject({
    softphoneUrl: `${local}/rtc-session.js`, phoneUrl: `${local}/customer.html`,
  });
  // Another softphone library takes its place.
  expect(resolve({ ...raw, connectRtcJs: "/connect-rtc.js" }).connect.softphoneUrl).toBe("https://desk.example.com/connect-rtc.js");
});

test("a sample with undefined regions falls back to the backend's", () => {
  const { options } = resolve({ backendRegion: "us-east-1", identityPoolId: POOL, transcribeRegion: "not-defined" });
  expect(options.region.transcribe).toBe("us-east-1");
});

test("endpoints may be paths of the page's origin", () => {
  const { options } = resolve({
    region: "us-east-1",
    identityPoolId: POOL,
    endpoints: { transcribe: "ws://127.0.0.1:8701", polly: { url: "/polly/", signedHost: "polly.us-east-1.amazonaws.com" } },
  });
  expect(options.endpoints).toEqual({
    transcribe: "ws://127.0.0.1:8701",
    polly: { url: "https://desk.example.com/polly", signedHost: "polly.us-east-1.amazonaws.com" },
  });
});

test("what is wrong is named", () => {
  const good = { region: "us-east-1", identityPoolId: POOL };
  expect(refusal({ identityPoolId: POOL })).toBe("region");
  expect(refusal({ ...good, region: "Virginia" })).toBe("region");
  expect(refusal({ ...good, region: { transcribe: "us-east-1", translate: "us-east-1" } })).toBe("region.polly");
  expect(refusal({ region: "us-east-1" })).toBe("identityPoolId");
  expect(refusal({ ...good, identityPoolId: "pool" })).toBe("identityPoolId");
  expect(refusal({ ...good, backendRegion: "eu-west-1" })).toBe("backendRegion");
  expect(refusal({ ...good, identitypoolid: POOL })).toBe("identitypoolid");
  expect(refusal({ ...good, agent: { langauge: "en-US" } })).toBe("agent.langauge");
  expect(refusal({ ...good, customer: { messageMs: 500 } })).toBe("customer.messageMs");
  expect(refusal({ ...good, customer: { lexicons: ["a", 2] } })).toBe("customer.lexicons[1]");
  expect(refusal({ ...good, volumes: { "agent-original-to-customer": 3 } })).toBe("volumes.agent-original-to-customer");
  expect(refusal({ ...good, endpoints: { polly: { url: "https://proxy.example.com" } } })).toBe("endpoints.polly.signedHost");
  expect(refusal({ ...good, endpoints: { polly: "ftp://proxy.example.com" } })).toBe("endpoints.polly");
  expect(refusal({ ...good, loginModule: "/login.js" })).toBe("userPoolId");
  const hosted = { ...good, userPoolId: "us-east-1_abcdefghi", userPoolWebClientId: "1example23456789" };
  expect(refusal(hosted)).toBe("cognitoDomainURL");
  expect(refusal({ ...hosted, cognitoDomainURL: "desk.auth.us-east-1.amazoncognito.com" })).toBe("cognitoDomainURL");
  const domain = { cognitoDomainURL: "https://desk.auth.us-east-1.amazoncognito.com" };
  expect(refusal({ ...hosted, ...domain, userPoolId: undefined })).toBe("userPoolId");
  expect(refusal({ ...hosted, ...domain, userPoolWebClientId: "not-defined" })).toBe("userPoolWebClientId");
  expect(refusal({ ...good, connectInstanceURL: "desk.my.connect.aws" })).toBe("connectInstanceURL");
  const connected = { ...good, connectInstanceURL: "https://desk.my.connect.aws" };
  expect(refusal({ ...connected, streamsUrl: "https://cdn.example.com/streams.js" })).toBe("streamsUrl");
  expect(refusal({ ...connected, connectRtcJs: "https://cdn.example.com/rtc.js" })).toBe("connectRtcJs");
  expect(refusal({ ...good, pollyProxyEnabled: "yes" })).toBe("pollyProxyEnabled");
});
