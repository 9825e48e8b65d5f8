/** What is known of an answer. While a newer one is awaited, the last one stays. */
export interface Answer<T> {
  readonly isLoading: boolean;
  readonly value?: T;
  /** Why there is none. */
  readonly problem?: string;
}

/**
 * The answer to the question that was asked last; answers to earlier ones are dropped when they come.
 *
 * A question is known by its key, so that it can be asked at every update and is sent only when it is a new one.
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

  /** Asks unless this was the last question; unless `keepsLast`, the last answer goes with its question. */
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

/** What an error says, for people. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
