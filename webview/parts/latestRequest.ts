/** State of an answer. While a newer one is pending, the last one stays. */
export interface Answer<T> {
  readonly isLoading: boolean;
  readonly value?: T;
  /** Why there is none. */
  readonly problem?: string;
}

/**
 * Holds the answer to the last question; answers to earlier questions are dropped when they arrive.
 *
 * A question is identified by its key, so it can be asked at every update and is sent only when it is new.
 */
export class LatestRequest<T> {
  private readonly element: { requestUpdate(): void };
  private key: string | undefined;
  private question: (() => Promise<T>) | undefined;
  private nth = 0;
  answer: Answer<T> = { isLoading: true };

  constructor(element: { requestUpdate(): void }) {
    this.element = element;
  }

  /** Sends the question unless it was the last one; a new question clears the last answer unless `keepsLast` is set. */
  ask(key: string, question: () => Promise<T>, options: { readonly keepsLast?: boolean } = {}): Answer<T> {
    if (key !== this.key) {
      this.key = key;
      this.question = question;
      if (options.keepsLast !== true) this.answer = { isLoading: true };
      void this.send();
    }
    return this.answer;
  }

  /** Asks the last question again. */
  retry(): void {
    void this.send();
  }

  private async send(): Promise<void> {
    if (this.question === undefined) return;
    const nth = ++this.nth;
    const { value: last } = this.answer;
    this.answer = { isLoading: true, ...(last !== undefined && { value: last }) };
    this.element.requestUpdate();
    const answer = await this.question().then(
      (value): Answer<T> => ({ isLoading: false, value }),
      (error: unknown): Answer<T> => ({ isLoading: false, problem: wordsOf(error) }),
    );
    if (nth !== this.nth) return;
    this.answer = answer;
    this.element.requestUpdate();
  }
}

/** User-facing text of an error. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
