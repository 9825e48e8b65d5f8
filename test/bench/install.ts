import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runProcess } from "./process.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Everything that benchmarks install or write. */
export const BENCH_FOLDER = join(ROOT, "out/bench");
export const BASELINES = join(ROOT, "test/bench/baselines");

const PYTHON_VERSION = "3.11";
const NODE_BASELINES = {
  "@jax-js/jax": "0.1.25",
  "@tensorflow/tfjs": "4.22.0",
  "@tensorflow/tfjs-backend-wasm": "4.22.0",
};

/** A baseline that this machine cannot install. */
export class InstallError extends Error {
  override readonly name = "InstallError";
}

/** The Python of the baselines' own virtual environment, installed on first use and when its versions change. */
export async function installPython(log: (line: string) => void): Promise<string> {
  const venv = join(BENCH_FOLDER, "venv");
  const python = join(venv, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const wanted = join(BASELINES, "requirements.txt");
  const stamp = join(venv, "installed.txt");
  if (existsSync(stamp) && (await readFile(stamp, "utf8")) === (await readFile(wanted, "utf8"))) return python;

  log("installing the Python baselines (about 1 GB, once)");
  await rm(venv, { recursive: true, force: true });
  await runProcess({ file: findPython(), args: ["-m", "venv", venv] });
  await runProcess({ file: python, args: ["-m", "pip", "install", "--quiet", "--requirement", wanted] });
  await copyFile(wanted, stamp);
  return python;
}

function findPython(): string {
  const found = [`python${PYTHON_VERSION}`, "python3", "python"].find((name) => {
    const { stdout } = spawnSync(name, ["--version"], { encoding: "utf8" });
    return (stdout as string | null)?.startsWith(`Python ${PYTHON_VERSION}.`) === true;
  });
  if (found !== undefined) return found;
  throw new InstallError(
    `benchmarks: no Python ${PYTHON_VERSION} on the PATH; install it to run the PyTorch baselines`,
  );
}

/** Installs the JavaScript baselines into a folder of their own, on first use and when their versions change. */
export async function installNode(log: (line: string) => void): Promise<void> {
  const folder = join(BENCH_FOLDER, "node");
  const manifest = `${JSON.stringify({ private: true, type: "module", dependencies: NODE_BASELINES })}\n`;
  const stamp = join(folder, "installed.json");
  if (existsSync(stamp) && (await readFile(stamp, "utf8")) === manifest) return;

  log("installing the JavaScript baselines");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), manifest);
  await runProcess({ file: "npm", args: ["install", "--no-audit", "--no-fund"], cwd: folder });
  await writeFile(stamp, manifest);
}
