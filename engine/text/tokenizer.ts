import { basename, dirname, join } from "node:path";
import { JsonError, excerpt, parseJson } from "../common/json.ts";
import { hasInput, readInput } from "../storage/inputs.ts";
import { type AddedToken, addedTokenAt } from "./tokenization/addedTokens.ts";
import { tidied } from "./tokenization/decoders.ts";
import { type TokenizerJson, type TokenizerObject, TokenizerError, isObject } from "./tokenization/fields.ts";
import { SlowPatternError } from "./tokenization/patterns.ts";
import { Pipeline } from "./tokenization/pipeline.ts";

export { TokenizerError } from "./tokenization/fields.ts";

/** Files of a Hugging Face folder that describe its tokenizer. */
const TOKENIZER_FILES = { tokenizer: "tokenizer.json", settings: "tokenizer_config.json" } as const;

/** Files that older checkpoints have in the place of tokenizer.json. */
const OLDER_FILES = ["tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "vocab.json", "vocab.txt"] as const;

/** Contents of the two files, to be saved beside a checkpoint. */
export interface TokenizerFiles {
  /** tokenizer.json. */
  readonly tokenizer: TokenizerObject;
  /** tokenizer_config.json. */
  readonly settings: TokenizerObject;
}

/** Names of single special tokens in tokenizer_config.json. */
const SPECIAL_NAMES = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/** Text to token ids and back, as the checkpoint's own tokenizer.json says. */
export class Tokenizer {
  readonly files: TokenizerFiles;
  /** Ids with a meaning of their own; where no padding token is named, the end-of-text token pads. */
  readonly bos: number | undefined;
  readonly eos: number;
  readonly pad: number;
  /** True if the tokenizer itself puts `bos` in front of a sequence. */
  private readonly addsBos: boolean;
  private readonly isTidied: boolean;
  private readonly pipeline: Pipeline;
  private readonly where: string;

  /** @throws {TokenizerError} when a file is malformed or names no end-of-text token. */
  constructor(files: TokenizerFiles, where = TOKENIZER_FILES.tokenizer as string) {
    this.files = files;
    this.where = where;
    this.isTidied = files.settings["clean_up_tokenization_spaces"] === true;
    try {
      // As in transformers, a token that the settings name as special is one, though tokenizer.json does not say so.
      this.pipeline = new Pipeline(files.tokenizer, namedTokens(files.settings));
    } catch (cause) {
      const reason = cause instanceof TokenizerError ? `: ${cause.message}` : "";
      throw new TokenizerError(`load tokenizer: ${where} is not a tokenizer the engine can run${reason}`, { cause });
    }
    const eos = this.special("eos_token");
    if (eos === undefined) {
      throw new TokenizerError(`load tokenizer: ${where}: no eos_token; name one in ${TOKENIZER_FILES.settings}`);
    }
    this.eos = eos;
    this.bos = this.special("bos_token");
    this.pad = this.special("pad_token") ?? eos;
    this.addsBos = this.bos !== undefined && this.framed("")[0] === this.bos;
  }

  /** Ids in the vocabulary, added tokens included: the highest one plus 1. */
  get vocabularySize(): number {
    return this.pipeline.size;
  }

  /** The token that stands for any text without one of its own; undefined for tokenizers that know all text, as by bytes. */
  get unknown(): number | undefined {
    const { model } = this.files.tokenizer;
    if (!isObject(model)) return undefined;
    const { unk_token: token, unk_id: id } = model;
    return typeof token === "string" ? this.idOf(token) : typeof id === "number" ? id : undefined;
  }

  /** Token ids of a text as it stands; nothing is put around it. */
  encode(text: string): number[] {
    return this.sound(() => this.pipeline.encode(text));
  }

  /**
   * Token ids of a text that begins a sequence, with the tokenizer's prefix (Llama's `<s>`): once, also where the text
   * spells it out.
   */
  encodeStart(text: string): number[] {
    const ids = this.withOneBos(this.framed(text));
    // Some tokenizers also close every text; here the response does that.
    return ids.at(-1) === this.eos && ids.length > 1 ? ids.slice(0, -1) : ids;
  }

  /**
   * Token ids of a text that a chat template has rendered, as `apply_chat_template` gives them, but with exactly one
   * begin-of-text token where both template and tokenizer put one, or only the tokenizer.
   */
  encodeRendered(text: string): number[] {
    const ids = this.withOneBos(this.encode(text));
    return this.addsBos && this.bos !== undefined && ids[0] !== this.bos ? [this.bos, ...ids] : ids;
  }

  /** True for a token that the vocabulary adds to those of the text: a mark, such as the end of a turn. */
  isAdded(id: number): boolean {
    return this.pipeline.isAdded(id);
  }

  /** Texts of the special tokens by the names that chat templates use, as in transformers' `special_tokens_map`. */
  get specialTexts(): ReadonlyMap<string, string | readonly string[]> {
    const texts = new Map<string, string | readonly string[]>();
    for (const name of SPECIAL_NAMES) {
      const text = contentOf(this.files.settings[name]);
      if (typeof text === "string") texts.set(name, text);
    }
    const more = this.files.settings["additional_special_tokens"];
    if (Array.isArray(more)) {
      const listed = (more as readonly TokenizerJson[]).map(contentOf).filter((text) => typeof text === "string");
      if (listed.length > 0) texts.set("additional_special_tokens", listed);
    }
    return texts;
  }

  /** Text of token ids; special tokens are left out. */
  decode(ids: readonly number[]): string {
    return this.text(ids, { withSpecials: false });
  }

  /** Text of token ids with special tokens shown, for inspection. */
  decodeAll(ids: readonly number[]): string {
    return this.text(ids, { withSpecials: true });
  }

  /** The id of a token, or undefined where the vocabulary lacks it. */
  idOf(token: string): number | undefined {
    return this.pipeline.idOf(token);
  }

  /** The token of an id. */
  tokenOf(id: number): string | undefined {
    return this.pipeline.tokenOf(id);
  }

  private text(ids: readonly number[], how: { readonly withSpecials: boolean }): string {
    const text = this.sound(() => this.pipeline.decode(ids, how));
    return this.isTidied ? tidied(text) : text;
  }

  private framed(text: string): number[] {
    return this.sound(() => this.pipeline.encode(text, { isFramed: true }));
  }

  private withOneBos(ids: number[]): number[] {
    const first = this.bos === undefined ? 0 : ids.findIndex((id) => id !== this.bos);
    return ids.slice(first < 0 ? ids.length - 1 : Math.max(0, first - 1));
  }

  /** Parts that do not fit together are found only when a text needs them. */
  private sound<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      const what = cause instanceof SlowPatternError ? `: ${cause.message}` : " contradicts itself";
      throw new TokenizerError(`tokenize: ${this.where}${what}; copy it from the original model`, { cause });
    }
  }

  /** A token that tokenizer_config.json names, as a string or as an object with its content. */
  private special(name: string): number | undefined {
    const token = contentOf(this.files.settings[name]);
    if (token === undefined || token === null) return undefined;
    const id = typeof token === "string" ? this.idOf(token) : undefined;
    if (id === undefined) {
      throw new TokenizerError(`load tokenizer: ${name} ${excerpt(token)} is not in the vocabulary`);
    }
    return id;
  }
}

