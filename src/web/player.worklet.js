// Plays what the engine worker sends, in its order: output 0 is the speech,
// output 1 its envelope (0..1), which ducks originals and comfort noise. It also
// listens for the engine's beats, because nobody slows down the audio thread.
const [ATTACK, RELEASE, FADE, BEAT, FIRST] = [0.02, 0.2, 0.005, 0.9, 5].map((seconds) => Math.round(seconds * sampleRate));
class Player extends AudioWorkletProcessor {
  constructor() {
    super();
    Object.assign(this, { open: true, queue: [], at: 0, samples: 0, underrun: 0, level: 0, told: 0, heard: 0 });
    this.port.onmessage = ({ data }) => { // the port to the engine, or null at the end, or the number of a stop:
      if (data > 0) return void (data > this.heard && this.stop((this.told = data))); // deaf until the engine has it too
      this.open = data !== null;
      if (!(this.engine = data)) return;
      Object.assign(this, { heard: this.told, due: currentFrame + FIRST }); // another engine knows of every stop
      data.onmessage = (message) => this.take(message.data);
    };
  }
  take(item) {
    if (item.beat) this.due = currentFrame + BEAT;
    else if (item.hear) this.heard = item.hear;
    else if (item.stop) this.stop();
    else if (this.told <= this.heard) this.queue.push(item);
  }
  stop() { // what plays fades out, and what is queued behind it is dropped
    const utterance = this.current;
    const rest = this.queue.filter((q) => q.pcm && q.utterance === utterance).map((q, i) => q.pcm.subarray(i ? 0 : this.at));
    const pcm = Float32Array.from(rest.flatMap((q) => [...q.subarray(0, FADE)]).slice(0, FADE), (x, i) => x * (1 - (i + 1) / FADE));
    Object.assign(this, { at: 0, queue: utterance === undefined ? [] : [{ utterance, pcm }, { utterance, end: "untold" }] });
  }
  tell(what, utterance, frame) {
    this.engine?.postMessage({ [what]: utterance, frame, samples: this.samples, underrun: this.underrun });
  }
  next(frame) { // the samples that sound now, if any do
    for (let head; (head = this.queue[0]); this.queue.shift(), this.at = 0) {
      if (this.current !== head.utterance) this.samples = this.underrun = 0;
      if (head.end) head.end === true && this.tell("ended", head.utterance, frame), (this.current = undefined);
      else if (this.current !== head.utterance) this.tell("started", (this.current = head.utterance), frame);
      if (this.at < head.pcm?.length) return head.pcm;
    }
  }
  process(_, outputs) {
    const [speech, envelope] = [outputs[0][0], outputs[1][0]];
    for (let i = 0, end; i < speech.length && (this.level || this.queue.length); i = end) {
      const pcm = this.next(currentFrame + i);
      end = Math.min(speech.length, pcm ? i + pcm.length - this.at : Infinity);
      if (pcm) speech.set(pcm.subarray(this.at, (this.at += end - i)), i), (this.samples += end - i);
      else if (this.current !== undefined) this.underrun += end - i;
      const step = this.current === undefined ? -1 / RELEASE : 1 / ATTACK;
      for (let j = i; j < end; j++) envelope[j] = this.level = Math.min(1, Math.max(0, this.level + step));
    }
    if (!this.open) this.port.postMessage(null); // the last is rendered: it may be disconnected
    else if (this.due < currentFrame) this.port.postMessage((this.due = currentFrame + FIRST)); // the engine is dead or stuck
    return this.open;
  }
}
registerProcessor("connect-interpreter-player", Player);
