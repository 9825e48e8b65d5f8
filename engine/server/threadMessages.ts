import type { EditorAnswer, EditorCall, WaitReason } from "../protocol/editorModels.ts";
import type { RunEvent } from "../protocol/events.ts";
import type { RunServerSettings } from "./runServer.ts";

/** Settings of the server's thread. */
export type ServerStart = Pick<RunServerSettings, "address" | "version">;

/** From the main thread to the server's. */
export type ToThread =
  | { readonly kind: "open"; readonly run: string; readonly folder: string }
  | { readonly kind: "event"; readonly event: RunEvent }
  | { readonly kind: "ask"; readonly id: number; readonly call: EditorCall; readonly deadlineMs: number }
  | { readonly kind: "cancel"; readonly id: number }
  | { readonly kind: "close" };

/** From the server's thread to the main one. */
export type FromThread =
  | { readonly kind: "listening" }
  | { readonly kind: "stop"; readonly client: string }
  | { readonly kind: "answer"; readonly id: number; readonly answer: EditorAnswer }
  | { readonly kind: "wait"; readonly model: string; readonly reason: WaitReason | null }
  | { readonly kind: "closed" };
