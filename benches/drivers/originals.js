// The customer's original by two ways at once: through a session's mixer (the
// agent's loudspeaker), and through the least that Web Audio has, a source and
// a destination in a context of their own.

import { startOurs } from "./ours-session.js";

export async function startBoth(options) {
  const session = await startOurs(options, {}, { "customer-original-to-agent": 1 });
  const context = new AudioContext();
  const bare = context.createMediaStreamDestination();
  context.createMediaStreamSource(new MediaStream([options.inputs.customer])).connect(bare);
  return {
    outputs: { customer: session.outputs.customer, agent: bare.stream.getAudioTracks()[0] },
    stop: async () => {
      await session.stop();
      await context.close();
    },
  };
}
