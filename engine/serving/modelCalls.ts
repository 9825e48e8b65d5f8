import type { ModelReply, ModelRequest } from "../protocol/modelCalls.ts";
import { CallStore } from "./callStore.ts";
import { estimatedPromptTokens } from "./client/estimates.ts";

/** Price of a model, US dollars per million tokens. */
export interface CallPrice {
  readonly input: number;
  readonly output: number;
}

/** The budget ran out. */
export class BudgetSpent extends Error {
  override readonly name = "BudgetSpent";
}

/** Money that a run may spend on all of its calls together, US dollars. */
export class Purse {
  private readonly budget: number;
  private spent = 0;
  private held = 0;
  private settled = Promise.withResolvers<undefined>();

  constructor(budget = Infinity) {
    this.budget = budget;
  }

  /** Counts what was spent before. */
  add(price: number): void {
    this.spent += price;
  }

  /**
   * Sets the most that a call may cost aside: so the budget is kept whatever the replies. Where calls under way may leave
   * enough, their end is waited for.
   * @throws {BudgetSpent}
   */
  async hold(most: number): Promise<void> {
    if (most === 0) return;
    while (this.spent + this.held + most > this.budget) {
      if (this.held === 0) {
        const facts = `$${this.spent.toFixed(4)} of $${this.budget} is spent, and the next call may cost $${most.toFixed(4)}`;
        throw new BudgetSpent(`the budget is spent: ${facts}`);
      }
      await this.settled.promise;
    }
    this.held += most;
  }

  /** Gives back what was held, and counts what it did cost. */
  settle(most: number, price: number): void {
    // Not below zero by rounding: `hold` waits for others only where there are some.
    this.held = this.held - most < 1e-12 ? 0 : this.held - most;
    this.spent += price;
    this.settled.resolve(undefined);
    this.settled = Promise.withResolvers();
  }
}

/** The way to models: the client of a server, or that of the editor's. */
export interface ModelAsker {
  /** Stands for it in the keys of replies. */
  readonly server: string;
  /** @throws {ServerError}, and the signal's reason. */
  ask(model: string, request: ModelRequest, signal: AbortSignal): Promise<ModelReply>;
  close(): void;
}

/** A model, the way to it, and who pays. */
export interface ModelCallsSettings {
  readonly client: ModelAsker;
  readonly model: string;
  readonly price: CallPrice;
  readonly purse: Purse;
  /** Where replies are kept: `.salsa`. */
  readonly root: string;
  /** Id of the run. */
  readonly run: string;
}

/** A reply, and what it cost now. */
export interface PaidReply extends ModelReply {
  /** US dollars; 0 for one that was there. */
  readonly price: number;
  /** True for one that was there: it was not asked for again. */
  readonly isKept: boolean;
}

/** A model of a server whose replies are kept: what was asked once costs nothing again. */
export class ModelCalls {
  private readonly settings: ModelCallsSettings;
  private readonly store: CallStore;
  /** Calls under way, by their keys. */
  private readonly open = new Map<string, Promise<PaidReply>>();
  private counted: Promise<void> | undefined;

  constructor(settings: ModelCallsSettings) {
    this.settings = settings;
    this.store = new CallStore(settings.root, { server: settings.client.server, model: settings.model });
  }

  /**
   * The reply to a request, asked for if it is not kept.
   *
   * @param request - The conversation, and how it is to be answered.
   * @param sample - Which of several replies to the same request.
   * @param signal - Cancels it at any moment.
   * @throws {ServerError} {BudgetSpent} {DataError} {DiskError}, and the signal's reason.
   */
  async ask(request: ModelRequest, sample: number, signal: AbortSignal): Promise<PaidReply> {
    signal.throwIfAborted();
    const key = this.store.keyOf({ request, sample });
    const under = this.open.get(key);
    if (under !== undefined) return { ...(await under), price: 0, isKept: true };
    const call = this.find(key, request, signal);
    this.open.set(key, call);
    try {
      return await call;
    } finally {
      this.open.delete(key);
    }
  }

  close(): void {
    this.settings.client.close();
    this.store.close();
  }

  private async find(key: string, request: ModelRequest, signal: AbortSignal): Promise<PaidReply> {
    const kept = await this.store.find(key);
    if (kept !== undefined) return { ...kept.reply, price: 0, isKept: true };
    const { model, purse, run } = this.settings;
    this.counted ??= this.store.spentBy(run).then((price) => purse.add(price));
    await this.counted;
    const most = this.priceOf(estimatedPromptTokens(request.prompt) * ESTIMATE_MARGIN, request.maxTokens);
    await purse.hold(most);
    let price = 0;
    try {
      const reply = await this.settings.client.ask(model, request, signal);
      price = this.priceOf(
        reply.promptTokens ?? estimatedPromptTokens(request.prompt),
        reply.completionTokens ?? estimatedPromptTokens(`${reply.reasoning ?? ""}${reply.text}`),
      );
      await this.store.add({ key, run, price, reply });
      return { ...reply, price, isKept: false };
    } finally {
      purse.settle(most, price);
    }
  }

  private priceOf(promptTokens: number, completionTokens: number): number {
    const { input, output } = this.settings.price;
    return (promptTokens * input + completionTokens * output) / 1e6;
  }
}

/** Estimates of tokens may be too low by this factor, in scripts that take more tokens a letter. */
const ESTIMATE_MARGIN = 2;
