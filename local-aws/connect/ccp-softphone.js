// The softphone inside the CCP page, where the desktop leaves it there
// (allowFramedSoftphone). The desktop then only hears of it by broadcasts.

const TOPIC = "connect::softphone";
const LOCAL_MEDIA = "agent::local_media_stream_created";

/**
 * @param {(event: string, data: unknown) => void} up tells the instance
 * @returns {(event: string, data: object) => void} is told what the instance says
 */
export async function framedSoftphone(up) {
  await import("/rtc-session.js");
  const element = document.body.appendChild(Object.assign(new Audio(), { autoplay: true, id: "remote-audio" }));
  const sessions = new Map();
  const listeners = new Set();
  const masterRequest = crypto.randomUUID();
  const broadcast = (event, data) => up("broadcast", { event, data });
  const provider = {
    subscribeTopics: (topics) => up("webSocket::subscribe", topics),
    onMessage: (_, listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    sendMessage: (payload) => up("webSocket::send", payload),
  };
  let master = false;
  let contacts = [];

  function begin(contactId, { connectionId, softphoneMediaInfo }) {
    const { iceServers, signalingEndpoint, useWebSocketProvider } = JSON.parse(softphoneMediaInfo.callConfigJson);
    const session = new globalThis.connect.RTCSession(
      signalingEndpoint, iceServers, softphoneMediaInfo.callContextToken, console, contactId, connectionId,
      useWebSocketProvider ? provider : undefined,
    );
    const call = { session, stream: null };
    sessions.set(connectionId, call);
    session.remoteAudioElement = element;
    session.onLocalStreamAdded = (_, stream) => {
      call.stream = stream;
      broadcast(LOCAL_MEDIA, { connectionId });
    };
    session.onSessionDestroyed = () => sessions.delete(connectionId);
    broadcast("connection::session_init", { connectionId });
    session.connect();
  }

  /** Sessions for the contacts that ring, none for those that are over. */
  function follow() {
    const live = new Set();
    for (const { contactId, state, connections: [own] } of contacts) {
      if (["ended", "error", "missed", "rejected"].includes(state.type)) continue;
      live.add(own.connectionId);
      const rings = ["connecting", "incoming"].includes(state.type);
      if (master && rings && own.softphoneMediaInfo && !sessions.has(own.connectionId)) begin(contactId, own);
    }
    for (const [connectionId, { session }] of sessions) {
      if (!live.has(connectionId)) session.hangup();
    }
  }

  function mute(muted) {
    for (const { stream } of sessions.values()) {
      for (const track of stream?.getAudioTracks() ?? []) track.enabled = !muted;
    }
    broadcast("agent::mute_toggle", { muted });
  }

  up("master_request", { requestId: masterRequest, method: "checkMaster", params: { topic: TOPIC } });
  return (event, data) => {
    if (event === "webSocket::all_message") for (const listener of [...listeners]) listener(data);
    if (event === "mute" && data?.mute !== undefined) mute(data.mute);
    if (event === "agent::update") contacts = data.snapshot.contacts;
    if (event === "master_response" && data.requestId === masterRequest) master = data.data.isMaster;
    if (["agent::update", "master_response"].includes(event)) follow();
  };
}
