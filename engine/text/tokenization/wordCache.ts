/** Words that are remembered: two generations of so many. */
const MOST_WORDS = 2 ** 15;
/** Longest word that is remembered, in code units. */
const LONGEST_WORD = 64;

/** Ids of words that were met not long ago. Text repeats its words, so that almost all are found here. */
export class WordCache {
  private young = new Map<string, readonly number[]>();
  private old = new Map<string, readonly number[]>();

  /** The ids of a word, computed where it is not remembered. */
  get(word: string, compute: (word: string) => readonly number[]): readonly number[] {
    const known = this.young.get(word);
    if (known !== undefined) return known;
    const ids = this.old.get(word) ?? compute(word);
    if (word.length <= LONGEST_WORD) this.put(word, ids);
    return ids;
  }

  private put(word: string, ids: readonly number[]): void {
    if (this.young.size === MOST_WORDS) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(copied(word), ids);
  }
}

/** The word in memory of its own: a slice of a text, which is what matches are, would keep all of that text. */
function copied(word: string): string {
  return Buffer.from(word, "utf16le").toString("utf16le");
}
