import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { RUNTIME_VARIABLE, childEnvironment } from "../common/childEnvironment.ts";
import { makeFolder } from "../storage/disk.ts";
import { type Place, placeBelow, placeIn } from "../storage/places.ts";
import { readEnd } from "../storage/reading.ts";
import { ENGINE_LOG } from "../protocol/runLogFiles.ts";
import { runPath } from "../storage/runFolder.ts";
import { discard, openLogAt } from "../storage/writing.ts";
import { runtimeFolder } from "./address.ts";
import type { EngineAnswer, EngineRequest, EngineStart } from "./engineRequest.ts";
import { LaunchError } from "./errors.ts";

/** How an engine process is started; the defaults are for callers that run on the engine's own Node already. */
export interface LaunchSettings {
  /** The Node to start it with: version 24. */
  readonly node?: string;
  /** The engine's main file. */
  readonly main?: string;
}

/** A run that continues in the background. */
export interface LaunchedRun {
  readonly run: string;
  readonly folder: string;
  readonly pid: number;
}

/** A process that works for this one. */
export type AttachedProcess = Pick<ChildProcess, "connected" | "send" | "on" | "once">;

/** Bytes of the engine's log that an error quotes. */
const MOST_QUOTED = 2000;

/**
 * Starts an engine process that outlives this one, and waits until it holds its run; `connect` takes over from there.
 * @throws {LaunchError} when it does not start, or cannot open its run; the message says why.
 */
export async function launch(request: EngineRequest, settings: LaunchSettings = {}): Promise<LaunchedRun> {
  const { node = process.execPath, main = mainFile() } = settings;
  const log = await logFor(request);
  const opened = await openLogAt(log.place);
  try {
    const place = { folder: await runtimeFolder(), log: opened.descriptor };
    const child = startEngine([node, main], { ...place, isDetached: true });
    const start: EngineStart = { request, ...(log.isTemporary && { log: log.place.file }) };
    const answer = await answerOf(child, start, { node, log: log.place });
    if (answer.kind === "failed") throw new LaunchError(answer.message);
    return { run: answer.run, folder: answer.folder, pid: child.pid ?? 0 };
  } catch (error) {
    if (log.isTemporary) await discard(log.place.file);
    throw error;
  } finally {
    opened.close();
  }
}

/**
 * Starts a process that works for this one, and goes when this one does: the end of its channel tells it.
 *
 * @param main - Its main file.
 * @param log - For its standard error.
 */
export async function startAttached(main: string, log: Place): Promise<AttachedProcess> {
  const opened = await openLogAt(log);
  try {
    const place = { folder: await runtimeFolder(), log: opened.descriptor };
    return startEngine([process.execPath, main], { ...place, isDetached: false });
  } finally {
    opened.close();
  }
}

/** Where a process works and writes. */
interface EnginePlace {
  readonly folder: string;
  /** Descriptor of its standard error. */
  readonly log: number;
  readonly isDetached: boolean;
}

/** Starts the process, in the folder of sockets; the only function of the engine that starts one, apart from git. */
function startEngine(
  [node, main]: readonly [node: string, main: string],
  { folder, log, isDetached }: EnginePlace,
): ChildProcess {
  const own = path.resolve(folder);
  const env = childEnvironment(process.env, process.platform);
  // Both must find the same folder, also where it was given as a relative one.
  env[RUNTIME_VARIABLE] = own;
  const stdio: StdioOptions = ["ignore", "ignore", log, "ipc"];
  return spawn(node, [main], { cwd: own, detached: isDetached, env, shell: false, stdio, windowsHide: true });
}

/** A new run has no folder yet: its log begins beside the runs, and the engine moves it to where it belongs. */
async function logFor(request: EngineRequest): Promise<{ readonly place: Place; readonly isTemporary: boolean }> {
  if (request.kind === "resume") {
    return { place: placeIn(runPath(request.runsRoot, request.run), ENGINE_LOG), isTemporary: false };
  }
  const { runsRoot } = request;
  await makeFolder(runsRoot);
  return { place: placeBelow(runsRoot, `.starting-${randomBytes(6).toString("hex")}.log`), isTemporary: true };
}

async function answerOf(
  child: ChildProcess,
  start: EngineStart,
  { node, log }: { readonly node: string; readonly log: Place },
): Promise<EngineAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<EngineAnswer>();
  child.once("message", (answer) => resolve(answer as EngineAnswer));
  child.once("error", (cause) =>
    reject(new LaunchError(`the engine does not start: ${node}: ${cause.message}; it needs Node 24`, { cause })),
  );
  child.once("exit", (code, signal) => {
    void lastWords(log).then((words) => {
      const how = signal ?? `exit code ${code ?? "unknown"}`;
      reject(new LaunchError(`the engine ended as it started (${how}); its last words: ${words}`));
    });
  });
  child.send(start, (error) => {
    if (error !== null) child.kill(); // the exit handler reports the reason
  });
  const answer = await promise;
  child.removeAllListeners("exit");
  if (child.connected) child.disconnect();
  child.unref();
  return answer;
}

/** The end of a process's log. */
export async function lastWords(log: Place): Promise<string> {
  const text = await readEnd(log, MOST_QUOTED).catch(() => "");
  return text.trim() === "" ? "none" : text.trimEnd();
}

/** The main file lies beside this one, as source or bundled. */
function mainFile(): string {
  return fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./main.ts" : "./main.js", import.meta.url));
}
