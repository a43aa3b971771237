// Hands what it hears to the engine worker, in batches, and does nothing else.
// It sends silence too: the frame counter is how the engine sees lost audio.
const BATCH = 512; // frames: 11 ms at 48 kHz

registerProcessor(
  "connect-interpreter-tap",
  class extends AudioWorkletProcessor {
    constructor() {
      super();
      this.open = true;
      this.batch = new Float32Array(BATCH);
      this.length = 0;
      this.port.onmessage = ({ data }) => {
        this.engine = data; // the port to the worker, or null at the end
        this.open = data !== null;
      };
    }

    process([input]) {
      if (!this.open) this.port.postMessage(null); // the last is rendered: it may be disconnected
      if (!this.engine) return this.open;
      const samples = input[0];
      const frames = samples?.length ?? 128;
      if (this.length + frames > BATCH) this.flush();
      if (this.length === 0) this.frame = currentFrame;
      if (samples) this.batch.set(samples, this.length);
      this.length += frames;
      if (this.length >= BATCH) this.flush();
      return this.open;
    }

    flush() {
      const pcm = this.length === BATCH ? this.batch : this.batch.slice(0, this.length);
      this.engine.postMessage({ frame: this.frame, pcm }, [pcm.buffer]);
      this.batch = new Float32Array(BATCH);
      this.length = 0;
    }
  },
);
