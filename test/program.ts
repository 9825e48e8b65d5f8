import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { madeOnce } from "./once.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FOLDER = join(ROOT, "out/engine");
const PROGRAM = join(FOLDER, "salsa.js");
/** Written last. */
const STAMP = join(FOLDER, "stamp");
const SOURCES = ["engine", "package.json", "extension/build"];

let isCurrent = false;

/**
 * The command as users have it, for processes that tests start: bundled, since Node takes half a second of computing to
 * load the sources one by one. It is bundled when a test asks for it and a source has changed since.
 */
export function salsaProgram(): string {
  if (isCurrent) return PROGRAM;
  const script = `
    import { rmSync, utimesSync, writeFileSync } from "node:fs";
    import { bundleEngine } from ${JSON.stringify(join(ROOT, "extension/build/bundle.ts"))};
    const begun = new Date(); // what is changed from here on may be missing
    rmSync(${JSON.stringify(FOLDER)}, { recursive: true, force: true });
    await bundleEngine("out");
    writeFileSync(${JSON.stringify(STAMP)}, "");
    utimesSync(${JSON.stringify(STAMP)}, begun, begun);`;
  madeOnce(
    join(ROOT, "out/engine.lock"),
    () => modified(STAMP) > newestSource(),
    () => void execFileSync(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" }),
  );
  isCurrent = true;
  return PROGRAM;
}

/**
 * Bundles `dist/`, of which runs send the engine to other machines, unless that was done since a source has changed. Test
 * processes side by side would remove each other's files.
 */
export function bundleDist(): void {
  madeOnce(
    join(ROOT, "out/dist.lock"),
    () => modified(join(ROOT, "dist/engine/salsa.js")) > newestSource(),
    () => void execFileSync(process.execPath, [join(ROOT, "extension/build/bundle.ts")], { stdio: "inherit" }),
  );
}

/** When the program's newest source was written, milliseconds since 1970. */
function newestSource(): number {
  return Math.max(...SOURCES.map((path) => newest(join(ROOT, path))));
}

/** When a file was last written, milliseconds since 1970; 0 for one that is not there. */
function modified(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** The same of the newest source below a path. */
function newest(path: string): number {
  if (!statSync(path).isDirectory()) return modified(path);
  const files = readdirSync(path, { recursive: true, encoding: "utf8" }).filter((file) =>
    /\.(ts|wasm|ptx)$/.test(file),
  );
  return Math.max(0, ...files.map((file) => modified(join(path, file))));
}
