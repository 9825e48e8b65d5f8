import { LEAST_FLOAT32, MOST_FLOAT32 } from "../common/float32.ts";
import { excerpt } from "../common/json.ts";
import type { BlockConfig } from "./blocks.ts";

/** A decoder-only transformer, independent of the file it was read from. */
export interface ModelConfig extends BlockConfig {
  readonly architecture: string;
  readonly vocabularySize: number;
  readonly nLayers: number;
  /** Longest sequence the model was made for, in tokens. */
  readonly maxPositions: number;
  /** Factor on the token embeddings as they enter the first layer. */
  readonly embeddingScale: number;
  /** Bounds the logits; 0 for none. */
  readonly logitSoftcap: number;
  readonly tiedEmbeddings: boolean;
  /** Standard deviation of freshly drawn weights. */
  readonly initializerRange: number;
  readonly specialTokens: SpecialTokens;
  /** Low-rank changes of the dense layers, which no config.json has; absent for a model as it was saved. */
  readonly adapter?: Adapter;
}

/**
 * Low-rank changes of a model's dense layers: each target computes x·Wᵀ + alpha / rank · (x·Aᵀ)·Bᵀ, where W stays as it
 * is and A and B are trained. There is no dropout.
 *
 * Hu et al. 2021 (arXiv:2106.09685), section 4.1.
 */
export interface Adapter {
  /** Rows of every A and columns of every B, r. */
  readonly rank: number;
  /** The change is scaled by alpha / rank. */
  readonly alpha: number;
  /** Last parts of the layers' names, as PEFT's `target_modules` has them: "q_proj". In every block. */
  readonly targets: readonly string[];
}

/** A value in config.json. */
type ConfigJson =
  | null
  | boolean
  | number
  | string
  | readonly ConfigJson[]
  | { readonly [field: string]: ConfigJson | undefined };

/** The fields of a config.json. */
export type ConfigFile = Readonly<Record<string, ConfigJson>>;

/** A number for a field that transformers declares as a float: its version 5 refuses `30` and takes `30.0`. */
export function floatJson(value: number): ConfigJson {
  return Number.isInteger(value) ? JSON.rawJSON(`${value}.0`) : value;
}

/** Token ids with a meaning of their own, where the checkpoint names them. */
export interface SpecialTokens {
  readonly bos?: number;
  /** Each of them ends a text. */
  readonly eos?: readonly number[];
  readonly pad?: number;
}

/** A config.json that the engine cannot run as it stands. */
export class ModelConfigError extends Error {
  override readonly name = "ModelConfigError";
  /** The field to look at. */
  readonly field: string;
  constructor(where: string, field: string, problem: string) {
    super(`${where}: ${field}: ${problem}`);
    this.field = field;
  }
}

/** The most of anything that a model has: tokens, channels, positions. */
const MOST_OF_ANYTHING = 2 ** 24;

/** Where no model comes near that. */
const MOST: ReadonlyMap<string, number> = new Map([
  ["num_hidden_layers", 10_000],
  ["num_attention_heads", 65_536],
]);

/**
 * Reads fields of a parsed config.json; every complaint names file and field. A field that is absent has the default; one
 * that is null is null, as transformers has it, and wrong where a number or a list is needed.
 */
export class ConfigFields {
  private readonly json: Readonly<Record<string, unknown>>;
  private readonly defaults: ConfigFile;
  readonly where: string;

  /** @throws {ModelConfigError} when the JSON is not an object. */
  constructor(json: unknown, where: string, defaults: ConfigFile = {}) {
    this.where = where;
    this.defaults = defaults;
    if (!isRecord(json)) throw this.error("(whole file)", "must be a JSON object");
    this.json = json;
  }

  /** The same file, with what its absent fields mean. */
  withDefaults(defaults: ConfigFile): ConfigFields {
    return new ConfigFields(this.json, this.where, defaults);
  }

  /** True if the object has no fields. */
  isEmpty(): boolean {
    return Object.keys(this.json).length === 0;
  }

  /** True if the field has a value, its own or the default, and that is not null. */
  has(field: string): boolean {
    return this.raw(field) !== undefined && this.raw(field) !== null;
  }

  /** The value in the file itself; undefined where it is absent. */
  given(field: string): unknown {
    return Object.hasOwn(this.json, field) ? this.json[field] : undefined;
  }

  /** The value in the file, or the default. */
  raw(field: string): unknown {
    return this.given(field) ?? (this.given(field) === null ? null : this.defaults[field]);
  }

  /** A whole number of at least 1, and no more than any model has. */
  count(field: string, fallback?: number): number {
    const value = this.number(field, fallback);
    const most = MOST.get(field) ?? MOST_OF_ANYTHING;
    if (!Number.isSafeInteger(value) || value < 1) throw this.error(field, `must be a whole number ≥ 1, is ${value}`);
    if (value > most) throw this.error(field, `must be at most ${most}, is ${value}`);
    return value;
  }

  /** A number above 0, and one that float32 has, in which models compute: a smaller one is 0 there, a larger infinity. */
  positive(field: string): number {
    const value = this.number(field);
    if (value <= 0) throw this.error(field, `must be more than 0, is ${value}`);
    if (value < LEAST_FLOAT32) throw this.error(field, `must be at least ${LEAST_FLOAT32}, is ${value}`);
    if (value > MOST_FLOAT32) throw this.error(field, `must be at most ${MOST_FLOAT32}, is ${value}`);
    return value;
  }

  number(field: string, fallback?: number): number {
    const given = this.raw(field);
    const value = given === undefined ? fallback : given;
    if (value === undefined) throw this.error(field, "is missing; copy it from the model's original config.json");
    if (typeof value !== "number" || !Number.isFinite(value)) {
      throw this.error(field, `must be a number, is ${excerpt(value)}`);
    }
    return value;
  }

  boolean(field: string, fallback?: boolean): boolean {
    const given = this.raw(field);
    const value = given === undefined ? fallback : given;
    if (typeof value !== "boolean") throw this.error(field, `must be true or false, is ${excerpt(value)}`);
    return value;
  }

  /** A list of texts, or undefined where it is absent or null. */
  texts(field: string): readonly string[] | undefined {
    if (!this.has(field)) return undefined;
    const value = this.raw(field);
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
      throw this.error(field, `must be a list of texts, is ${excerpt(value)}`);
    }
    return value;
  }

  /** A nested object's fields, or undefined where it is absent or null. */
  object(field: string): ConfigFields | undefined {
    return this.has(field) ? new ConfigFields(this.raw(field), `${this.where}: ${field}`) : undefined;
  }

  /** Token ids: one, or a list of them; none where the field is absent or null. */
  tokens(field: string): readonly number[] {
    if (!this.has(field)) return [];
    const value = this.raw(field);
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (list.every((id) => typeof id === "number" && Number.isSafeInteger(id) && id >= 0)) return list as number[];
    throw this.error(field, `must be a token id or a list of them, null for none, is ${excerpt(value)}`);
  }

  /** Insists on the only value the engine supports; an absent field counts as that value. */
  expect(field: string, supported: readonly (string | number | boolean | null)[], remedy: string): void {
    const value = this.given(field);
    if (value === undefined || supported.some((one) => one === value)) return;
    throw this.error(field, `${excerpt(value)} is not supported; ${remedy}`);
  }

  error(field: string, problem: string): ModelConfigError {
    return new ModelConfigError(this.where, field, problem);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
