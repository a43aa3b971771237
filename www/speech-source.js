// What one person of the call says: one track for the whole call, into which
// recorded lines are played or the microphone is switched. The audio thread
// plays the lines, so a busy page does not make a person stutter.

export class SpeechSource {
  #context;
  #out;
  #analyser;
  #playing = null;
  #microphone = null;
  #clips = new Map();

  constructor(context) {
    this.#context = context;
    this.#out = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    this.#analyser = new AnalyserNode(context, { fftSize: 1024 });
    this.#analyser.connect(this.#out);
  }

  /** The track that goes into the call. */
  get track() {
    return this.#out.stream.getAudioTracks()[0];
  }

  /** How loud it is right now, 0..1 of full scale (root mean square). */
  level() {
    const samples = new Float32Array(this.#analyser.fftSize);
    this.#analyser.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
  }

  /** Loads a recording ahead of its turn. */
  load(url) {
    if (!this.#clips.has(url)) {
      this.#clips.set(url, fetch(url).then(async (answer) => {
        if (!answer.ok) throw new Error(`${url}: HTTP ${answer.status}`);
        return this.#context.decodeAudioData(await answer.arrayBuffer());
      }));
    }
    return this.#clips.get(url);
  }

  /** Plays a recording; resolves when its last sample has been played or it was stopped. */
  async play(url) {
    const node = new AudioBufferSourceNode(this.#context, { buffer: await this.load(url) });
    node.connect(this.#analyser);
    this.#playing = node;
    await new Promise((resolve) => {
      node.addEventListener("ended", resolve, { once: true });
      node.start();
    });
    node.disconnect();
    if (this.#playing === node) this.#playing = null;
  }

  /** Opens the microphone into the track, or closes it again. */
  async useMicrophone(on) {
    if (!on) {
      this.#microphone?.stream.getTracks().forEach((track) => track.stop());
      this.#microphone?.node.disconnect();
      this.#microphone = null;
      return;
    }
    if (this.#microphone) return;
    this.#playing?.stop();
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    const node = new MediaStreamAudioSourceNode(this.#context, { mediaStream: stream });
    node.connect(this.#analyser);
    this.#microphone = { stream, node };
  }

  /** Ends whatever it is saying and the track. */
  close() {
    this.#playing?.stop();
    void this.useMicrophone(false);
    this.track.stop();
    this.#analyser.disconnect();
  }
}
