// Records its inputs on one clock and posts them in blocks of about 100 ms.

const BLOCK = 128 * 13;

registerProcessor("phone-recorder", class extends AudioWorkletProcessor {
  #filled = 0;
  #blocks = null;
  #inputs;

  constructor({ numberOfInputs }) {
    super();
    this.#inputs = numberOfInputs;
    this.#blocks = this.#empty();
  }

  #empty() {
    return Array.from({ length: this.#inputs }, () => new Float32Array(BLOCK));
  }

  process(inputs) {
    inputs.forEach(([channel], i) => {
      if (channel) this.#blocks[i].set(channel, this.#filled);
    });
    this.#filled += 128;
    if (this.#filled === BLOCK) {
      // currentFrame is where this quantum begins.
      this.port.postMessage({ end: currentFrame + 128, blocks: this.#blocks });
      this.#blocks = this.#empty();
      this.#filled = 0;
    }
    return true;
  }
});
