// The sound of a phone page: who is heard by whom, what is played, what is
// recorded. Everybody of a call is here: the agent (what the peer connections
// bring), this phone, and whoever else is in the call.

const RATE = 48_000;
/** Volume changes this fast, in seconds, so that nothing clicks. */
const RAMP = 0.005;
/** Of a phone that is called: 425 Hz, a second of sound in five. */
const RINGBACK = { hz: 425, on: 1, of: 5, amplitude: 0.1 };

export class PhoneAudio {
  /** Everybody's voice and ear, by name. */
  #voices = new Map();
  #ears = new Map();
  /** The way from a voice to an ear, by both names. */
  #ways = new Map();
  #agent = null;
  #recording = null;

  constructor() {
    this.context = new AudioContext({ sampleRate: RATE });
    this.#agent = new MediaStreamAudioDestinationNode(this.context, { channelCount: 1 });
    this.#ears.set("agent", this.#agent);
    this.voice("ringback");
    this.#ring();
  }

  /** What the agent's softphone is sent. */
  get toAgent() {
    return this.#agent.stream;
  }

  /** The stream of what somebody hears. */
  stream(name) {
    const ear = new MediaStreamAudioDestinationNode(this.context, { channelCount: 1 });
    this.ear(name).connect(ear);
    return ear.stream;
  }

  voice(name) {
    return this.#node(this.#voices, name);
  }

  ear(name) {
    return this.#node(this.#ears, name);
  }

  #node(nodes, name) {
    if (!nodes.has(name)) nodes.set(name, new GainNode(this.context, { channelCount: 1 }));
    return nodes.get(name);
  }

  /** From now on exactly these hear each other: pairs of voice and ear. */
  route(pairs) {
    const wanted = new Set(pairs.map((pair) => JSON.stringify(pair)));
    for (const [from, to] of pairs) {
      const key = JSON.stringify([from, to]);
      if (this.#ways.has(key)) continue;
      const way = new GainNode(this.context, { gain: 0, channelCount: 1 });
      this.voice(from).connect(way).connect(this.ear(to));
      this.#ways.set(key, way);
    }
    for (const [key, { gain }] of this.#ways) {
      gain.setTargetAtTime(wanted.has(key) ? 1 : 0, this.context.currentTime, RAMP / 3);
    }
  }

  #ring() {
    const length = RATE * RINGBACK.of;
    const buffer = new AudioBuffer({ length, sampleRate: RATE });
    const samples = buffer.getChannelData(0);
    for (let i = 0; i < RATE * RINGBACK.on; i++) {
      samples[i] = RINGBACK.amplitude * Math.sin((2 * Math.PI * RINGBACK.hz * i) / RATE);
    }
    const source = new AudioBufferSourceNode(this.context, { buffer, loop: true });
    source.connect(this.voice("ringback"));
    source.start();
  }

  /** The agent's voice, from a peer connection. */
  bring(stream) {
    const source = new MediaStreamAudioSourceNode(this.context, { mediaStream: stream });
    source.connect(this.voice("agent"));
    return () => source.disconnect();
  }

  /** Says a sound; `ended` resolves at its end or when it is stopped. */
  async say(sound, { as, loop = false, gain = 1 }) {
    const bytes = typeof sound === "string" ? await (await fetch(sound)).arrayBuffer() : await sound.arrayBuffer();
    const buffer = await this.context.decodeAudioData(bytes);
    const source = new AudioBufferSourceNode(this.context, { buffer, loop });
    return this.#start(source, as, gain);
  }

  /** Says a tone until it is stopped. */
  tone(hz, { as, gain = 0.2 }) {
    return this.#start(new OscillatorNode(this.context, { frequency: hz }), as, gain);
  }

  #start(source, as, gain) {
    const volume = new GainNode(this.context, { gain });
    source.connect(volume).connect(this.voice(as));
    const ended = new Promise((resolve) => {
      source.onended = () => {
        volume.disconnect();
        resolve();
      };
    });
    source.start();
    return { ended, stop: () => source.stop() };
  }

  /** Records from now on: what came from the agent, what this phone said, and what it heard. */
  async record(name) {
    if (this.#recording) this.#recording.node.port.onmessage = null;
    this.#recording?.node.disconnect();
    await (this.loaded ??= this.context.audioWorklet.addModule("/phone-recorder.worklet.js"));
    const names = ["heard", "wire", "said"];
    const node = new AudioWorkletNode(this.context, "phone-recorder", {
      numberOfInputs: names.length, numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit",
    });
    [this.ear(name), this.voice("agent"), this.voice(name)].forEach((from, i) => from.connect(node, 0, i));
    const recording = { node, names, blocks: [], waiting: [] };
    node.port.onmessage = ({ data }) => {
      recording.blocks.push(data);
      recording.waiting.splice(0).forEach((resolve) => resolve());
    };
    this.#recording = recording;
    // A block, so that what happens next is recorded for sure.
    await new Promise((resolve) => recording.waiting.push(resolve));
  }

  /** All that was recorded so far, or the last seconds of it; the block under way is awaited. */
  async take(seconds = Infinity) {
    const recording = this.#recording;
    if (!recording) throw new Error("nothing is recorded: call record() first");
    await new Promise((resolve) => recording.waiting.push(resolve));
    const { names } = recording;
    const blocks = recording.blocks.slice(-Math.ceil((seconds * RATE) / recording.blocks[0].blocks[0].length));
    const length = blocks.reduce((sum, block) => sum + block.blocks[0].length, 0);
    const sounds = names.map((_, i) => {
      const pcm = new Int16Array(length);
      let at = 0;
      for (const block of blocks) {
        for (const sample of block.blocks[i]) pcm[at++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
      }
      return base64(new Uint8Array(pcm.buffer));
    });
    return { rate: RATE, pcm: sounds[0], wire: sounds[1], said: sounds[2] };
  }
}

function base64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}
