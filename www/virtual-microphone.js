// A microphone beside the browser's own, into which recorded lines are played:
// the demo's agent. Whoever opens "the microphone" gets it as long as it is
// chosen. The audio thread plays the lines, so a busy page does not make the
// recorded agent stutter.

const ID = "recorded-agent";

export class VirtualMicrophone {
  #context = new AudioContext();
  #out = new MediaStreamAudioDestinationNode(this.#context, { channelCount: 1 });
  #playing = null;
  /** Whether it is the default microphone. */
  chosen = true;

  /** Puts itself beside the browser's microphones; to be called before anybody opens one. */
  static install() {
    const microphone = new VirtualMicrophone();
    const { mediaDevices } = navigator;
    const [open, list] = [mediaDevices.getUserMedia.bind(mediaDevices), mediaDevices.enumerateDevices.bind(mediaDevices)];
    mediaDevices.getUserMedia = async (constraints) => {
      if (!microphone.#isMeant(constraints?.audio)) return open(constraints);
      const stream = constraints.video ? await open({ video: constraints.video }) : new MediaStream();
      stream.addTrack(microphone.#track());
      return stream;
    };
    mediaDevices.enumerateDevices = async () => [DEVICE, ...(await list())];
    return microphone;
  }

  /** The device's id, which agent.setMicrophoneDevice() takes. */
  get deviceId() {
    return ID;
  }

  #isMeant(audio) {
    if (!audio) return false;
    const asked = audio.deviceId;
    const id = typeof asked === "string" ? asked : asked?.exact ?? asked?.ideal;
    return id === undefined ? this.chosen : id === ID;
  }

  /** A fresh one for everybody, as of a real device: whoever gets it may stop it. */
  #track() {
    const track = this.#out.stream.getAudioTracks()[0].clone();
    const settings = track.getSettings.bind(track);
    track.getSettings = () => ({ ...settings(), deviceId: ID });
    return track;
  }

  /** Lets it sound, if the page has had a click; otherwise a later call will. */
  wake() {
    if (navigator.userActivation.hasBeenActive) void this.#context.resume();
  }

  /** Plays a recording; resolves when its last sample has been played or it was stopped. */
  async play(recording) {
    const buffer = await this.#context.decodeAudioData(await recording.arrayBuffer());
    this.wake();
    const node = new AudioBufferSourceNode(this.#context, { buffer });
    node.connect(this.#out);
    this.#playing = node;
    await new Promise((resolve) => {
      node.addEventListener("ended", resolve, { once: true });
      node.start();
    });
    node.disconnect();
    if (this.#playing === node) this.#playing = null;
  }

  /** Ends what it says. */
  stop() {
    this.#playing?.stop();
  }
}

const DEVICE = {
  deviceId: ID, kind: "audioinput", label: "Recorded agent", groupId: ID, toJSON: () => ({ deviceId: ID }),
};
