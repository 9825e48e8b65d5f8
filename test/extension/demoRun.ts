import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { madeOnce } from "../once.ts";
import { salsaProgram } from "../program.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = join(ROOT, "out/demo");
const LOCK = join(ROOT, "out/demo.lock");

/** Milliseconds that the demo may take on a loaded machine. */
export const DEMO_MS = 1_200_000;

/** Amounts of the demo's config, and those that are enough to have something to show. */
const SHORTER = {
  '"steps": 1500': '"steps": 60',
  '"steps": 300': '"steps": 50',
  '"pairs": 5000': '"pairs": 500',
  '"iterations": 60': '"iterations": 8',
  '"prompts": 1024': '"prompts": 128',
};

/**
 * Folder with a shorter demo's config and, in `.salsa`, its finished run `demo-1`: made once, the first time that it is
 * asked for.
 */
export function demoFolder(): string {
  madeOnce(LOCK, () => existsSync(join(FOLDER, ".salsa/runs/demo-1/tables/winRates.json")), makeDemo);
  return FOLDER;
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
  execFileSync(process.execPath, [salsaProgram(), "run", config], { stdio: "ignore" });
}
