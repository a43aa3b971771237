// The floor's engine: every message goes to the echo and comes back. Silence
// is dropped on its way to the player, so that a burst waits behind nothing.

addEventListener("message", ({ data: { tap, player, echo } }) => {
  const socket = new WebSocket(echo);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => postMessage("ready");
  socket.onerror = () => postMessage("failed");
  socket.onmessage = ({ data }) => {
    const samples = new Float32Array(data);
    if (samples.some((x) => Math.abs(x) > 0.001)) player.postMessage(samples, [data]);
  };
  tap.onmessage = ({ data }) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(data);
  };
}, { once: true });
