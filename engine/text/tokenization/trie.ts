import { PairTable } from "./pairTable.ts";

const ROOT = 0;

/** Texts with a number each, to be found at a place in another text. */
export class Trie {
  private readonly children: PairTable;
  private readonly values: number[] = [-1];
  /** 1 for each code unit that a text begins with, `[65536]`: almost all places are passed over by that alone. */
  private readonly isFirst = new Uint8Array(2 ** 16);

  constructor(texts: Iterable<readonly [text: string, value: number]>) {
    this.children = new PairTable();
    for (const [text, value] of texts) this.add(text, value);
  }

  /** Calls `found` with value and end of each text that stands at `start`, the shortest first. */
  prefixes(text: string, start: number, found: (value: number, end: number) => void): void {
    let node = ROOT;
    for (let at = start; at < text.length; at++) {
      node = this.children.get(node, text.charCodeAt(at));
      if (node < 0) return;
      const value = this.values[node] ?? -1;
      if (value >= 0) found(value, at + 1);
    }
  }

  /** The first place at `from` or after it where a text stands, with the longest of those that do. */
  next(
    text: string,
    from: number,
  ): { readonly value: number; readonly start: number; readonly end: number } | undefined {
    for (let start = from; start < text.length; start++) {
      if (this.isFirst[text.charCodeAt(start)] !== 1) continue;
      let longest = { value: -1, start, end: start };
      this.prefixes(text, start, (value, end) => {
        longest = { value, start, end };
      });
      if (longest.value >= 0) return longest;
    }
    return undefined;
  }

  private add(text: string, value: number): void {
    if (text === "") return;
    this.isFirst[text.charCodeAt(0)] = 1;
    let node = ROOT;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      let child = this.children.get(node, unit);
      if (child < 0) {
        child = this.values.push(-1) - 1;
        this.children.set(node, unit, child);
      }
      node = child;
    }
    this.values[node] = value;
  }
}
