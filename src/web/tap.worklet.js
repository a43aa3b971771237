// Hands what it hears to the engine worker, in batches, and does nothing else.
// It sends silence too: the frame counter is how the engine sees lost audio.
registerProcessor(
  "connect-interpreter-tap",
  class extends AudioWorkletProcessor {
    constructor({ processorOptions: { batch } }) {
      super();
      this.open = true;
      this.batch = new Float32Array(batch);
      this.length = 0;
      this.port.onmessage = ({ data }) => {
        this.engine = data; // the port to the worker, or null at the end
        this.open = data !== null;
      };
    }

    process(inputs) {
      if (!this.open) this.port.postMessage(null); // the last is rendered: it may be disconnected
      if (!this.engine) return this.open;
      const samples = inputs[0][0];
      const frames = samples?.length ?? 128;
      // A batch is no whole number of blocks: one may end within a block.
      for (let from = 0; from < frames; ) {
        const count = Math.min(frames - from, this.batch.length - this.length);
        if (this.length === 0) this.frame = currentFrame + from;
        if (samples) this.batch.set(count < frames ? samples.subarray(from, from + count) : samples, this.length);
        this.length += count;
        from += count;
        if (this.length === this.batch.length) this.flush();
      }
      return this.open;
    }

    flush() {
      const pcm = this.batch;
      this.batch = new Float32Array(pcm.length);
      this.length = 0;
      this.engine.postMessage({ frame: this.frame, pcm }, [pcm.buffer]);
    }
  },
);
