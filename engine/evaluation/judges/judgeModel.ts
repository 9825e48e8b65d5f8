import type { ModelReply, ModelRequest } from "../../protocol/modelCalls.ts";

/** A model behind a server, or of the editor's, which its name says. */
export interface ModelAddress {
  readonly baseUrl?: string | undefined;
  readonly model: string;
}

/** A reply, and what it cost now. */
export interface JudgeReply extends ModelReply {
  /** US dollars; 0 for a reply that was kept from before. */
  readonly price: number;
}

/** A language model that judges ask. */
export interface JudgeModel {
  /** Games to have open at a time, so that its server is busy all the while. */
  readonly concurrency: number;
  /**
   * Asks for one of several replies to a request.
   * @throws {JudgeError} when this one request is refused; other errors concern all of them.
   */
  ask(request: ModelRequest, sample: number): Promise<JudgeReply>;
}

/** Tools that judges are made with, beside their settings. */
export interface JudgeTools {
  model(address: ModelAddress): JudgeModel;
  /** Text of the prompt file that the config names, if it does. */
  readonly promptText?: string | undefined;
}
