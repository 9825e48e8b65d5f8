import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = join(ROOT, "out/demo");

/** Milliseconds that the demo may take on a loaded machine. */
export const DEMO_MS = 300_000;

/**
 * Folder with a copy of the demo's config and, in `.salsa`, its finished run `demo-1`: made once, the first time that
 * it is asked for.
 */
export function demoFolder(): string {
  if (existsSync(join(FOLDER, ".salsa/runs/demo-1/tables/winRates.json"))) return FOLDER;
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const config = join(FOLDER, "demo.salsa.json");
  copyFileSync(join(ROOT, "examples/miniinstruct/demo.salsa.json"), config);
  execFileSync(process.execPath, [join(ROOT, "engine/cli/main.ts"), "run", config], { stdio: "ignore" });
  return FOLDER;
}
