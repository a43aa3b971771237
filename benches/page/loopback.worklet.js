// The floor's tap (20 ms messages to its port) and player (plays what comes to
// its port as soon as it comes). Nothing else: no gain, no resampling.

const MESSAGE = sampleRate / 50;

class Tap extends AudioWorkletProcessor {
  constructor() {
    super();
    this.message = new Float32Array(MESSAGE);
    this.fill = 0;
    this.port.onmessage = ({ data }) => { this.out = data.port; };
  }

  process([input]) {
    for (let i = 0; i < 128; i += 1) {
      this.message[this.fill] = input[0]?.[i] ?? 0;
      this.fill += 1;
      if (this.fill === MESSAGE) {
        this.out?.postMessage(this.message, [this.message.buffer]);
        this.message = new Float32Array(MESSAGE);
        this.fill = 0;
      }
    }
    return true;
  }
}

class Player extends AudioWorkletProcessor {
  constructor() {
    super();
    this.queue = [];
    this.at = 0;
    this.port.onmessage = ({ data }) => {
      data.port.onmessage = (message) => this.queue.push(message.data);
    };
  }

  process(_, [output]) {
    for (let i = 0; i < 128 && this.queue.length > 0; i += 1) {
      output[0][i] = this.queue[0][this.at];
      this.at += 1;
      if (this.at === this.queue[0].length) {
        this.queue.shift();
        this.at = 0;
      }
    }
    return true;
  }
}

registerProcessor("loopback-tap", Tap);
registerProcessor("loopback-player", Player);
