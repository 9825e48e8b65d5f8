import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type Line, parseLine } from "./lines.ts";
import type { PartReport } from "./report.ts";

/** A program to start. */
export interface ProcessCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/** A part of the work, and how long it may take. */
export interface PartProcess {
  readonly name: string;
  /** Starts the work, at a case of its suite. */
  readonly command: (from: number) => ProcessCommand;
  readonly seconds: number;
  /** Longest that one case may take before it counts as hung. */
  readonly caseSeconds?: number;
}

/** Result of a part. */
export interface Done {
  readonly report: PartReport;
  readonly measured: ReadonlyMap<string, number>;
  readonly facts: ReadonlyMap<string, string>;
}

const CASE_SECONDS = 30;
/** Processes that may end badly before the rest of a suite is left. */
const MOST_RESTARTS = 12;

/**
 * Runs a part in processes of its own: one that loses the card, hangs or ends badly costs one case, and the next process
 * goes on behind it.
 */
export async function runPart({ name, command, seconds, caseSeconds = CASE_SECONDS }: PartProcess): Promise<Done> {
  const start = performance.now();
  const found = new Found();
  const taken = (): number => (performance.now() - start) / 1000;
  for (let restarts = 0; ; restarts++) {
    const limits = { seconds: seconds - taken(), caseSeconds };
    const ended = await runProcess(command(found.next), limits, found);
    if (ended === undefined) break;
    const isLast = found.current === undefined || ended === OUT_OF_TIME || restarts >= MOST_RESTARTS;
    found.endBadly(ended, name);
    if (isLast) break;
  }
  return { report: found.report(name, taken()), measured: found.measured, facts: found.facts };
}

const OUT_OF_TIME = "out of time";

/** Longest end of what a process wrote to standard error that is kept. */
const LAST_WORDS = 1500;

/** Runs a process to its end, told line by line; returns how it ended badly, if it did. */
async function runProcess(
  { file, args }: ProcessCommand,
  { seconds, caseSeconds }: Required<Pick<PartProcess, "seconds" | "caseSeconds">>,
  found: Found,
): Promise<string | undefined> {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
  let killed: string | undefined;
  const kill = (reason: string): void => {
    killed ??= reason;
    child.kill("SIGKILL");
  };
  const whole = setTimeout(() => kill(OUT_OF_TIME), seconds * 1000);
  let each: NodeJS.Timeout | undefined;
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = parseLine(text);
    if (line === undefined) return;
    found.take(line);
    clearTimeout(each);
    if (line.kind !== "begin") return;
    each = setTimeout(() => kill(`took longer than ${caseSeconds} s`), caseSeconds * 1000);
  });
  let words = "";
  child.stderr.on("data", (chunk: Buffer) => (words = (words + chunk.toString()).slice(-LAST_WORDS)));
  try {
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    if (killed !== undefined) return killed;
    if (code === 0) return found.isLost ? "the card was lost" : undefined;
    return `the process ended with ${code ?? signal ?? "an error"}: ${words.trim()}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(whole);
    clearTimeout(each);
  }
}

/** Result of a part so far. */
class Found {
  readonly measured = new Map<string, number>();
  readonly facts = new Map<string, string>();
  /** The case in work. */
  current: string | undefined;
  /** Number of the next one. */
  next = 0;
  isLost = false;
  private passed = 0;
  private readonly failures: { readonly case: string; readonly error: string }[] = [];
  private isOutOfTime = false;

  take(line: Line): void {
    switch (line.kind) {
      case "begin":
        this.current = line.title;
        this.next = line.number + 1;
        break;
      case "case":
        if (line.error === undefined) this.passed++;
        else this.failures.push({ case: line.title, error: line.error });
        // Where the card is lost, this case was the last.
        if (line.error === undefined) this.current = undefined;
        break;
      case "measure":
        this.measured.set(line.name, line.value);
        break;
      case "fact":
        this.facts.set(line.name, line.value);
        break;
      case "failure":
        this.failures.push({ case: line.title, error: line.error });
        break;
      case "lost":
        this.isLost = true;
        break;
    }
  }

  /** Notes how a process ended, at the case that it was at. */
  endBadly(reason: string, part: string): void {
    this.isLost = false;
    if (reason === OUT_OF_TIME) this.isOutOfTime = true;
    const at = this.current ?? part;
    if (!this.failures.some((failure) => failure.case === at)) this.failures.push({ case: at, error: reason });
    this.current = undefined;
  }

  report(name: string, seconds: number): PartReport {
    const { passed, failures } = this;
    const counts = passed > 0 || failures.length > 0 ? { passed, failures } : {};
    if (this.isOutOfTime) return { name, state: "out of time", seconds, ...counts };
    return { name, state: failures.length === 0 ? "passed" : "failed", seconds, ...counts };
  }
}
