import type { Faults } from "./faults.ts";
import type { Clock } from "./limits.ts";
import type { ServerError } from "./serverError.ts";

/**
 * Such answers without a reply between them, and first waits that they last, after which the server is given up: more than
 * both games of one question get, which may be what it chokes on.
 */
const [MOST_IN_ROW, LONGEST] = [20, 30];
/** Count of such answers that is reported first; then ten times as many, and so on. */
const FIRST_TOLD = 5;

interface GarbledSettings {
  readonly faults: Faults;
  readonly clock: Clock;
  readonly firstWaitMs: number;
  readonly tell: ((message: string) => void) | undefined;
}

/**
 * Answers of a server that are no replies, such as broken JSON. One may pass, and so is asked for again; they are counted
 * and told of, and where nothing else comes for a while, all requests that are under way end.
 */
export class GarbledAnswers {
  private readonly settings: GarbledSettings;
  private nAll = 0;
  private nInRow = 0;
  private since = 0;
  private ending = new AbortController();

  constructor(settings: GarbledSettings) {
    this.settings = settings;
  }

  /** Aborted, with the error as its reason, when requests that are under way are not worth going on with. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /** A reply came. */
  passed(): void {
    this.nInRow = 0;
  }

  /** Another one came. */
  came(error: ServerError): void {
    const { faults, clock, firstWaitMs, tell } = this.settings;
    if (this.nInRow === 0) this.since = clock.now();
    this.nAll += 1;
    this.nInRow += 1;
    if (Number.isInteger(Math.log10(this.nAll / FIRST_TOLD)))
      tell?.(`${error.server}: ${error.what}; ${this.nAll} answers so far are no replies, and are asked for again`);
    if (this.nInRow < MOST_IN_ROW || clock.now() - this.since < LONGEST * firstWaitMs) return;
    const { ending, nInRow } = this;
    this.ending = new AbortController();
    this.nInRow = 0;
    ending.abort(faults.final(error, { attempts: nInRow, isLocal: false }));
  }
}
