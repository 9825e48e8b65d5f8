/** Turns a word into tokens. */
export interface TokenModel {
  /** Ids by token. */
  readonly vocabulary: ReadonlyMap<string, number>;
  /** Ids of the tokens of a word that is not empty. @throws {TokenizerError} when the vocabulary lacks what it needs. */
  readonly idsOf: (word: string) => readonly number[];
  /**
   * A character before which a word may be cut where it follows another one: what stands before and after never has a
   * token in common. Absent where there is none.
   */
  readonly cutsBefore?: string | undefined;
}
