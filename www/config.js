// The page's configuration: read, checked against config.schema.json, and
// turned into what interpret() and fromCognitoIdentityPool() take.

import { firstFault } from "./schema.js";

/** The configuration is wrong; `field` says where. */
export class ConfigError extends Error {
  name = "ConfigError";
  constructor(field, message) {
    super(field ? `${field}: ${message}` : message);
    this.field = field;
  }
}

/** Reads and checks /config.json. */
export async function loadConfig(url = new URL("/config.json", location.href)) {
  const [schema, text] = await Promise.all([
    fetch(new URL("./config.schema.json", import.meta.url)).then((answer) => answer.json()),
    fetch(url).then(async (answer) => {
      if (!answer.ok) throw new ConfigError("", `There is no configuration at ${url.pathname} (HTTP ${answer.status}).`);
      return answer.text();
    }),
  ]);
  let raw;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError("", `${url.pathname} is not JSON: ${cause.message}`);
  }
  return resolveConfig(raw, schema, new URL(location.href));
}

/**
 * Checks a configuration and resolves the sample's keys.
 *
 * @param {unknown} raw the parsed file
 * @param {object} schema config.schema.json
 * @param {URL} page where the page is (proxies are paths of its origin)
 * @returns {{ options: object, identity: object | null, connect: object | null, standIn: { control: string } | null }}
 *   `options` for interpret(), tracks and credentials aside; `identity` for
 *   identityProvider(); `connect`: the Amazon Connect instance, null without one
 */
export function resolveConfig(raw, schema, page) {
  const fault = firstFault(raw, schema);
  if (fault) throw new ConfigError(fault.field, fault.message);
  const given = (name) => (raw[name] === "not-defined" ? undefined : raw[name]);
  const region = regions(raw, given);
  return {
    options: {
      region,
      endpoints: endpoints(raw, given, region, page),
      agent: { language: "en-US", ...raw.agent },
      customer: { language: "es-US", ...raw.customer },
      ...(raw.volumes && { volumes: raw.volumes }),
      ...(raw.comfortNoise && { comfortNoise: raw.comfortNoise }),
    },
    identity: identity(raw, given),
    connect: instance(raw, given, page),
    standIn: raw.standIn ?? null,
  };
}

function regions(raw, given) {
  const of = (name, service) => {
    const region = typeof raw.region === "object" ? raw.region[service] : raw.region;
    const found = region ?? given(name) ?? given("backendRegion");
    if (!found) throw new ConfigError("region", `is missing: give "region", or "${name}"`);
    return found;
  };
  return {
    transcribe: of("transcribeRegion", "transcribe"),
    translate: of("translateRegion", "translate"),
    polly: of("pollyRegion", "polly"),
  };
}

function endpoints(raw, given, region, page) {
  const out = {};
  for (const service of ["transcribe", "translate", "polly"]) {
    const endpoint = raw.endpoints?.[service] ?? proxy(service, given, region, page);
    if (endpoint) out[service] = absolute(`endpoints.${service}`, endpoint, page);
  }
  return out;
}

/** The sample's CloudFront paths; like the sample, not on a developer's machine. */
function proxy(service, given, region, page) {
  const enabled = given(`${service}ProxyEnabled`);
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(page.hostname);
  if (service === "transcribe" || local || (enabled !== true && enabled !== "true")) return undefined;
  return { url: `/amazon-${service}-proxy`, signedHost: `${service}.${region[service]}.amazonaws.com` };
}

function absolute(field, endpoint, page) {
  const whole = (url) => {
    try {
      const parsed = new URL(url, page.origin);
      if (["http:", "https:", "ws:", "wss:"].includes(parsed.protocol)) return parsed.href.replace(/\/$/, "");
    } catch {
      // Falls through to the one refusal below.
    }
    throw new ConfigError(field, "expected an http(s) or ws(s) URL, or a path of this page's origin");
  };
  return typeof endpoint === "string" ? whole(endpoint) : { ...endpoint, url: whole(endpoint.url) };
}

