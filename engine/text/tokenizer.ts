import { join } from "node:path";
import * as huggingFace from "@huggingface/tokenizers";
import { JsonError, excerpt, parseJson } from "../protocol/json.ts";
import { readInput } from "../storage/inputs.ts";

/** Files of a Hugging Face folder that describe its tokenizer. */
const TOKENIZER_FILES = { tokenizer: "tokenizer.json", settings: "tokenizer_config.json" } as const;

/** A tokenizer file that cannot be used. */
export class TokenizerError extends Error {
  override readonly name = "TokenizerError";
}

/** A JSON value. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** A parsed tokenizer file. */
type TokenizerJson = Readonly<Record<string, Json | undefined>>;

/** Contents of the two files, to be saved beside a checkpoint. */
export interface TokenizerFiles {
  /** tokenizer.json. */
  readonly tokenizer: TokenizerJson;
  /** tokenizer_config.json. */
  readonly settings: TokenizerJson;
}

/** The part of the package that this module uses; nodenext cannot resolve its own declarations. */
interface Encoder {
  encode(text: string, options: { add_special_tokens: boolean }): { readonly ids: readonly number[] };
  decode(ids: readonly number[], options: { skip_special_tokens: boolean }): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
  get_vocab(withAddedTokens?: boolean): ReadonlyMap<string, number>;
}

const { Tokenizer: HuggingFaceTokenizer } = huggingFace as unknown as {
  readonly Tokenizer: new (tokenizer: object, settings: object) => Encoder;
};

/** Names of single special tokens in tokenizer_config.json. */
const SPECIAL_NAMES = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

const PLAIN = { add_special_tokens: false };
const FRAMED = { add_special_tokens: true };

/** Text to token ids and back, as the checkpoint's own tokenizer.json says. */
export class Tokenizer {
  readonly files: TokenizerFiles;
  /** Ids with a meaning of their own; where no padding token is named, the end-of-text token pads. */
  readonly bos: number | undefined;
  readonly eos: number;
  readonly pad: number;
  /** True if the tokenizer itself puts `bos` in front of a sequence. */
  private readonly addsBos: boolean;
  private added: ReadonlySet<number> | undefined;
  private readonly encoder: Encoder;
  private readonly where: string;

  /** @throws {TokenizerError} when a file is malformed or names no end-of-text token. */
  constructor(files: TokenizerFiles, where = TOKENIZER_FILES.tokenizer as string) {
    this.files = files;
    this.where = where;
    try {
      this.encoder = new HuggingFaceTokenizer(files.tokenizer, files.settings);
    } catch (cause) {
      throw new TokenizerError(`load tokenizer: ${where} is not a tokenizer the engine can run`, { cause });
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
    // One by one: vocabularies hold more tokens than a call takes arguments.
    let highest = -1;
    for (const id of this.encoder.get_vocab(true).values()) highest = Math.max(highest, id);
    return highest + 1;
  }

  /** Token ids of a text as it stands; nothing is put around it. */
  encode(text: string): number[] {
    return this.sound(() => [...this.encoder.encode(text, PLAIN).ids]);
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
    this.added ??= new Set(addedTokens(this.files.tokenizer));
    return this.added.has(id);
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
      const listed = (more as readonly Json[]).map(contentOf).filter((text) => typeof text === "string");
      if (listed.length > 0) texts.set("additional_special_tokens", listed);
    }
    return texts;
  }

  /** Text of token ids; special tokens are left out. */
  decode(ids: readonly number[]): string {
    return ids.length === 0 ? "" : this.sound(() => this.encoder.decode(ids, { skip_special_tokens: true }));
  }

  /** Text of token ids with special tokens shown, for inspection. */
  decodeAll(ids: readonly number[]): string {
    return ids.length === 0 ? "" : this.sound(() => this.encoder.decode(ids, { skip_special_tokens: false }));
  }

  /** The id of a token, or undefined where the vocabulary lacks it. */
  idOf(token: string): number | undefined {
    return this.encoder.token_to_id(token);
  }

  /** The token of an id. */
  tokenOf(id: number): string | undefined {
    return this.encoder.id_to_token(id);
  }

  private framed(text: string): number[] {
    return this.sound(() => [...this.encoder.encode(text, FRAMED).ids]);
  }

  private withOneBos(ids: number[]): number[] {
    const first = this.bos === undefined ? 0 : ids.findIndex((id) => id !== this.bos);
    return ids.slice(first < 0 ? ids.length - 1 : Math.max(0, first - 1));
  }

  /** Parts that do not fit together are found by the package only when a text needs them. */
  private sound<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw new TokenizerError(`tokenize: ${this.where} contradicts itself; copy it from the original model`, {
        cause,
      });
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

async function readObject(path: string): Promise<TokenizerJson> {
  let json: Json;
  try {
    const bytes = await readInput(path);
    if (bytes === undefined) throw new TypeError("no such file");
    json = parseJson(bytes.toString("utf8")) as Json;
  } catch (cause) {
    const problem = cause instanceof JsonError ? `is ${cause.message}` : "cannot be read";
    throw new TokenizerError(`load tokenizer: ${path} ${problem}; the folder must hold a complete checkpoint`, {
      cause,
    });
  }
  if (!isRecord(json)) throw new TokenizerError(`load tokenizer: ${path} must hold a JSON object`);
  return json;
}

/** The text of a token that is given as one, or as an object with its content. */
function contentOf(token: Json | undefined): Json | undefined {
  return isRecord(token) ? token["content"] : token;
}

function addedTokens({ added_tokens: tokens }: TokenizerJson): number[] {
  if (!Array.isArray(tokens)) return [];
  return (tokens as readonly Json[]).flatMap((token) => {
    const id = isRecord(token) ? token["id"] : undefined;
    return typeof id === "number" ? [id] : [];
  });
}

function isRecord(value: Json | undefined): value is TokenizerJson {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
