import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { RunEvent } from "../../engine/protocol/events.ts";
import { salsaProgram } from "../program.ts";

const MAIN = salsaProgram();

/** How a process ended. */
export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A line that `--json` prints of a run: events, and a last line with the result or the error. */
export type JsonLine = RunEvent | { readonly kind: "result" | "error"; readonly [field: string]: unknown };

/** Where a process starts; `shell` is put before it, to set limits. */
export interface Place {
  readonly folder?: string;
  readonly shell?: string;
}

/** Starts `salsa` with these arguments. */
export function spawnSalsa(argv: readonly string[], { folder, shell }: Place = {}): ChildProcess {
  const [program, args] =
    shell === undefined
      ? [process.execPath, [MAIN, ...argv]]
      : ["sh", ["-c", `${shell}; exec "$0" "$@"`, process.execPath, MAIN, ...argv]];
  const where = folder === undefined ? {} : { cwd: folder };
  return spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...where });
}

/** Runs `salsa` to its end. */
export async function salsa(argv: readonly string[], place: Place = {}): Promise<Ended> {
  const child = spawnSalsa(argv, place);
  assert.ok(child.stdout !== null && child.stderr !== null);
  const closed = once(child, "close") as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, stdout, stderr };
}

/** Runs `salsa … --json` and hands over every line as it comes, with the process, which may be sent a signal. */
export async function watchSalsa(
  argv: readonly string[],
  onLine: (line: JsonLine, child: ChildProcess) => void,
  place: Place = {},
): Promise<Ended & { readonly lines: readonly JsonLine[] }> {
  const child = spawnSalsa([...argv, "--json"], place);
  assert.ok(child.stdout !== null && child.stderr !== null);
  const closed = once(child, "close") as Promise<[number | null]>;
  const lines: JsonLine[] = [];
  let stdout = "";
  const reading = (async (input: NodeJS.ReadableStream): Promise<void> => {
    for await (const line of createInterface({ input })) {
      stdout += `${line}\n`;
      const parsed = readJson(line);
      if (parsed === undefined) continue; // cut off by a kill
      lines.push(parsed);
      onLine(parsed, child);
    }
  })(child.stdout);
  const [stderr, [code]] = await Promise.all([text(child.stderr), closed, reading]);
  return { code, stdout, stderr, lines };
}

function readJson(line: string): JsonLine | undefined {
  try {
    return JSON.parse(line) as JsonLine;
  } catch {
    return undefined;
  }
}

/** Asserts that a process failed with one message that people can act on. */
export function assertClearError(
  { code, stderr }: Ended,
  expected: { readonly code: number; readonly message: RegExp },
): void {
  assert.equal(code, expected.code, stderr);
  assert.equal(stderr.split("error: ").length, 2, `one message: ${stderr}`);
  const message = stderr.slice(stderr.indexOf("error: ") + "error: ".length);
  assert.match(message, expected.message);
  assert.doesNotMatch(stderr, /^\s+at .*[:(]/m, "there is no stack");
  assert.doesNotMatch(stderr, /TypeError|RangeError|undefined|\[object/);
}
