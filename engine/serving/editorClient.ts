import type { EditorAnswer, EditorCall, EditorFault } from "../protocol/editorModels.ts";
import type { ModelReply, ModelRequest } from "../protocol/modelCalls.ts";
import { estimatedTokens, tokensOf } from "./client/estimates.ts";
import { CLOCK } from "./client/index.ts";
import { type Clock, Limiter, type ServerLimits } from "./client/limits.ts";
import { withoutThoughts } from "./client/reply.ts";
import { ServerError, type ServerFault } from "./client/serverError.ts";
import type { ModelAsker } from "./modelCalls.ts";

/** Times that a request is made before it is given up. */
const ATTEMPTS = 4;
/** First wait between two of them, ms; it doubles. */
const FIRST_WAIT_MS = 2000;

/** The windows of the editor, as a run's process sees them. */
export interface EditorWindows {
  /**
   * Has exactly one window ask its editor's model, and another one if that goes away meanwhile. Waits while there is no
   * window that can.
   *
   * @param call - The request.
   * @param deadlineMs - How long a window may take.
   * @param signal - Takes the call back.
   * @throws {Error} when nobody can be asked at all, and the signal's reason.
   */
  ask(call: EditorCall, deadlineMs: number, signal: AbortSignal): Promise<EditorAnswer>;
}

/** How the editor's models are asked. */
export interface EditorClientSettings extends ServerLimits {
  readonly windows: EditorWindows;
  readonly deadlineMs: number;
  readonly firstWaitMs?: number;
  readonly clock?: Clock;
}

/**
 * Client of the editor's own models, by way of its windows: `vscode.lm` knows no seed, keeps the temperature only where
 * the provider does, and does not say why a reply ended.
 */
export class EditorClient implements ModelAsker {
  readonly server = "vscode:";
  private readonly settings: EditorClientSettings;
  private readonly clock: Clock;
  private readonly limiter: Limiter;
  private nReplies = 0;

  constructor(settings: EditorClientSettings) {
    this.settings = settings;
    this.clock = settings.clock ?? CLOCK;
    this.limiter = new Limiter(settings, this.clock);
  }

  async ask(model: string, request: ModelRequest, signal: AbortSignal): Promise<ModelReply> {
    const { firstWaitMs = FIRST_WAIT_MS } = this.settings;
    const before = this.nReplies;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.attempt({ model, request }, signal);
      if (answer.kind === "reply") {
        this.nReplies += 1;
        return withoutItsThoughts(answer.reply);
      }
      if (answer.fault === "key" || attempt === ATTEMPTS) {
        throw faultOf(model, answer, { attempts: attempt, isOthersWell: this.nReplies > before });
      }
      await this.clock.wait(firstWaitMs * 2 ** (attempt - 1), signal);
    }
  }

  close(): void {
    // Windows belong to the run's process.
  }

  private async attempt(call: EditorCall, signal: AbortSignal): Promise<EditorAnswer> {
    const { windows, deadlineMs } = this.settings;
    const turn = await this.limiter.turn(estimatedTokens(call.request), signal);
    let answer: EditorAnswer | undefined;
    try {
      answer = await windows.ask(call, deadlineMs, signal);
      return answer;
    } finally {
      turn.end(answer?.kind === "reply" ? tokensOf(answer.reply) : undefined);
    }
  }
}

function withoutItsThoughts(reply: ModelReply): ModelReply {
  const { text, thoughts } = withoutThoughts(reply.text);
  return { ...reply, text, ...(thoughts !== "" && { reasoning: thoughts }) };
}

/** The kinds of failures that every client has. */
const FAULTS: Readonly<Record<EditorFault, ServerFault>> = {
  missing: "missing",
  consent: "key",
  blocked: "busy",
  key: "key",
  slow: "slow",
  failed: "garbled",
};

function faultOf(
  model: string,
  { fault, message }: Extract<EditorAnswer, { readonly kind: "failed" }>,
  { attempts, isOthersWell }: { readonly attempts: number; readonly isOthersWell: boolean },
): ServerError {
  const what = attempts === 1 ? message : `${message}, ${attempts} times`;
  const remedy =
    fault === "key"
      ? "allow SALSA to use it (Manage Language Model Access in the editor's Accounts menu), then go on"
      : "what was answered is kept: go on when it is well";
  // Where others are answered meanwhile, it is this request's fault alone.
  return new ServerError(what, {
    fault: FAULTS[fault],
    server: model,
    remedy,
    isLocal: fault !== "key" && isOthersWell,
  });
}