/**
 * Loads the tokenizer of a Hugging Face folder.
 *
 * @throws {TokenizerError} naming the file that is missing or malformed.
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const path = join(folder, TOKENIZER_FILES.tokenizer);
  const [tokenizer, settings] = await Promise.all([
    readObject(path),
    readObject(join(folder, TOKENIZER_FILES.settings)),
  ]);
  return new Tokenizer({ tokenizer, settings }, path);
}

async function readObject(path: string): Promise<TokenizerObject> {
  let json: TokenizerJson;
  try {
    const bytes = await readInput(path);
    if (bytes === undefined) throw new TypeError("no such file");
    json = parseJson(bytes.toString("utf8")) as TokenizerJson;
  } catch (cause) {
    const problem = cause instanceof JsonError ? `is ${cause.message}` : "cannot be read";
    const remedy = (await conversion(path)) ?? "the folder must hold a complete checkpoint";
    throw new TokenizerError(`load tokenizer: ${path} ${problem}; ${remedy}`, { cause });
  }
  if (!isObject(json)) throw new TokenizerError(`load tokenizer: ${path} must hold a JSON object`);
  return json;
}

/** How to make a tokenizer.json that is missing of an older file that is there. */
async function conversion(path: string): Promise<string | undefined> {
  if (basename(path) !== TOKENIZER_FILES.tokenizer || (await hasInput(path))) return undefined;
  for (const name of OLDER_FILES) {
    if (!(await hasInput(join(dirname(path), name)))) continue;
    const python = "from transformers import AutoTokenizer as T; T.from_pretrained('.').save_pretrained('.')";
    return (
      `there is only ${name}; convert it once: pip install transformers sentencepiece protobuf, ` +
      `then, in that folder, python -c "${python}"`
    );
  }
  return undefined;
}

/** The text of a token that is given as one, or as an object with its content. */
function contentOf(token: TokenizerJson | undefined): TokenizerJson | undefined {
  return isObject(token) ? token["content"] : token;
}

/** The special tokens that tokenizer_config.json names, or describes by their ids. */
function namedTokens(settings: TokenizerObject): AddedToken[] {
  const more = settings["additional_special_tokens"];
  const described = isObject(settings["added_tokens_decoder"]) ? Object.values(settings["added_tokens_decoder"]) : [];
  const tokens = [
    ...described.filter((token) => isObject(token) && token["special"] === true),
    ...SPECIAL_NAMES.map((name) => settings[name]),
    ...(Array.isArray(more) ? (more as readonly TokenizerJson[]) : []),
  ];
  return tokens.flatMap((token) => {
    if (typeof token === "string") return [addedTokenAt(token)];
    return isObject(token) && typeof token["content"] === "string" ? [addedTokenAt({ ...token, special: true })] : [];
  });
}
