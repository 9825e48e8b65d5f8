/** Shorter words are placeholders for servers that ask for some key, such as "EMPTY", and not worth hiding. */
const LEAST_LENGTH = 8;
const HIDDEN = "[key]";

/** True for a text that may be a key: a header carries it, and so it is one word of ASCII. */
export function isKey(text: string): boolean {
  return /^[\x21-\x7e]{1,4096}$/.test(text);
}

/**
 * A key that goes into one header and nowhere else. It has no text and no JSON form of its own, so that no log or error
 * can hold it by accident.
 */
export class Secret {
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
  }

  header(): string {
    return `Bearer ${this.#key}`;
  }

  /** A text from the server, which may send back what it was sent, without the key. */
  hide(text: string): string {
    if (this.#key.length < LEAST_LENGTH) return text;
    const forms = [this.#key, encodeURIComponent(this.#key), Buffer.from(this.#key).toString("base64")];
    return forms.reduce((shown, form) => shown.replaceAll(form, HIDDEN), text);
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }
}
