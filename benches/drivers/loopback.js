// The floor: what every client pays that captures in a worklet, works in a
// worker, talks through a WebSocket and plays from a worklet.

export async function start({ input, config }) {
  const context = new AudioContext({ sampleRate: 48_000 });
  await context.audioWorklet.addModule("/page/loopback.worklet.js");
  const tap = new AudioWorkletNode(context, "loopback-tap", { channelCount: 1, channelCountMode: "explicit" });
  const player = new AudioWorkletNode(context, "loopback-player", { numberOfInputs: 0, outputChannelCount: [1] });
  const worker = new Worker("/page/loopback.worker.js");
  const up = new MessageChannel();
  const down = new MessageChannel();
  tap.port.postMessage({ port: up.port1 }, [up.port1]);
  player.port.postMessage({ port: down.port2 }, [down.port2]);
  const ready = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data === "ready" ? resolve() : reject(new Error("the echo cannot be reached")));
  });
  worker.postMessage({ tap: up.port2, player: down.port1, echo: config.echo }, [up.port2, down.port1]);
  const out = context.createMediaStreamDestination();
  out.channelCount = 1;
  context.createMediaStreamSource(new MediaStream([input])).connect(tap);
  player.connect(out);
  await ready;
  return {
    output: out.stream.getAudioTracks()[0],
    stop: async () => {
      worker.terminate();
      await context.close();
    },
  };
}
