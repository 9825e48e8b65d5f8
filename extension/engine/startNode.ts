import {
  type ChildProcessByStdio,
  type ChildProcessWithoutNullStreams,
  type SpawnOptions,
  spawn,
} from "node:child_process";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import type { Runtime } from "./runtime.ts";

/** A process that is written to and read. */
export type WritableProcess = ChildProcessWithoutNullStreams;

/** A process that is only read. */
export type NodeProcess = ChildProcessByStdio<null, Readable, Readable>;

/** How a process is started. */
export interface StartOptions {
  /**
   * Working directory. The folder of the engine's files unless given: in a workspace there may be files that a program
   * would take for its own.
   */
  readonly folder?: string;
}

/** Starts the engine's Node, which is only read. */
export function startNode(runtime: Runtime, args: readonly string[], options: StartOptions = {}): NodeProcess {
  return spawn(runtime.node, args, { ...settings(runtime, options), stdio: ["ignore", "pipe", "pipe"] });
}

/** Starts the engine's Node, which is written to and read. */
export function startWritableNode(runtime: Runtime, args: readonly string[]): WritableProcess {
  return spawn(runtime.node, args, { ...settings(runtime, {}), stdio: "pipe" });
}

/** Settings of every process that the extension starts. */
function settings({ main, env }: Runtime, { folder = dirname(main) }: StartOptions): SpawnOptions {
  return { cwd: folder, env, shell: false, windowsHide: true };
}
