// Records every input as 16-bit samples and sends blocks to the worker that
// keeps them: [input 0's samples, input 1's, …] with the first frame's number.

const BLOCK = 4800;

class Recorder extends AudioWorkletProcessor {
  constructor({ numberOfInputs }) {
    super();
    this.inputs = numberOfInputs;
    this.fill = 0;
    this.block = new Int16Array(this.inputs * BLOCK);
  }

  process(inputs) {
    if (this.fill === 0) this.first = currentFrame;
    for (let frame = 0; frame < 128; frame += 1) {
      for (let i = 0; i < this.inputs; i += 1) {
        const x = inputs[i][0]?.[frame] ?? 0;
        this.block[i * BLOCK + this.fill] = Math.max(-32768, Math.min(32767, Math.round(x * 32767)));
      }
      this.fill += 1;
      if (this.fill === BLOCK) {
        this.port.postMessage({ first: this.first, block: this.block }, [this.block.buffer]);
        this.block = new Int16Array(this.inputs * BLOCK);
        this.fill = 0;
        this.first = currentFrame + frame + 1;
      }
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
