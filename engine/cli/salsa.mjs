#!/usr/bin/env node
// Plain JavaScript, so that any Node can read it: the engine itself is TypeScript and needs Node 24.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NEEDED = 24;
const main = new URL("./main.ts", import.meta.url);

/** The Node that the repository brings along as a devDependency, if it is installed. */
function ownNode() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve("node/package.json"));
    const file = join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

function runWith(node) {
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: "inherit" });
  // Ctrl-C reaches the child by itself, as one of the terminal's processes; this process only waits for it.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("error", (error) => {
    process.stderr.write(`error: ${node} does not start: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
  });
}

if (Number(process.versions.node.split(".")[0]) >= NEEDED) {
  await import(main);
} else {
  const node = ownNode();
  if (node === undefined) {
    const remedy = "run npm ci in the repository, which brings its own, or install Node 24";
    process.stderr.write(`error: salsa needs Node ${NEEDED} or newer, this is ${process.version}; ${remedy}\n`);
    process.exitCode = 2;
  } else {
    runWith(node);
  }
}
