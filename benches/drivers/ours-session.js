// A session of the package for the bench's two people.
//
// The originals and each speaker's own translation are turned down to nothing
// in the outputs, because the recording looks for translations alone. The
// gains stay in the graph, so the path is the default one. Everything else is
// the default unless `extra` or `volumes` say otherwise.

import init, { fromCognitoIdentityPool, interpret, prepare } from "/pkg/index.js";

/** What a session tells. */
const EVENTS = ["transcript", "translation", "utterance", "latency", "gap", "seam", "prepared", "error"];

/** The page's one provider: what it was asked for ahead is for the next session of the same. */
let credentials;
function provider(config) {
  credentials ??= fromCognitoIdentityPool({
    region: config.region,
    identityPoolId: config.identityPoolId,
    endpoint: config.cognitoIdentity,
  });
  return credentials;
}

/** All that a page can do before there is a call. */
export async function prepareOurs({ config }) {
  await init();
  await prepare({ credentials: provider(config), region: config.region, endpoints: config.endpoints });
}

export async function startOurs({ inputs, configs, config, on }, extra, volumes) {
  await init();
  const speaker = (name) => ({
    track: inputs[name],
    language: configs[name].language,
    voice: configs[name].voice,
    ...extra,
  });
  const session = await interpret({
    region: config.region,
    endpoints: config.endpoints,
    credentials: provider(config),
    agent: speaker("agent"),
    customer: speaker("customer"),
    volumes: {
      "customer-original-to-agent": 0,
      "customer-translation-to-customer": 0,
      "agent-original-to-customer": 0,
      "agent-translation-to-agent": 0,
      ...volumes,
    },
  });
  for (const type of EVENTS) {
    session.addEventListener(type, ({ detail }) => on({ type, ...detail, error: detail.error && String(detail.error.message ?? detail.error) }));
  }
  await new Promise((resolve, reject) => {
    const look = () => {
      if (session.state === "running") resolve();
      if (session.state === "stopped") reject(new Error("the session stopped before it ran"));
    };
    session.addEventListener("statechange", look);
    look();
  });
  return {
    outputs: { customer: session.customerSpeech, agent: session.agentSpeech },
    stop: () => session.stop(),
  };
}
