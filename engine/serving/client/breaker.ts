import type { Clock } from "./limits.ts";

/** Failures in a row after which a server is left alone for a while. */
const MOST_FAILURES = 5;
/** First such while, in multiples of the first wait; it doubles. */
const COOLING = 4;
const LONGEST_COOLING_MS = 60_000;

/**
 * Circuit breaker: a server that fails again and again is left alone for a while; then one request finds out how it is,
 * and the others go on waiting for what comes of it.
 */
export class Breaker {
  private readonly clock: Clock;
  private readonly firstWaitMs: number;
  private failures = 0;
  private openUntil = 0;
  private isTrying = false;
  private wake = Promise.withResolvers<undefined>();
  /** Answers so far. */
  nSuccesses = 0;

  constructor(clock: Clock, firstWaitMs: number) {
    this.clock = clock;
    this.firstWaitMs = firstWaitMs;
  }

  /** Waits until a request may be made. @throws the signal's reason. */
  async pass(signal: AbortSignal): Promise<void> {
    while (this.failures >= MOST_FAILURES) {
      signal.throwIfAborted();
      const left = this.openUntil - this.clock.now();
      if (left <= 0 && !this.isTrying) {
        this.isTrying = true;
        return;
      }
      await (left > 0 ? this.clock.wait(left, signal) : this.woken(signal));
    }
  }

  succeeded(): void {
    this.nSuccesses += 1;
    this.failures = 0;
    this.ended();
  }

  /** @param longestMs - Of the while that the server is left alone. */
  failed(longestMs = LONGEST_COOLING_MS): void {
    this.failures += 1;
    const beyond = this.failures - MOST_FAILURES;
    if (beyond >= 0) {
      const cooling = Math.min(longestMs, this.firstWaitMs * COOLING * 2 ** beyond);
      this.openUntil = this.clock.now() + cooling;
    }
    this.ended();
  }

  /** A request was given up before anything was learned from it. */
  ended(): void {
    this.isTrying = false;
    this.wake.resolve(undefined);
    this.wake = Promise.withResolvers();
  }

  private async woken(signal: AbortSignal): Promise<void> {
    const { promise, reject } = Promise.withResolvers<never>();
    const leave = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", leave, { once: true });
    try {
      await Promise.race([this.wake.promise, promise]);
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }
}
