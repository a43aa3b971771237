// Keeps the recorder's blocks and sends them off at the end: per block, all
// inputs one after another; 16-bit little-endian.

let blocks = [];
let keep = false;
let next;
let missing = 0;

function block({ data }) {
  if (!keep) return;
  const length = data.block.length / 4;
  if (next !== undefined && data.first !== next) missing += data.first - next;
  next = data.first + length;
  blocks.push(data.block);
}

addEventListener("message", async ({ data }) => {
  if (data.port) {
    data.port.onmessage = block;
  } else if (data.start) {
    keep = true;
  } else if (data.finish) {
    keep = false;
    try {
      const answer = await fetch(data.finish, { method: "POST", body: new Blob(blocks) });
      if (!answer.ok) throw new Error(`the recording was refused: ${answer.status}`);
      postMessage({ blocks: blocks.length, missing });
    } catch (error) {
      postMessage({ error: String(error) });
    }
    blocks = [];
  }
});
