// The local stand-in for AWS: started for a run, set, asked, ended.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/**
 * Starts `binary` on free ports.
 *
 * @returns {Promise<{aws: string, pid: number, state, delays, fault, reset, stop}>}
 */
export async function startStandIn(binary, root) {
  const child = spawn(binary, ["--root", root, "--page-port", "0", "--aws-port", "0", "--connect-port", "0", "--until-stdin-closes"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const { aws } = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`local-aws ended with ${code} before it listened`)));
    createInterface({ input: child.stdout }).once("line", (line) => resolve(JSON.parse(line)));
  });
  const call = async (method, path, body) => {
    const answer = await fetch(`${aws}/control/${path}`, {
      method,
      headers: body && { "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`local-aws: ${method} /control/${path}: ${answer.status} ${await answer.text()}`);
    const text = await answer.text();
    return text ? JSON.parse(text) : undefined;
  };
  return {
    aws,
    pid: child.pid,
    state: () => call("GET", "state"),
    delays: (delays) => call("PUT", "delays", delays),
    fault: (fault) => call("POST", "faults", fault),
    reset: () => call("POST", "reset"),
    stop: () => new Promise((resolve) => {
      if (child.exitCode !== null) return resolve();
      child.once("exit", resolve);
      child.stdin.end();
    }),
  };
}
