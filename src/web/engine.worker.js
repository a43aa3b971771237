import { initSync, Engine } from "./connect_interpreter.js";

// The first message is the compiled module; from then on the engine listens
// for itself. It lives as long as this worker.
let engine;
self.addEventListener(
  "message",
  ({ data }) => {
    initSync({ module: data });
    engine = new Engine();
  },
  { once: true },
);
