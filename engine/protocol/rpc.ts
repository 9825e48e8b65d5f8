import type { EditorAnswer, EditorCall } from "./editorModels.ts";
import type { RunEvent } from "./events.ts";
import type { RunState } from "./runState.ts";

/** Raised when a message changes its meaning; both sides must have the same. */
export const PROTOCOL_VERSION = 1;

/** Requests to a run's process, by JSON-RPC 2.0 over its local socket. */
export interface RpcRequests {
  /** The first request: agrees on the version, or is refused with both versions in the message. */
  readonly handshake: { params: HandshakeParams; result: HandshakeResult };
  /** The run as it stands. Events from then on are sent as notifications; they may overlap, and leave no gap. */
  readonly snapshot: { params: Record<string, never>; result: RunState };
  /** This client answers calls of the editor's models from now on, or what kept it from that may be over. */
  readonly offerModels: { params: Record<string, never>; result: Record<string, never> };
  /** Asks for a graceful stop: the running step is finished and its state saved. */
  readonly stop: { params: Record<string, never>; result: { readonly stopping: boolean } };
}

/** Requests from a run's process to a client that has offered to answer them. */
export interface RpcQuestions {
  readonly askModel: { params: EditorCall; result: EditorAnswer };
}

/** Notifications from a run's process. */
export interface RpcNotifications {
  /** Events since the last such notification, at most some tens a second, however many events there are. */
  readonly events: { readonly events: readonly RunEvent[] };
  /** The client read too slowly and missed events: no more are sent until it asks for a snapshot again. */
  readonly behind: Record<string, never>;
}

export interface HandshakeParams {
  readonly protocol: number;
  /** Name and version of the client: "vscode 0.1.0". */
  readonly client: string;
}

export interface HandshakeResult {
  readonly protocol: number;
  /** Version of the engine. */
  readonly version: string;
  readonly run: string;
  readonly folder: string;
  readonly pid: number;
}

/** Codes of refusals, from the range that JSON-RPC 2.0 leaves to programs. */
export const RPC_ERRORS = { versionMismatch: 1, noHandshake: 2 } as const;
