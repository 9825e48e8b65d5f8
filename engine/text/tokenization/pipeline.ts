import { AddedVocabulary, type AddedToken, addedTokensAt } from "./addedTokens.ts";
import { type Decoder, decoderAt } from "./decoders.ts";
import type { TokenizerObject } from "./fields.ts";
import type { TokenModel } from "./model.ts";
import { modelAt } from "./models.ts";
import { type Normalizer, normalizerAt } from "./normalizers.ts";
import { type PostProcessor, postProcessorAt } from "./postProcessors.ts";
import { type PreTokenizer, preTokenizerAt } from "./preTokenizers.ts";
import { WordCache } from "./wordCache.ts";

/**
 * Text to ids and back, as Hugging Face's `tokenizers` does it from the same tokenizer.json: added tokens are cut out,
 * what remains is normalized, cut into words and given to the model, and the ids are framed.
 */
export class Pipeline {
  private readonly added: AddedVocabulary;
  private readonly normalize: Normalizer;
  private readonly preTokenizer: PreTokenizer;
  private readonly model: TokenModel;
  private readonly frame: PostProcessor;
  private readonly decoder: Decoder | undefined;
  private readonly tokens: ReadonlyMap<number, string>;
  private readonly cache = new WordCache();
  private readonly idsOfWord: (word: string) => readonly number[];

  /**
   * @param tokenizer - As in tokenizer.json.
   * @param more - Tokens of the model's vocabulary that are added ones, too, unless tokenizer.json lists them.
   * @throws {TokenizerError} naming the part that is of an unknown kind or malformed.
   */
  constructor(tokenizer: TokenizerObject, more: readonly AddedToken[] = []) {
    this.model = modelAt(tokenizer["model"]);
    this.normalize = normalizerAt(tokenizer["normalizer"]);
    this.preTokenizer = preTokenizerAt(tokenizer["pre_tokenizer"]);
    this.frame = postProcessorAt(tokenizer["post_processor"]);
    this.decoder = decoderAt(tokenizer["decoder"]);
    const { vocabulary, idsOf } = this.model;
    const added = addedTokensAt(tokenizer["added_tokens"]);
    const known = new Set(added.map(({ content }) => content));
    const all = [...added, ...more.filter(({ content }) => vocabulary.has(content) && !known.has(content))];
    this.added = new AddedVocabulary(all, vocabulary, this.normalize);
    this.tokens = new Map([...vocabulary].map(([token, id]) => [id, token]));
    const { spell } = this.preTokenizer;
    this.idsOfWord = (word) => idsOf(spell(word));
  }

  /** Ids of a text; framed by the tokens that begin and end a sequence, if asked for. @throws {TokenizerError} */
  encode(text: string, { isFramed = false } = {}): number[] {
    const ids: number[] = [];
    // A surrogate without its other half is U+FFFD, as in every conversion to UTF-8.
    const given = text.toWellFormed();
    for (const section of this.added.sections(given)) {
      if (section.id !== undefined) ids.push(section.id);
      else this.encodeSection(section.text, section.start === 0, ids);
    }
    return isFramed ? [...this.frame(ids)] : ids;
  }

  /** Text of ids; unknown ones are passed over, special tokens if asked for. */
  decode(ids: readonly number[], { withSpecials = false } = {}): string {
    const tokens = ids.flatMap((id) => {
      const token = this.tokenOf(id);
      return token === undefined || (!withSpecials && this.added.isSpecial(token)) ? [] : [token];
    });
    return this.decoder === undefined ? tokens.join(" ") : this.decoder(tokens).join("");
  }

  idOf(token: string): number | undefined {
    return this.added.ids.get(token) ?? this.model.vocabulary.get(token);
  }

  tokenOf(id: number): string | undefined {
    return this.added.contentOf(id) ?? this.tokens.get(id);
  }

  /** True for a token that was added to those of the model. */
  isAdded(id: number): boolean {
    return this.added.contentOf(id) !== undefined;
  }

  /** The highest id plus 1. */
  get size(): number {
    let highest = -1;
    for (const id of this.tokens.keys()) highest = Math.max(highest, id);
    for (const id of this.added.ids.values()) highest = Math.max(highest, id);
    return highest + 1;
  }

  private encodeSection(text: string, isBeginning: boolean, ids: number[]): void {
    const beginning = { isText: isBeginning };
    const normalized = this.normalize(text, beginning);
    for (const section of this.added.sections(normalized, { isNormalized: true })) {
      if (section.id !== undefined) ids.push(section.id);
      else {
        const isText = beginning.isText && section.start === 0;
        for (const word of this.preTokenizer.cut([section.text], { isText })) this.encodeWord(word, ids);
      }
    }
  }

  private encodeWord(word: string, ids: number[]): void {
    const mark = this.model.cutsBefore;
    if (mark === undefined) {
      for (const id of this.cache.get(word, this.idsOfWord)) ids.push(id);
      return;
    }
    // A whole text may be one word; cut where no token can reach across, its parts are remembered.
    for (let start = 0; start < word.length;) {
      let end = start;
      while (word[end] === mark) end++;
      const next = word.indexOf(mark, end + (end === start ? 1 : 0));
      end = next < 0 ? word.length : next;
      for (const id of this.cache.get(word.slice(start, end), this.idsOfWord)) ids.push(id);
      start = end;
    }
  }
}
