// Processor time, by process and by thread.
//
// `taskMs` is what the browser says its page's main thread was busy with tasks
// (CDP Performance.getMetrics, TaskDuration: wall time inside tasks). The rest
// is processor time as the Linux kernel counts it, per thread
// (/proc/PID/task/TID/schedstat, nanoseconds); elsewhere it is absent.

import { readFile, readdir } from "node:fs/promises";

async function threads(pid) {
  const found = new Map();
  let ids;
  try {
    ids = await readdir(`/proc/${pid}/task`);
  } catch {
    return found;
  }
  for (const id of ids) {
    try {
      const [name, stat] = await Promise.all([
        readFile(`/proc/${pid}/task/${id}/comm`, "utf8"),
        readFile(`/proc/${pid}/task/${id}/schedstat`, "utf8"),
      ]);
      found.set(Number(id), { name: Number(id) === pid ? "main" : name.trim(), ms: Number(stat.split(" ")[0]) / 1e6 });
    } catch {
      // The thread ended between the listing and the reading.
    }
  }
  return found;
}

/** One reading. `browser` and `page` are CDP sessions. */
export async function reading(browser, page, standInPid) {
  const [{ metrics }, { processInfo }] = await Promise.all([
    page.send("Performance.getMetrics"),
    browser.send("SystemInfo.getProcessInfo"),
  ]);
  const processes = await Promise.all(processInfo.map(async ({ id, type }) => ({ id, type, threads: await threads(id) })));
  return {
    atMs: performance.now(),
    taskMs: 1000 * metrics.find((m) => m.name === "TaskDuration").value,
    processes,
    standIn: await threads(standInPid),
  };
}

function spent(before, after) {
  let all = 0;
  const byName = {};
  for (const [id, { name, ms }] of after) {
    const used = ms - (before?.get(id)?.ms ?? 0);
    all += used;
    byName[name] = (byName[name] ?? 0) + used;
  }
  return { all, byName };
}

/**
 * What was used between two readings, in milliseconds per second.
 *
 * @returns {{seconds: number, taskMs: number, rendererMs: number, mainMs: number, workerMs: number, audioMs: number, otherMs: number, standInMs: number, threads: object}}
 *   `renderer` is the page's process: `main` thread, `worker` threads,
 *   `audio` rendering threads and the rest. `otherMs` is the browser's other
 *   processes (network, audio service, browser).
 */
export function between(before, after) {
  const seconds = (after.atMs - before.atMs) / 1000;
  const old = new Map(before.processes.map((p) => [p.id, p.threads]));
  const used = after.processes.map((p) => ({ ...p, ...spent(old.get(p.id), p.threads) }));
  const renderer = used.filter((p) => p.type === "renderer").sort((a, b) => b.all - a.all)[0] ?? { all: NaN, byName: {} };
  const per = (ms) => ms / seconds;
  const named = (pattern) => per(Object.entries(renderer.byName).reduce((sum, [name, ms]) => sum + (pattern.test(name) ? ms : 0), 0));
  return {
    seconds,
    taskMs: per(after.taskMs - before.taskMs),
    rendererMs: per(renderer.all),
    mainMs: named(/^main$/),
    workerMs: named(/^DedicatedWorker/),
    audioMs: named(/audio|Worklet/i),
    otherMs: per(used.filter((p) => p !== renderer).reduce((sum, p) => sum + p.all, 0)),
    standInMs: per(spent(before.standIn, after.standIn).all),
    threads: Object.fromEntries(Object.entries(renderer.byName).map(([name, ms]) => [name, per(ms)])),
  };
}
