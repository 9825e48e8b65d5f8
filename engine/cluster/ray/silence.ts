import { setTimeout } from "node:timers/promises";
import { ClusterError } from "./clusterError.ts";

/** Milliseconds for which a cluster may not answer until its jobs are given up, which go on there. */
const MOST_SILENCE_MS = 10 * 60_000;
/** Milliseconds until a request is sent again that was not answered. */
const AGAIN_MS = 2000;

/**
 * A cluster's silence, as all see it who ask the cluster: while its head is started again, or the way there is cut off, nobody
 * answers.
 */
export class Silence {
  private readonly report: (error: ClusterError | undefined) => void;
  private readonly againMs: number;
  private isSilent = false;

  /**
   * @param report - Called when the cluster stops answering, with the reason, and with undefined when it answers again.
   * @param againMs - Milliseconds until a request is sent again.
   */
  constructor(report: (error: ClusterError | undefined) => void, againMs = AGAIN_MS) {
    this.report = report;
    this.againMs = againMs;
  }

  /**
   * Asks until there is an answer. A request may have arrived although its answer has not: it is one that may be repeated.
   * @throws {ClusterError} for every other failure, and once it has taken too long. @throws the signal's reason.
   */
  async outlast<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> {
    let since: number | undefined;
    for (;;) {
      try {
        const answer = await request();
        if (this.isSilent) this.report(undefined);
        this.isSilent = false;
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        since ??= performance.now();
        const isOver = performance.now() - since > MOST_SILENCE_MS;
        if (!(error instanceof ClusterError) || error.fault !== "unreachable" || isOver) throw error;
        if (!this.isSilent) this.report(error);
        this.isSilent = true;
      }
      await setTimeout(this.againMs, undefined, { signal });
    }
  }
}
