import type { RunState } from "../protocol/runState.ts";

/** A run that no process works on; its records can be read, and unless it has finished, it can be resumed. */
export class NotRunningError extends Error {
  override readonly name = "NotRunningError";
  readonly state: RunState;
  constructor(folder: string, state: RunState) {
    const cause = state.failure === undefined ? "" : `: ${state.failure.message}`;
    super(`${folder}: no engine works on this run, which ${ENDS[state.status]}${cause}`);
    this.state = state;
  }
}

const ENDS: Readonly<Record<RunState["status"], string>> = {
  queued: "has not begun",
  running: "has just ended",
  finished: "has finished",
  stopped: "was stopped; go on with salsa resume",
  failed: "has failed; go on with salsa resume once the cause is mended",
  lost: "was cut off: its process died without a word; go on with salsa resume",
};

/** A run whose process lives and cannot be reached. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
  readonly pid: number;
  constructor(folder: string, { pid, what }: { readonly pid: number; readonly what: string }, options?: ErrorOptions) {
    super(`${folder}: ${what}`, options);
    this.pid = pid;
  }
}

/** A run whose process no socket leads to, on another machine or in the foreground of a terminal; what both share is its folder. */
export class ElsewhereError extends UnreachableError {}

/** An engine that speaks another version of the protocol than this client. */
export class VersionMismatchError extends Error {
  override readonly name = "VersionMismatchError";
  /** The engine's version. */
  readonly protocol: number;
  constructor(folder: string, { protocol, message }: { readonly protocol: number; readonly message: string }) {
    super(`${folder}: ${message}; attach with the version that started the run, or wait for it to end`);
    this.protocol = protocol;
  }
}

/** An address in a lock file that no engine of this user listens at. */
export class AddressError extends Error {
  override readonly name = "AddressError";
  constructor(address: string, folder: string) {
    const remedy = "if its engine was started with another SALSA_RUNTIME_DIR, set that";
    super(`the lock's socket ${JSON.stringify(address.slice(0, 100))} is none of an engine in ${folder}; ${remedy}`);
  }
}

/** A message from the other side of a channel that is none of the protocol, is beyond its limits, or comes too late. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** An engine process that did not come so far as to open its run. */
export class LaunchError extends Error {
  override readonly name = "LaunchError";
}

/** A base seed of claims that could not be measured. */
export class SeedError extends Error {
  override readonly name = "SeedError";
  constructor(seed: number, what: string) {
    super(`seed ${seed}: ${what}`);
  }
}
