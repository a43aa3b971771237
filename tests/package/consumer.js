// A consumer of the package: the tarball installed into an empty project, and
// a server for it that is as strict as a contact center's page.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize, sep } from "node:path";

/** What the documentation tells a host to allow, and nothing else. */
export const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
].join("; ");

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** Installs the tarball as `npm install FILE` does for anybody. */
export function install(tarball) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "consumer-")));
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  execFileSync("npm", ["install", "--offline", "--no-audit", "--no-fund", tarball], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  const installed = join(folder, "node_modules", "connect-interpreter");
  return {
    folder,
    installed,
    manifest: JSON.parse(readFileSync(join(installed, "package.json"), "utf8")),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Serves the folder on a free port; `served` lists every path asked for with its status. */
export async function serve(folder) {
  const served = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    const file = normalize(join(folder, path));
    const answer = (status, body, type = ".html") => {
      served.push({ path, status });
      response.writeHead(status, { "content-type": TYPES[type], "content-security-policy": POLICY });
      response.end(body);
    };
    if (path === "/") return answer(200, "<!doctype html><title>consumer</title>");
    if (!file.startsWith(folder + sep)) return answer(403, "");
    try {
      answer(200, readFileSync(file), extname(file));
    } catch {
      answer(404, "");
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    served,
    close: () => new Promise((closed) => server.close(closed)),
  };
}
