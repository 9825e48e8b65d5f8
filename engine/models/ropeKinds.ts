import { ropeFrequencies } from "../compute/ops/index.ts";
import { type ConfigFields, type ConfigFile, floatJson } from "./config.ts";
import type { DynamicScaling, LinearScaling, Llama3Scaling, Rope, RopeScaling, YarnScaling } from "./rope.ts";

/** One `rope_type` of config.json. */
export interface RopeKind<S extends RopeScaling> {
  /** @throws {ModelConfigError} when a field is missing or out of range. */
  parse(fields: ConfigFields, originalMaxPositions: number): S;
  /** Its fields beside `rope_type`. */
  format(scaling: S): ConfigFile;
  /** From the plain frequencies, `[D/2]`. */
  scale(frequencies: readonly number[], scaling: S, theta: number): readonly number[];
}

const linear: RopeKind<LinearScaling> = {
  parse: (fields) => ({ kind: "linear", factor: fields.positive("factor") }),
  format: ({ factor }) => ({ factor }),
  scale: (frequencies, { factor }) => frequencies.map((frequency) => frequency / factor),
};

/**
 * Departure from transformers: there, sequences beyond `max_position_embeddings` change the frequencies of all
 * positions, those of cached keys excepted, so that decoding with and without a cache give different tokens. The engine
 * takes no sequence beyond; up to there the frequencies are the plain ones.
 */
const dynamic: RopeKind<DynamicScaling> = {
  parse: (fields) => ({ kind: "dynamic", factor: fields.positive("factor") }),
  format: ({ factor }) => ({ factor }),
  scale: (frequencies) => frequencies,
};

/** Wavelengths beyond the original context are stretched by the factor, short ones kept, the rest blended. */
const llama3: RopeKind<Llama3Scaling> = {
  parse(fields, originalMaxPositions) {
    const [lowFreqFactor, highFreqFactor] = [fields.positive("low_freq_factor"), fields.positive("high_freq_factor")];
    if (highFreqFactor <= lowFreqFactor) {
      throw fields.error(
        "high_freq_factor",
        `must be more than low_freq_factor ${lowFreqFactor}, is ${highFreqFactor}`,
      );
    }
    return { kind: "llama3", factor: fields.positive("factor"), lowFreqFactor, highFreqFactor, originalMaxPositions };
  },
  format: (scaling) => ({
    factor: scaling.factor,
    low_freq_factor: scaling.lowFreqFactor,
    high_freq_factor: scaling.highFreqFactor,
    original_max_position_embeddings: scaling.originalMaxPositions,
  }),
  scale: (frequencies, { factor, lowFreqFactor: low, highFreqFactor: high, originalMaxPositions }) =>
    frequencies.map((frequency) => {
      const turns = (originalMaxPositions * frequency) / (2 * Math.PI);
      const kept = clamp((turns - low) / (high - low));
      return kept * frequency + ((1 - kept) * frequency) / factor;
    }),
};

/** Pairs that turn often are kept, slow ones divided by the factor, those between blended along their index. */
const yarn: RopeKind<YarnScaling> = {
  parse: (fields, originalMaxPositions) => ({
    kind: "yarn",
    factor: fields.positive("factor"),
    originalMaxPositions,
    attentionFactor: parseAttentionFactor(fields),
    betaFast: positiveOr(fields, "beta_fast", 32),
    betaSlow: positiveOr(fields, "beta_slow", 1),
    truncate: fields.boolean("truncate", true),
  }),
  format: (scaling) => ({
    factor: scaling.factor,
    original_max_position_embeddings: scaling.originalMaxPositions,
    attention_factor: floatJson(scaling.attentionFactor),
    beta_fast: scaling.betaFast,
    beta_slow: scaling.betaSlow,
    truncate: scaling.truncate,
  }),
  scale(frequencies, { factor, originalMaxPositions, betaFast, betaSlow, truncate }, theta) {
    const nPairs = frequencies.length;
    /** The pair, counted in fractions, that turns so many times over the original context. */
    const pairAt = (turns: number): number => {
      return (nPairs * Math.log(originalMaxPositions / (turns * 2 * Math.PI))) / Math.log(theta);
    };
    const [fast, slow] = [pairAt(betaFast), pairAt(betaSlow)];
    const low = Math.max(truncate ? Math.floor(fast) : fast, 0);
    // transformers bounds it by the channels and not by the pairs.
    const high = Math.min(truncate ? Math.ceil(slow) : slow, 2 * nPairs - 1);
    const width = high === low ? 0.001 : high - low;
    return frequencies.map((frequency, pair) => {
      const divided = clamp((pair - low) / width);
      return (frequency / factor) * divided + frequency * (1 - divided);
    });
  },
};

/** Where the file gives none: 0.1 ln(factor) + 1, or DeepSeek's quotient of two such, each with a weight of its own. */
function parseAttentionFactor(fields: ConfigFields): number {
  if (fields.has("attention_factor")) return fields.positive("attention_factor");
  const factor = fields.positive("factor");
  const temperature = (weight: number): number => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  const [mscale, mscaleAllDim] = [positiveOr(fields, "mscale", 0), positiveOr(fields, "mscale_all_dim", 0)];
  return mscale > 0 && mscaleAllDim > 0 ? temperature(mscale) / temperature(mscaleAllDim) : temperature(1);
}

/** A number above 0; absent, null and 0 mean the fallback. */
function positiveOr(fields: ConfigFields, field: string, fallback: number): number {
  return fields.has(field) && fields.raw(field) !== 0 ? fields.positive(field) : fallback;
}

/** Every `rope_type` but "default". Add yours here. */
const ROPE_KINDS = { linear, dynamic, llama3, yarn } as const;

/** The kind of a `rope_type`, if the engine has it. */
export function ropeKind(type: unknown): RopeKind<RopeScaling> | undefined {
  const known: Readonly<Record<string, unknown>> = ROPE_KINDS;
  return typeof type === "string" && Object.hasOwn(known, type) ? (known[type] as RopeKind<RopeScaling>) : undefined;
}

/** Values of `rope_type`, for messages. */
export const ROPE_TYPES: readonly string[] = ["default", ...Object.keys(ROPE_KINDS)];

/** Radians per position of each channel pair, `[D/2]`. */
export function rotaryFrequencies(headSize: number, { theta, scaling }: Rope): readonly number[] {
  const plain = ropeFrequencies(headSize, theta);
  return scaling === undefined ? plain : (ropeKind(scaling.kind)?.scale(plain, scaling, theta) ?? plain);
}

/** Factor on attention scores by the rotary positions: that on queries times that on keys. */
export function rotaryScoreFactor(rope: Rope | undefined): number {
  return rope?.scaling?.kind === "yarn" ? rope.scaling.attentionFactor ** 2 : 1;
}

const clamp = (x: number): number => Math.min(1, Math.max(0, x));
