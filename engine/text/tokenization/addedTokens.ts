import { type TokenizerJson, type TokenizerObject, flagAt, listAt, objectAt, textAt } from "./fields.ts";
import type { Normalizer } from "./normalizers.ts";
import { Trie } from "./trie.ts";

/** A token that is found in the text before the model sees it. */
export interface AddedToken {
  readonly content: string;
  /** Left out of decoded text on demand. */
  readonly isSpecial: boolean;
  /** Found in normalized text, as its own normalized form. */
  readonly isNormalized: boolean;
  /** Found only where no letter, digit or mark stands next to it. */
  readonly isWord: boolean;
  /** Takes the white space before it, and after it, along. */
  readonly takesLeft: boolean;
  readonly takesRight: boolean;
}

/** A piece of a text: an added token, or what stands between two. */
export interface Section {
  readonly text: string;
  readonly start: number;
  /** Absent for text between tokens. */
  readonly id?: number;
}

const STARTS_WITH_WORD = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/v;
const ENDS_WITH_WORD = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/v;
const SPACE = /^\p{White_Space}$/v;

/** The added tokens of a tokenizer.json. @throws {TokenizerError} */
export function addedTokensAt(value: TokenizerJson | undefined): AddedToken[] {
  if (value === undefined || value === null) return [];
  return listAt(value, "added_tokens").map((token) => addedTokenAt(objectAt(token, "added_tokens")));
}

/** An added token as files describe it, or a special one of whom only the text is known. @throws {TokenizerError} */
export function addedTokenAt(token: TokenizerObject | string): AddedToken {
  const settings = typeof token === "string" ? { content: token, special: true } : token;
  const isSpecial = flagAt(settings["special"], "added_tokens.special", false);
  return {
    content: textAt(settings["content"], "added_tokens.content"),
    isSpecial,
    isNormalized: flagAt(settings["normalized"], "added_tokens.normalized", !isSpecial),
    isWord: flagAt(settings["single_word"], "added_tokens.single_word", false),
    takesLeft: flagAt(settings["lstrip"], "added_tokens.lstrip", false),
    takesRight: flagAt(settings["rstrip"], "added_tokens.rstrip", false),
  };
}

/** The tokens that are added to a model's vocabulary. */
export class AddedVocabulary {
  /** Ids by text. */
  readonly ids: ReadonlyMap<string, number>;
  private readonly tokens = new Map<number, AddedToken>();
  private readonly specials = new Set<string>();
  private readonly raw: Trie;
  private readonly normalized: Trie;

  /** Tokens that the model has keep its ids; the others follow its own, in their order. The last of equal ones counts. */
  constructor(tokens: readonly AddedToken[], vocabulary: ReadonlyMap<string, number>, normalize: Normalizer) {
    const ids = new Map<string, number>();
    let next = vocabulary.size;
    for (const token of tokens) {
      if (token.content === "") continue;
      const id = vocabulary.get(token.content) ?? ids.get(token.content) ?? next++;
      ids.set(token.content, id);
      this.tokens.set(id, token);
      if (token.isSpecial) this.specials.add(token.content);
    }
    this.ids = ids;
    const entries = [...this.tokens].map(([id, token]) => ({ id, ...token }));
    this.raw = new Trie(entries.filter((token) => !token.isNormalized).map(({ id, content }) => [content, id]));
    this.normalized = new Trie(
      entries
        .filter((token) => token.isNormalized)
        .map(({ id, content }) => [normalize(content, { isText: true }), id]),
    );
  }

  /** The text of an added token. */
  contentOf(id: number): string | undefined {
    return this.tokens.get(id)?.content;
  }

  /** True for the text of a special token. */
  isSpecial(content: string): boolean {
    return this.specials.has(content);
  }

  /** Cuts a text at the tokens that are found in it as it was given, or, later, as it was normalized. */
  sections(text: string, { isNormalized = false } = {}): Section[] {
    const trie = isNormalized ? this.normalized : this.raw;
    const sections: Section[] = [];
    let done = 0;
    for (let from = 0; ;) {
      const found = trie.next(text, from);
      if (found === undefined) break;
      from = found.end;
      const token = this.tokens.get(found.value);
      if (token === undefined || (token.isWord && !isAlone(text, found))) continue;
      const start = token.takesLeft ? Math.max(done, spaceBefore(text, found.start)) : found.start;
      const end = token.takesRight ? spaceAfter(text, found.end) : found.end;
      if (done < start) sections.push({ text: text.slice(done, start), start: done });
      sections.push({ text: token.content, start, id: found.value });
      done = end;
    }
    if (done < text.length) sections.push({ text: text.slice(done), start: done });
    return sections;
  }
}

function isAlone(text: string, { start, end }: { readonly start: number; readonly end: number }): boolean {
  // Two code units hold any one character.
  const before = text.slice(Math.max(0, start - 2), start);
  return !ENDS_WITH_WORD.test(before) && !STARTS_WITH_WORD.test(text.slice(end, end + 2));
}

function spaceBefore(text: string, end: number): number {
  let start = end;
  while (start > 0 && SPACE.test(text[start - 1] ?? "")) start--;
  return start;
}

function spaceAfter(text: string, start: number): number {
  let end = start;
  while (end < text.length && SPACE.test(text[end] ?? "")) end++;
  return end;
}
