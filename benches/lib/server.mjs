// Serves the bench's page, the package and the bundled drivers on 127.0.0.1,
// and takes the recordings.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
};

/**
 * @param roots `{"/pkg/": directory, …}`; the longest matching prefix serves
 * @returns {Promise<{origin: string, recordings: Map<string, Buffer>, close: () => void}>}
 */
export async function serve(roots) {
  const recordings = new Map();
  const prefixes = Object.keys(roots).sort((a, b) => b.length - a.length);
  const server = createServer(async (request, response) => {
    try {
      const path = decodeURIComponent(new URL(request.url, "http://bench").pathname);
      if (request.method === "POST" && path.startsWith("/recording/")) {
        const parts = [];
        for await (const part of request) parts.push(part);
        recordings.set(path.slice("/recording/".length), Buffer.concat(parts));
        response.writeHead(204).end();
        return;
      }
      const prefix = prefixes.find((p) => path.startsWith(p));
      const inside = normalize(path.slice(prefix?.length ?? 0));
      if (!prefix || inside.startsWith("..")) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      const body = await readFile(join(roots[prefix], inside));
      response.writeHead(200, { "content-type": TYPES[extname(inside)] ?? "application/octet-stream", "cache-control": "no-store" });
      response.end(body);
    } catch (error) {
      response.writeHead(error.code === "ENOENT" ? 404 : 500).end();
    }
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    recordings,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A recording's bytes (see page/recorder.worker.js) as one array per channel, -1..1. */
export function channels(bytes, count, block = 4800) {
  const blocks = bytes.length / (2 * count * block);
  if (!Number.isInteger(blocks)) throw new Error("the recording is not whole blocks");
  const out = Array.from({ length: count }, () => new Float32Array(blocks * block));
  let at = 0;
  for (let b = 0; b < blocks; b += 1) {
    for (const channel of out) {
      for (let i = 0; i < block; i += 1) {
        channel[b * block + i] = bytes.readInt16LE(at) / 32767;
        at += 2;
      }
    }
  }
  return out;
}
