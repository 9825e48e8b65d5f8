import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = join(ROOT, "out/demo");
const LOCK = join(ROOT, "out/demo.lock");

/** Milliseconds that the demo may take on a loaded machine. */
export const DEMO_MS = 1_200_000;

/** Amounts of the demo's config, and those that are enough to have something to show. */
const SHORTER = {
  '"steps": 1500': '"steps": 200',
  '"pairs": 5000': '"pairs": 500',
  '"iterations": 60': '"iterations": 12',
  '"prompts": 1024': '"prompts": 128',
};

/**
 * Folder with a shorter demo's config and, in `.salsa`, its finished run `demo-1`: made once, the first time that
 * it is asked for, by whichever of the test processes side by side asks first. The others wait for it.
 */
export function demoFolder(): string {
  const finished = () => existsSync(join(FOLDER, ".salsa/runs/demo-1/tables/winRates.json"));
  while (!finished()) {
    if (!lock()) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      continue;
    }
    try {
      if (!finished()) makeDemo();
    } finally {
      rmSync(LOCK, { force: true });
    }
  }
  return FOLDER;
}

/** True if this process may make the demo; false while another does. What a process left that was killed is removed. */
function lock(): boolean {
  try {
    writeFileSync(LOCK, `${process.pid}`, { flag: "wx" });
    return true;
  } catch {
    try {
      process.kill(Number(readFileSync(LOCK, "utf8")) || process.pid, 0);
    } catch {
      rmSync(LOCK, { force: true });
    }
    return false;
  }
}

function makeDemo(): void {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const config = join(FOLDER, "demo.salsa.json");
  let text = readFileSync(join(ROOT, "examples/miniinstruct/demo.salsa.json"), "utf8");
  for (const [amount, less] of Object.entries(SHORTER)) {
    if (!text.includes(amount)) throw new RangeError(`the demo's config has no ${amount}`);
    text = text.replace(amount, less);
  }
  writeFileSync(config, text);
  execFileSync(process.execPath, [join(ROOT, "engine/cli/main.ts"), "run", config], { stdio: "ignore" });
}
