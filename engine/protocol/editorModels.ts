import type { ModelReply, ModelRequest } from "./modelCalls.ts";

/** A language model that the editor has. */
export interface EditorModel {
  /** The extension's name for those who provide it: "copilot". */
  readonly vendor: string;
  /** Its id, or the family of several versions. */
  readonly name: string;
}

/** The model that an address `vscode:<vendor>/<id or family>` names; undefined for the name of a server's model. */
export function editorModelOf(address: string): EditorModel | undefined {
  const [, vendor, name] = /^vscode:([^/\s]{1,100})\/(\S(?:.{0,98}\S)?)$/.exec(address) ?? [];
  return vendor === undefined || name === undefined ? undefined : { vendor, name };
}

/** True for what begins as the address of an editor's model, however it goes on. */
export function isEditorAddress(model: string): boolean {
  return /^vscode:/i.test(model);
}

/** A request to one of the editor's models, for a window to pass on. */
export interface EditorCall {
  /** Its address, as configs have it. */
  readonly model: string;
  readonly request: ModelRequest;
}

/**
 * Why a window has no reply.
 *
 * `missing`: it has no such model · `consent`: nobody has been asked yet whether it may be used · `blocked`: its quota is
 * used up · `key`: the person or the provider does not allow it · `slow`: no reply in time · `failed`: anything else.
 */
export const EDITOR_FAULTS = ["missing", "consent", "blocked", "key", "slow", "failed"] as const;
export type EditorFault = (typeof EDITOR_FAULTS)[number];

/** A window's answer to a call. */
export type EditorAnswer =
  | { readonly kind: "reply"; readonly reply: ModelReply }
  | { readonly kind: "failed"; readonly fault: EditorFault; readonly message: string };

/** Why a run waits for an editor's model: there is no window, or none of those that are there can ask it now. */
export const WAIT_REASONS = ["window", "missing", "consent", "blocked"] as const;
export type WaitReason = (typeof WAIT_REASONS)[number];

/** A model that a run waits for. */
export interface ModelWait {
  readonly model: string;
  readonly reason: WaitReason;
  /** Milliseconds since 1970. */
  readonly since: number;
}
