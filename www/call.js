// A telephone call inside the page: two RTCPeerConnections, the agent's and
// the customer's, as a softphone and a telephone would have them.

/** The two ends could not be connected. */
export class CallError extends Error {
  name = "CallError";
}

/**
 * Connects both ends. Resolves when audio can flow.
 *
 * @param {{ agentTrack: MediaStreamTrack, customerTrack: MediaStreamTrack }} speech what each says
 * @returns {Promise<{ sender: RTCRtpSender, atAgent: MediaStreamTrack, atCustomer: MediaStreamTrack, hangUp: () => void }>}
 *   the agent's sender, what arrives at the agent and at the customer
 */
export async function connectCall({ agentTrack, customerTrack }) {
  const agent = new RTCPeerConnection();
  const customer = new RTCPeerConnection();
  const hangUp = () => {
    agent.close();
    customer.close();
  };
  try {
    exchangeCandidates(agent, customer);
    const atAgent = arrivingTrack(agent);
    const atCustomer = arrivingTrack(customer);
    const bothConnected = Promise.all([connected(agent), connected(customer)]);
    const sender = agent.addTrack(agentTrack, new MediaStream([agentTrack]));
    customer.addTrack(customerTrack, new MediaStream([customerTrack]));

    await customer.setLocalDescription(await customer.createOffer());
    await agent.setRemoteDescription(customer.localDescription);
    await agent.setLocalDescription(await agent.createAnswer());
    await customer.setRemoteDescription(agent.localDescription);
    await bothConnected;
    return { sender, atAgent: await atAgent, atCustomer: await atCustomer, hangUp };
  } catch (error) {
    hangUp();
    throw error;
  }
}

/** Shows a track in an element and starts it; the click that takes the call allows that. */
export async function playTrack(element, track) {
  element.srcObject = new MediaStream([track]);
  await element.play();
}

function exchangeCandidates(one, other) {
  for (const [from, to] of [[one, other], [other, one]]) {
    const waiting = [];
    const deliver = () => {
      if (!to.remoteDescription || to.signalingState === "closed") return;
      for (const candidate of waiting.splice(0)) to.addIceCandidate(candidate).catch(() => {});
    };
    from.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate) waiting.push(candidate);
      deliver();
    });
    to.addEventListener("signalingstatechange", deliver);
  }
}

function arrivingTrack(connection) {
  return new Promise((resolve) => {
    connection.addEventListener("track", ({ track }) => resolve(track), { once: true });
  });
}

function connected(connection) {
  return new Promise((resolve, reject) => {
    let candidates = 0;
    const fail = () => reject(new CallError(
      "The two ends of the call could not reach each other. Chromium needs a network interface for that, or the flag --allow-loopback-in-peer-connection.",
    ));
    connection.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate?.candidate) candidates += 1;
    });
    const look = () => {
      if (connection.connectionState === "connected") resolve();
      else if (connection.connectionState === "failed" || connection.connectionState === "closed") fail();
      else if (connection.iceGatheringState === "complete" && candidates === 0) fail();
    };
    connection.addEventListener("connectionstatechange", look);
    connection.addEventListener("icegatheringstatechange", look);
    look();
  });
}
