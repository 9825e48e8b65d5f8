import { createInterface } from "node:readline";
import type { ConfigIssue } from "../../engine/protocol/errors.ts";
import { t } from "../localize.ts";
import { ServiceError, ToolError } from "./errors.ts";
import { spawnFailure, startFailure } from "./failures.ts";
import type { Runtime } from "./runtime.ts";
import { type NodeProcess, startNode } from "./startNode.ts";

/** Milliseconds after an interrupt in which the tool should have finished its step. */
const GRACE = 30_000;
/** Characters of standard error that are kept for the case of a failure. */
const MOST_WORDS = 8000;

/** How a command line is run. */
export interface ToolSettings {
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onLine: (line: unknown) => void;
  /** Called with the standard error of the tool. */
  readonly onText: (text: string) => void;
  /** Milliseconds between the interrupt and the end by force. */
  readonly grace?: number;
}

/** Last line that a failing tool prints. */
interface ErrorLine {
  readonly kind: "error";
  readonly error: string;
  readonly message: string;
  readonly issues?: readonly ConfigIssue[];
}

/**
 * Runs `salsa <args> --json` and parses the lines it prints.
 *
 * @returns The last line; undefined when there was none.
 * @throws {ToolError} with the tool's own message, or an explanation of its exit.
 * @throws {ServiceError} of kind "cancelled" when the signal ended it, and others when it cannot be started.
 */
export async function runTool(args: readonly string[], runtime: Runtime, settings: ToolSettings): Promise<unknown> {
  const { folder, signal, onLine, onText, grace = GRACE } = settings;
  throwIfCancelled(signal);
  const child = startNode(runtime, [runtime.main, ...args, "--json"], { folder });
  const end = (): void => interrupt(child, grace);
  signal.addEventListener("abort", end);
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-MOST_WORDS);
    onText(text);
  });
  const printed: unknown[] = [];
  createInterface({ input: child.stdout, crlfDelay: Infinity }).on("line", (line) => {
    const value = parseLine(line);
    if (value === undefined) return;
    printed[0] = value; // the last is all that is kept
    onLine(value);
  });
  try {
    const { code, signal: killedBy } = await endOf(child, runtime);
    const last = printed[0];
    throwIfCancelled(signal);
    if (isErrorLine(last)) throw new ToolError(last.message, last);
    if (code === 0) return last;
    // A tool that got to run prints its error; one that printed nothing did not even start.
    const why = await startFailure({ code, signal: killedBy, words }, runtime);
    if (printed.length === 0) throw why;
    throw new ToolError(why.message);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

type Exit = Readonly<{ code: number | null; signal: NodeJS.Signals | null }>;

async function endOf(child: NodeProcess, runtime: Runtime): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(spawnFailure(error, runtime)));
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

function interrupt(child: NodeProcess, grace: number): void {
  child.kill("SIGINT");
  const timer = setTimeout(() => child.kill("SIGKILL"), grace);
  child.once("close", () => clearTimeout(timer));
}

function throwIfCancelled({ aborted }: AbortSignal): void {
  if (aborted) throw new ServiceError(t("Cancelled"), "cancelled");
}

/** Lines that are no JSON are not meant for us. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function isErrorLine(value: unknown): value is ErrorLine {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "error";
}
