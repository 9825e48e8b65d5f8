import { WAIT_REASONS, type EditorAnswer, type EditorCall, type WaitReason } from "../protocol/editorModels.ts";
import { readEditorAnswer } from "../protocol/editorModelsSchema.ts";
import { MessageError } from "../protocol/errors.ts";

/** Calls that a window has at a time: more would wait in its socket. */
const MOST_AT_ONCE = 32;
/** Milliseconds until a window whose quota is used up is asked again; they double. */
const FIRST_BLOCK_MS = 30_000;
const LONGEST_BLOCK_MS = 15 * 60_000;

/** A client that answers for its editor's models. */
export interface AnsweringWindow {
  /** @throws {Error} when it does not answer, and when it has gone. */
  ask(call: EditorCall, signal: AbortSignal): Promise<unknown>;
}

/** Where its answers and waits go. */
export interface EditorCallsSettings {
  readonly answered: (id: number, answer: EditorAnswer) => void;
  /** A call begins to wait for a model, or with null goes on. */
  readonly waiting: (model: string, reason: WaitReason | null) => void;
  readonly firstBlockMs?: number;
}

/** An obstacle for a window to asking a model. */
interface Block {
  readonly reason: Exclude<WaitReason, "window">;
  /** Ends it, where nothing else does. */
  readonly timer?: NodeJS.Timeout;
}

interface Window {
  nOpen: number;
  /** Times that it has offered. */
  nOffers: number;
  /** By model. */
  readonly blocks: Map<string, Block>;
}

interface OpenCall {
  readonly call: EditorCall;
  readonly deadlineMs: number;
  /** Of the window that has it. */
  held?: { readonly window: AnsweringWindow; readonly controller: AbortController };
}

/**
 * A run's calls of the editor's models, each given to exactly one window: the first that is not full and not kept from
 * asking that model. A call whose window goes away, or cannot ask, is given to another; without one, it waits.
 */
export class EditorCalls {
  private readonly settings: EditorCallsSettings;
  private readonly windows = new Map<AnsweringWindow, Window>();
  private readonly calls = new Map<number, OpenCall>();
  private readonly told = new Map<string, WaitReason>();
  /** Milliseconds of each model's last block since it replied. */
  private readonly lastBlocks = new Map<string, number>();

  constructor(settings: EditorCallsSettings) {
    this.settings = settings;
  }

  /** A window answers from now on. One that has offered before is asked again, whatever has kept it. */
  offer(window: AnsweringWindow): void {
    const known = this.windows.get(window);
    for (const { timer } of known?.blocks.values() ?? []) clearTimeout(timer);
    known?.blocks.clear();
    if (known === undefined) this.windows.set(window, { nOpen: 0, nOffers: 1, blocks: new Map() });
    else known.nOffers += 1;
    this.dispatch();
  }

  /** A window has gone: others have its calls. */
  leave(window: AnsweringWindow): void {
    const known = this.windows.get(window);
    if (known === undefined) return;
    for (const { timer } of known.blocks.values()) clearTimeout(timer);
    this.windows.delete(window);
    for (const one of this.calls.values()) if (one.held?.window === window) delete one.held;
    this.dispatch();
  }

  ask(id: number, call: EditorCall, deadlineMs: number): void {
    this.calls.set(id, { call, deadlineMs });
    this.dispatch();
  }

  /** Nobody wants the answer any more. */
  cancel(id: number): void {
    const held = this.calls.get(id)?.held;
    this.calls.delete(id);
    held?.controller.abort();
    this.dispatch();
  }

  private dispatch(): void {
    for (const [id, one] of this.calls) {
      if (one.held !== undefined) continue;
      const free = [...this.windows].find(
        ([, { nOpen, blocks }]) => nOpen < MOST_AT_ONCE && !blocks.has(one.call.model),
      );
      if (free !== undefined) void this.give(id, one, free);
    }
    this.tell();
  }

  private async give(id: number, one: OpenCall, [window, state]: [AnsweringWindow, Window]): Promise<void> {
    const controller = new AbortController();
    const held = { window, controller };
    const { nOffers } = state;
    one.held = held;
    state.nOpen += 1;
    const answer = await this.answerOf(window, one, controller.signal);
    state.nOpen -= 1;
    // Another window has it by now, or nobody wants it.
    if (this.calls.get(id) !== one || one.held !== held) {
      this.dispatch();
      return;
    }
    const reason = answer.kind === "failed" ? WAIT_REASONS.find((known) => known === answer.fault) : undefined;
    if (reason === undefined || reason === "window") {
      if (answer.kind === "reply") this.lastBlocks.delete(one.call.model);
      this.calls.delete(id);
      this.settings.answered(id, answer);
    } else {
      delete one.held;
      // The reason that kept it may be over since: it has offered again.
      if (state.nOffers === nOffers) this.block(state, one.call.model, reason);
    }
    this.dispatch();
  }

  private async answerOf(
    window: AnsweringWindow,
    { call, deadlineMs }: OpenCall,
    cancelled: AbortSignal,
  ): Promise<EditorAnswer> {
    const late = AbortSignal.timeout(deadlineMs);
    const signal = AbortSignal.any([cancelled, late]);
    const { promise: over, reject } = Promise.withResolvers<never>();
    const end = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", end, { once: true });
    try {
      const asked = window.ask(call, signal);
      asked.catch(() => undefined); // one that is over is waited for no longer
      return readEditorAnswer(await Promise.race([asked, over]));
    } catch (error) {
      if (late.aborted) return { kind: "failed", fault: "slow", message: `no reply within ${deadlineMs / 1000} s` };
      const what = error instanceof MessageError ? "an answer that does not fit" : "no answer";
      const { message } = error instanceof Error ? error : new Error(String(error));
      return { kind: "failed", fault: "failed", message: `${what}: ${message}` };
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  private block({ blocks }: Window, model: string, reason: Block["reason"]): void {
    if (blocks.has(model)) return; // other calls of it have come back already
    if (reason !== "blocked") {
      blocks.set(model, { reason });
      return;
    }
    const { firstBlockMs = FIRST_BLOCK_MS } = this.settings;
    const ms = Math.min(LONGEST_BLOCK_MS, 2 * (this.lastBlocks.get(model) ?? firstBlockMs / 2));
    this.lastBlocks.set(model, ms);
    const timer = setTimeout(() => {
      blocks.delete(model);
      this.dispatch();
    }, ms).unref();
    blocks.set(model, { reason, timer });
  }

  /** Says which models are waited for, and why, where that has changed. */
  private tell(): void {
    const waits = new Map<string, WaitReason>();
    for (const { call, held } of this.calls.values()) {
      const reason = held === undefined ? this.reasonOf(call.model) : undefined;
      if (reason !== undefined) waits.set(call.model, reason);
    }
    for (const model of this.told.keys()) if (!waits.has(model)) this.settings.waiting(model, null);
    for (const [model, reason] of waits) if (this.told.get(model) !== reason) this.settings.waiting(model, reason);
    this.told.clear();
    for (const [model, reason] of waits) this.told.set(model, reason);
  }

  /** Reason why a model is waited for; undefined where some window only has enough to do. */
  private reasonOf(model: string): WaitReason | undefined {
    if (this.windows.size === 0) return "window";
    const reasons = [...this.windows.values()].map(({ blocks }) => blocks.get(model)?.reason);
    if (reasons.includes(undefined)) return undefined;
    // A wait that a person can do something about comes first.
    return (["consent", "blocked", "missing"] as const).find((reason) => reasons.includes(reason));
  }
}
