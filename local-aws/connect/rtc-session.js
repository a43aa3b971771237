// The softphone's session class: what Amazon Connect Streams makes a call with
// where connect-rtc-js is not there. It behaves as that library's sessions do,
// the awkward parts included; it is no copy of them.
//
// Load it after Streams, as a classic script. `connect.RTCSession.options` can
// hold the peer connection and its sender back, to make every order in which
// somebody who watches can find them.

(() => {
  const TOPIC = "aws/softphone";
  const ANSWER_MS = 5_000;
  const HANDLERS = [
    "GumError", "GumSuccess", "LocalStreamAdded", "SessionFailed", "SessionInitialized", "SignalingConnected",
    "IceCollectionComplete", "SignalingStarted", "SessionConnected", "RemoteStreamAdded", "SessionCompleted",
    "SessionDestroyed",
  ];
  const RTCErrors = {
    ICE_COLLECTION_TIMEOUT: "Ice Collection Timeout",
    USER_BUSY: "User Busy",
    SIGNALLING_CONNECTION_FAILURE: "Signalling Connection Failure",
    SIGNALLING_HANDSHAKE_FAILURE: "Signalling Handshake Failure",
    GUM_TIMEOUT_FAILURE: "GUM Timeout Failure",
    GUM_OTHER_FAILURE: "GUM Other Failure",
    CALL_NOT_FOUND: "Call Not Found",
  };
  const pause = (ms) => (ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : undefined);

  class Failure extends Error {
    constructor(reason) {
      super(reason);
      this.reason = reason;
    }
  }

  /** JSON-RPC to the service, by way of Streams or of a socket of its own. */
  class Channel {
    #waiting = new Map();
    #send;
    #close;

    static async open({ endpoint, provider, connectionId, contactId, token }) {
      const channel = new Channel();
      if (provider) {
        provider.subscribeTopics([TOPIC]);
        const unsubscribe = provider.onMessage(TOPIC, ({ content }) => {
          const message = JSON.parse(content);
          if (message.connectionId === connectionId) channel.#received(message.jsonRpcMsg);
        });
        channel.#send = (jsonRpcMsg) => provider.sendMessage({ topic: TOPIC, connectionId, jsonRpcMsg });
        channel.#close = unsubscribe;
        return channel;
      }
      const query = new URLSearchParams({ callId: contactId, contactCtx: token });
      const socket = new WebSocket(`${endpoint}?${query}`);
      await new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onerror = () => reject(new Failure(RTCErrors.SIGNALLING_CONNECTION_FAILURE));
      });
      socket.onmessage = ({ data }) => channel.#received(JSON.parse(data));
      channel.#send = (message) => socket.send(JSON.stringify(message));
      channel.#close = () => socket.close();
      return channel;
    }

    onrequest = () => {};
    /** An error for a request that was answered before. */
    onlate = () => {};

    #received(message) {
      if (message.method) {
        this.onrequest(message);
      } else if (this.#waiting.has(message.id)) {
        this.#waiting.get(message.id)(message);
        this.#waiting.delete(message.id);
      } else if (message.error) {
        this.onlate(message);
      }
    }

    /** Sends a request; the answer is awaited for a few seconds. */
    call(method, params, id = crypto.randomUUID()) {
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          this.#waiting.delete(id);
          reject(new Failure(RTCErrors.SIGNALLING_HANDSHAKE_FAILURE));
        }, ANSWER_MS);
        this.#waiting.set(id, ({ result, error }) => {
          clearTimeout(late);
          if (result) resolve(result);
          else reject(new Failure(reasonOf(error?.code)));
        });
        this.#send({ jsonrpc: "2.0", id, method, params });
      });
    }

    reply(id) {
      this.#send({ jsonrpc: "2.0", id, result: {} });
    }

    close() {
      this.#close();
    }
  }

  function reasonOf(code) {
    if (code === 486) return RTCErrors.USER_BUSY;
    if (code === 404) return RTCErrors.CALL_NOT_FOUND;
    return RTCErrors.SIGNALLING_HANDSHAKE_FAILURE;
  }

  /** A persistent connection: it outlives its calls. One per page. */
  let kept = null;

  function drop(connection) {
    if (kept === connection) kept = null;
    clearTimeout(connection.idle);
    connection.pc.close();
    connection.channel.close();
    for (const track of connection.stream?.getTracks() ?? []) track.stop();
    if (connection.element) connection.element.srcObject = null;
  }

  /** What goes with every request about a persistent connection. */
  const shown = ({ peerConnectionId, peerConnectionToken }) => ({
    persistentConnection: true, peerConnectionId, peerConnectionToken,
  });

  class RTCSession {
    static options = { holdPeerConnectionMs: 0, holdSenderMs: 0 };

    #ended = false;
    #talking = false;
    #connection = null;

    constructor(signalingEndpoint, iceServers, callContextToken, logger, contactId, connectionId, webSocketProvider) {
      Object.assign(this, {
        _signalingUri: signalingEndpoint, _iceServers: iceServers, _contactToken: callContextToken, _logger: logger,
        _callId: contactId, _connectionId: connectionId, _provider: webSocketProvider,
        _pc: null, _localStream: null, _isUserProvidedStream: false, _sessionReport: {},
      });
      for (const name of HANDLERS) this[`_on${name}`] = () => {};
    }

    get sessionReport() {
      return this._sessionReport;
    }

    get callId() {
      return this._callId;
    }

    get mediaStream() {
      return this._localStream;
    }

    set mediaStream(stream) {
      this._localStream = stream;
      this._isUserProvidedStream = true;
    }

    set echoCancellation(on) {
      this._echoCancellation = on;
    }

    set remoteAudioElement(element) {
      this._remoteAudioElement = element;
    }

    connect(pc) {
      this._sessionReport.sessionStartTime = new Date();
      const healthy = kept && !["failed", "closed"].includes(kept.pc.connectionState);
      if (kept && !healthy) drop(kept);
      (kept ? this.#join() : this.#begin(pc)).catch((error) => this.#fail(error));
    }

    /** A call of its own peer connection. */
    async #begin(given) {
      const { holdPeerConnectionMs, holdSenderMs } = RTCSession.options;
      if (!this._localStream) this._localStream = await this.#microphone();
      await pause(holdPeerConnectionMs);
      this.#check();
      this._pc = given ?? new RTCPeerConnection({ iceServers: this._iceServers });
      this._pc.ontrack = ({ streams: [stream] }) => {
        if (this._remoteAudioElement) this._remoteAudioElement.srcObject = stream;
        this._onRemoteStreamAdded(this, stream);
      };
      await pause(holdSenderMs);
      this.#check();
      for (const track of this._localStream.getTracks()) this._pc.addTrack(track, this._localStream);
      this._onLocalStreamAdded(this, this._localStream);
      const channel = await Channel.open({
        endpoint: this._signalingUri, provider: this._provider, connectionId: this._connectionId,
        contactId: this._callId, token: this._contactToken,
      });
      this.#connection = { pc: this._pc, channel, users: new Set([this]) };
      this.#listen();
      this._onSignalingConnected(this);
      await this.#invite({ callContextToken: this._contactToken, contactId: this._callId });
      if (this.#connection.peerConnectionToken) {
        Object.assign(this.#connection, { stream: this._localStream, element: this._remoteAudioElement });
        kept = this.#connection;
      }
      this.#talk();
    }

    /** The next call of a persistent connection. */
    async #join() {
      this.#connection = kept;
      clearTimeout(kept.idle);
      kept.users.add(this);
      this._pc = kept.pc;
      this.#listen();
      const connected = kept.channel.call("connectContact", {
        contactId: this._callId, callContextToken: this._contactToken, ...shown(kept),
      });
      this.#local();
      kept.stream.getAudioTracks()[0].enabled = true;
      this.#talk();
      await Promise.all([connected, this.#refresh()]);
    }

    /** What is sent is the local stream, whoever put it there. */
    #local() {
      kept.stream = new MediaStream([this._pc.getSenders()[0].track]);
      this._onLocalStreamAdded(this, kept.stream);
    }

    /** A fresh microphone for a connection that had one before. */
    async #refresh() {
      if (this._isUserProvidedStream) return;
      const [track] = (await this.#microphone()).getAudioTracks();
      // Streams may have put one there meanwhile.
      if (this._isUserProvidedStream || this.#ended) return;
      await this._pc.getSenders()[0].replaceTrack(track);
      this.#local();
    }

    async #microphone() {
      const echoCancellation = this._echoCancellation;
      try {
        const stream = await navigator.mediaDevices.getUserMedia({
          audio: echoCancellation === undefined ? true : { echoCancellation: !!echoCancellation },
        });
        this._onGumSuccess(this);
        return stream;
      } catch (error) {
        this._logger.error("the microphone is not there", error);
        this._onGumError(this);
        throw new Failure(RTCErrors.GUM_OTHER_FAILURE);
      }
    }

    #listen() {
      const { channel } = this.#connection;
      const connection = this.#connection;
      channel.onrequest = ({ method, id }) => {
        if (method === "bye" || method === "PCBye") {
          if (id !== undefined && method === "bye") channel.reply(id);
          for (const session of [...connection.users]) session.#end(false);
          if (method === "PCBye") drop(connection);
        }
      };
      channel.onlate = ({ id, error }) => {
        if (id !== connection.accept) return;
        if (error.code === 400 && connection.peerConnectionToken) this.#restart();
        if (error.code === 403) this.#fail(new Failure(RTCErrors.SIGNALLING_HANDSHAKE_FAILURE));
      };
    }

    async #restart() {
      this._sessionReport.iceRestartAttempts = (this._sessionReport.iceRestartAttempts ?? 0) + 1;
      try {
        await this.#invite({ ...shown(this.#connection), iceRestart: true });
        this._sessionReport.iceRestartSuccesses = (this._sessionReport.iceRestartSuccesses ?? 0) + 1;
      } catch (error) {
        this._logger.error("the ICE restart failed", error);
      }
    }

    /** Offers, and accepts the answer. All candidates go with the offer. */
    async #invite(more) {
      const { pc, channel } = this.#connection;
      const candidates = [];
      const gathered = new Promise((resolve) => {
        pc.onicecandidate = ({ candidate }) => {
          if (candidate?.candidate) candidates.push(candidate.toJSON());
          if (!candidate) resolve();
        };
      });
      await pc.setLocalDescription(await pc.createOffer({ iceRestart: more.iceRestart ?? false }));
      this._onSessionInitialized(this);
      await gathered;
      this._onIceCollectionComplete(this, false, candidates.length);
      if (candidates.length === 0) throw new Failure(RTCErrors.ICE_COLLECTION_TIMEOUT);
      this._onSignalingStarted(this);
      const { sdp, candidates: remote, inactivityDuration, peerConnectionId, peerConnectionToken } =
        await channel.call("invite", {
          sdp: pc.localDescription.sdp, candidates, persistentConnection: true, iceRestart: false, ...more,
        });
      Object.assign(this.#connection, { inactivityDuration, peerConnectionId, peerConnectionToken });
      const about = peerConnectionToken ? shown(this.#connection) : {};
      this.#connection.accept = crypto.randomUUID();
      // Nobody waits for its answer: the call is on.
      channel.call("accept", { contactId: this._callId, ...about }, this.#connection.accept).catch((error) =>
        this._logger.error("accept was refused", error));
      await pc.setRemoteDescription({ type: "answer", sdp });
      for (const candidate of remote) await pc.addIceCandidate(candidate);
      this.#check();
    }

    #check() {
      if (this.#ended) throw new Failure();
    }

    #talk() {
      this.#talking = true;
      this._talkingSince = Date.now();
      this._onSessionConnected(this);
    }

    hangup() {
      if (this.#talking) this.#end(true);
      else this.#fail(new Failure());
    }

    #end(say) {
      if (this.#ended) return;
      this.#ended = true;
      const connection = this.#connection;
      connection.users.delete(this);
      const persistent = kept === connection;
      const about = { contactId: this._callId };
      if (say && persistent) this.#say("disconnectContact", { ...about, ...shown(connection) });
      if (say && !persistent) this.#say("bye", { ...about, callContextToken: this._contactToken });
      if (!persistent && this._remoteAudioElement) this._remoteAudioElement.srcObject = null;
      this._sessionReport.talkingTimeMillis = Date.now() - this._talkingSince;
      this._sessionReport.sessionEndTime = new Date();
      this._onSessionCompleted(this);
      if (persistent) {
        this.#leave(connection);
      } else {
        this.#stop();
      }
      this._onSessionDestroyed(this, this._sessionReport);
    }

    /** Nothing is sent between calls; the sender, its track and the element stay. */
    #leave(connection) {
      if (connection.users.size > 0) return;
      const { track } = this._pc.getSenders()[0];
      connection.stream = new MediaStream(track ? [track] : []);
      if (track) track.enabled = false;
      connection.idle = setTimeout(() => {
        connection.channel.call("bye", shown(connection)).catch(() => {});
        drop(connection);
      }, connection.inactivityDuration);
    }

    #say(method, params) {
      const { channel } = this.#connection;
      const over = () => {
        if (method === "bye") channel.close();
      };
      channel.call(method, params).then(over, (error) => {
        this._logger.error(`${method} was refused`, error);
        over();
      });
    }

    #fail(error) {
      if (this.#ended) return;
      this.#ended = true;
      if (!(error instanceof Failure)) this._logger.error("the softphone failed", error);
      this._sessionReport.sessionEndTime = new Date();
      this._onSessionFailed(this, error.reason);
      this.#connection?.users.delete(this);
      if (this.#connection && this.#connection === kept) drop(kept);
      else this.#connection?.channel.close();
      this.#stop();
      this._onSessionDestroyed(this, this._sessionReport);
    }

    #stop() {
      // A stream that somebody else has put there is somebody else's to stop.
      if (!this._isUserProvidedStream) {
        for (const track of this._localStream?.getTracks() ?? []) track.stop();
      }
      this._localStream = null;
      this._pc?.close();
      this._pc = null;
    }

    pauseLocalAudio() {
      this.#enable(this._localStream, false);
    }

    resumeLocalAudio() {
      this.#enable(this._localStream, true);
    }

    pauseRemoteAudio() {
      this.#enable(this._remoteAudioElement?.srcObject, false);
    }

    resumeRemoteAudio() {
      this.#enable(this._remoteAudioElement?.srcObject, true);
    }

    #enable(stream, enabled) {
      for (const track of stream?.getAudioTracks() ?? []) track.enabled = enabled;
    }

    getUserAudioStats() {
      return this.#stats("outbound-rtp", "packetsSent");
    }

    getRemoteAudioStats() {
      return this.#stats("inbound-rtp", "packetsReceived");
    }

    async #stats(type, packets) {
      if (!this._pc) throw new Error("there is no call");
      const all = [...(await this._pc.getStats()).values()];
      const of = (wanted) => all.find(({ type: is, kind }) => is === wanted && (kind ?? "audio") === "audio") ?? {};
      const rtp = of(type);
      return {
        timestamp: new Date(),
        packetsLost: rtp.packetsLost ?? of("remote-inbound-rtp").packetsLost ?? 0,
        packetsCount: rtp[packets] ?? 0,
        audioLevel: rtp.audioLevel ?? of("media-source").audioLevel ?? 0,
        jbMilliseconds: rtp.jitterBufferEmittedCount ? (1000 * rtp.jitterBufferDelay) / rtp.jitterBufferEmittedCount : 0,
        rttMilliseconds: 1000 * (of("remote-inbound-rtp").roundTripTime ?? 0),
      };
    }
  }

  // Handlers can be set and not read; who wants to chain one reads `_onX`.
  for (const name of HANDLERS) {
    Object.defineProperty(RTCSession.prototype, `on${name}`, {
      set(handler) {
        this[`_on${name}`] = handler;
      },
    });
  }

  Object.assign((globalThis.connect ??= {}), { RTCSession, RTCErrors });
})();