/** Where the calls come from, and the scripts that take them. */
function instance(raw, given, page) {
  const stated = given("connectInstanceURL");
  if (!stated) return null;
  const ccp = stated.replace(/\/$/, "");
  if (!/^https?:\/\/[^/]/.test(ccp)) {
    throw new ConfigError("connectInstanceURL", "expected the URL of an instance: https://NAME.my.connect.aws");
  }
  const local = raw.standIn?.connect;
  return {
    ccpUrl: `${ccp}/ccp-v2/`,
    region: given("connectInstanceRegion"),
    streamsUrl: ownScript("streamsUrl", raw.streamsUrl ?? "/vendor/connect-streams-min.js", page),
    softphoneUrl: local && !raw.connectRtcJs
      ? `${local}/rtc-session.js`
      : ownScript("connectRtcJs", raw.connectRtcJs ?? "/connect-rtc.js", page),
    phoneUrl: local ? `${local}/customer.html` : null,
  };
}

/** Scripts run in the page: they are its own. */
function ownScript(field, script, page) {
  const url = new URL(script, page);
  if (url.origin !== page.origin) throw new ConfigError(field, "must be of this page's origin");
  return url.href;
}

function identity(raw, given) {
  const identityPoolId = given("identityPoolId");
  if (!identityPoolId) {
    throw new ConfigError("identityPoolId", "is missing: the page gets its AWS credentials from a Cognito identity pool");
  }
  const region = identityPoolId.split(":")[0];
  const stated = given("backendRegion");
  if (stated && stated !== region) throw new ConfigError("backendRegion", `identityPoolId is in ${region}`);
  if (raw.loginModule && !given("userPoolId")) {
    throw new ConfigError("userPoolId", "is missing: loginModule gives the token of a login at that user pool");
  }
  return {
    region,
    identityPoolId,
    endpoint: raw.endpoints?.cognitoIdentity,
    userPoolId: given("userPoolId"),
    loginModule: raw.loginModule,
    hostedLogin: hostedLogin(raw, given),
  };
}

/** The user pool's hosted pages; null when nobody is to log in there. */
function hostedLogin(raw, given) {
  const needed = ["userPoolId", "userPoolWebClientId", "cognitoDomainURL"];
  const [, clientId, domain] = needed.map(given);
  if (raw.loginModule || !(clientId || domain)) return null;
  const missing = needed.find((name) => !given(name));
  if (missing) throw new ConfigError(missing, `is missing: a login at the hosted pages takes ${needed.join(", ")}`);
  if (!/^https?:\/\/[^/?#]+\/?$/.test(domain)) {
    throw new ConfigError("cognitoDomainURL", "expected the URL of the pool's domain: https://NAME.auth.REGION.amazoncognito.com");
  }
  return { domain: domain.replace(/\/$/, ""), clientId };
}

/**
 * A credentials provider for the configured identity pool.
 *
 * @param {object} identity of {@link resolveConfig}
 * @param {Function} fromCognitoIdentityPool of the library
 * @param {URL} page a login module must be of its origin
 * @param {import("./login.js").Login} [login] of who has logged in, if that is configured
 */
export async function identityProvider(identity, fromCognitoIdentityPool, page, login) {
  const { region, identityPoolId, endpoint, userPoolId, loginModule, hostedLogin } = identity;
  const options = { region, identityPoolId, ...(endpoint && { endpoint }) };
  if (!loginModule && !hostedLogin) return fromCognitoIdentityPool(options);
  const idToken = hostedLogin ? () => login.token() : await tokenOf(loginModule, page);
  const name = `cognito-idp.${userPoolId.split("_")[0]}.amazonaws.com/${userPoolId}`;
  return fromCognitoIdentityPool({ ...options, logins: async () => ({ [name]: await idToken() }) });
}

async function tokenOf(loginModule, page) {
  const url = new URL(loginModule, page);
  if (url.origin !== page.origin) throw new ConfigError("loginModule", "must be of this page's origin");
  return (await import(url.href)).default;
}
