import { excerpt } from "../protocol/json.ts";
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
}

/** A value in config.json. */
type ConfigJson =
  null | boolean | number | string | readonly ConfigJson[] | { readonly [field: string]: ConfigJson | undefined };

/** The fields of a config.json. */
export type ConfigFile = Readonly<Record<string, ConfigJson>>;

declare global {
  interface JSON {
    /** ECMAScript 2026; TypeScript's library lacks it. */
    rawJSON(text: string): { readonly rawJSON: string };
  }
}

/** A number for a field that transformers declares as a float: its version 5 refuses `30` and takes `30.0`. */
export function floatJson(value: number): ConfigJson {
  return Number.isInteger(value) ? JSON.rawJSON(`${value}.0`) : value;
}

/** Token ids with a meaning of their own, where the checkpoint names them. */
export interface SpecialTokens {
  readonly bos?: number;
  readonly eos?: number;
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

/** Reads fields of a parsed config.json; every complaint names file and field. */
export class ConfigFields {
  private readonly json: Readonly<Record<string, unknown>>;
  readonly where: string;

  /** @throws {ModelConfigError} when the JSON is not an object. */
  constructor(json: unknown, where: string) {
    this.where = where;
    if (!isRecord(json)) throw this.error("(whole file)", "must be a JSON object");
    this.json = json;
  }

  /** True if the field is there and not null. */
  has(field: string): boolean {
    return this.json[field] !== undefined && this.json[field] !== null;
  }

  raw(field: string): unknown {
    return this.json[field];
  }

  /** A whole number of at least 1, and no more than any model has. */
  count(field: string, fallback?: number): number {
    const value = this.number(field, fallback);
    const most = MOST.get(field) ?? MOST_OF_ANYTHING;
    if (!Number.isSafeInteger(value) || value < 1) throw this.error(field, `must be a whole number ≥ 1, is ${value}`);
    if (value > most) throw this.error(field, `must be at most ${most}, is ${value}`);
    return value;
  }

  /** A number above 0. */
  positive(field: string, fallback?: number): number {
    const value = this.number(field, fallback);
    if (value <= 0) throw this.error(field, `must be more than 0, is ${value}`);
    return value;
  }

  number(field: string, fallback?: number): number {
    const value = this.has(field) ? this.json[field] : fallback;
    if (value === undefined) throw this.error(field, "is missing; copy it from the model's original config.json");
    if (typeof value !== "number" || !Number.isFinite(value)) {
      throw this.error(field, `must be a number, is ${excerpt(value)}`);
    }
    return value;
  }

  boolean(field: string, fallback: boolean): boolean {
    const value = this.has(field) ? this.json[field] : fallback;
    if (typeof value !== "boolean") throw this.error(field, `must be true or false, is ${excerpt(value)}`);
    return value;
  }

  /** A list of texts, or undefined where it is absent or null. */
  texts(field: string): readonly string[] | undefined {
    if (!this.has(field)) return undefined;
    const value = this.json[field];
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
      throw this.error(field, `must be a list of texts, is ${excerpt(value)}`);
    }
    return value;
  }

  /** A nested object's fields, or undefined where it is absent or null. */
  object(field: string): ConfigFields | undefined {
    return this.has(field) ? new ConfigFields(this.json[field], `${this.where}: ${field}`) : undefined;
  }

  /** A token id; of a list, the first. */
  token(field: string): number | undefined {
    const value = this.json[field];
    const first: unknown = Array.isArray(value) ? value[0] : value;
    if (first === undefined || first === null) return undefined;
    if (typeof first === "number" && Number.isSafeInteger(first) && first >= 0) return first;
    throw this.error(field, `must be a token id, is ${excerpt(value)}`);
  }

  /** Insists on the only value the engine supports; an absent field counts as that value. */
  expect(field: string, supported: readonly (string | number | boolean | null)[], remedy: string): void {
    const value = this.json[field];
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
