/** Milliseconds of the window that rates are counted in. */
const MINUTE = 60_000;

/** How much a server is asked at most. */
export interface ServerLimits {
  /** Requests that are open at a time. */
  readonly concurrency: number;
  readonly requestsPerMinute?: number | undefined;
  /** Tokens of prompts and replies together. */
  readonly tokensPerMinute?: number | undefined;
}

/** Time, as the limits see it. */
export interface Clock {
  /** Milliseconds from some moment on. */
  now(): number;
  /** @throws the signal's reason. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** A request that was let through. */
export interface Turn {
  /** Gives the slot free; with how many tokens it took, where that is known. */
  end(tokens?: number): void;
}

interface Spent {
  readonly at: number;
  tokens: number;
}

/**
 * Lets requests through in the order in which they come, as many at a time and a minute as the server allows. Tokens of a
 * request are estimated beforehand and put right when it is over.
 */
export class Limiter {
  private readonly limits: ServerLimits;
  private readonly clock: Clock;
  private open = 0;
  private readonly waiting: (() => void)[] = [];
  /** Requests of the last minute, the oldest first. */
  private readonly spent: Spent[] = [];
  private order: Promise<unknown> = Promise.resolve();
  private pausedUntil = 0;

  constructor(limits: ServerLimits, clock: Clock) {
    this.limits = limits;
    this.clock = clock;
  }

  /** Waits for a turn. @throws the signal's reason. */
  async turn(tokens: number, signal: AbortSignal): Promise<Turn> {
    await this.slot(signal);
    const spent: Spent = { at: 0, tokens };
    // One by one, so that nobody is overtaken for ever.
    const admitted = this.order.then(() => this.admit(spent, signal));
    this.order = admitted.catch(() => undefined);
    try {
      await admitted;
    } catch (error) {
      this.free();
      throw error;
    }
    let isOver = false;
    return {
      end: (actual) => {
        if (isOver) return;
        isOver = true;
        spent.tokens = actual ?? spent.tokens;
        this.free();
      },
    };
  }

  /** Lets nothing through for a while: the server has asked for it. */
  pause(ms: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, this.clock.now() + ms);
  }

  private async slot(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.open < this.limits.concurrency) {
      this.open += 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const enter = (): void => resolve(undefined);
    const leave = (): void => {
      const at = this.waiting.indexOf(enter);
      if (at >= 0) this.waiting.splice(at, 1);
      reject(signal.reason as Error);
    };
    this.waiting.push(enter);
    signal.addEventListener("abort", leave, { once: true });
    try {
      await promise; // the slot is handed over: `open` stays
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  private free(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.open -= 1;
    else next();
  }

  private async admit(spent: Spent, signal: AbortSignal): Promise<void> {
    for (let wait = this.waitFor(spent.tokens); wait > 0; wait = this.waitFor(spent.tokens)) {
      await this.clock.wait(wait, signal);
    }
    signal.throwIfAborted();
    const { requestsPerMinute, tokensPerMinute } = this.limits;
    if (requestsPerMinute === undefined && tokensPerMinute === undefined) return;
    this.spent.push(Object.assign(spent, { at: this.clock.now() }));
  }

  /** Milliseconds until a request of so many tokens fits in; one that never would goes alone. */
  private waitFor(tokens: number): number {
    const now = this.clock.now();
    while (now - (this.spent[0]?.at ?? now) >= MINUTE) this.spent.shift();
    const { requestsPerMinute = Infinity, tokensPerMinute = Infinity } = this.limits;
    let [requests, sum] = [this.spent.length, this.spent.reduce((total, one) => total + one.tokens, 0)];
    let wait = Math.max(0, this.pausedUntil - now);
    for (const one of this.spent) {
      if (requests < requestsPerMinute && sum + tokens <= tokensPerMinute) break;
      wait = Math.max(wait, one.at + MINUTE - now);
      requests -= 1;
      sum -= one.tokens;
    }
    return wait;
  }
}
