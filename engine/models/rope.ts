/** How rotary frequencies were changed after training, so that the model sees further. */
export type RopeScaling = LinearScaling | DynamicScaling | Llama3Scaling | YarnScaling;

/** Rotary positions of a layer. */
export interface Rope {
  /** Base of the frequencies. */
  readonly theta: number;
  readonly scaling?: RopeScaling;
}

/** All positions move closer together (kaiokendev 2023). */
export interface LinearScaling {
  readonly kind: "linear";
  readonly factor: number;
}

/** The base grows with the sequence, once that is longer than `max_position_embeddings` (emozilla 2023). */
export interface DynamicScaling {
  readonly kind: "dynamic";
  readonly factor: number;
}

/** Llama 3.1 (Dubey et al. 2024, arXiv:2407.21783). */
export interface Llama3Scaling {
  readonly kind: "llama3";
  readonly factor: number;
  readonly lowFreqFactor: number;
  readonly highFreqFactor: number;
  /** Tokens that the frequencies were first trained for. */
  readonly originalMaxPositions: number;
}

/** YaRN (Peng et al. 2023, arXiv:2309.00071). */
export interface YarnScaling {
  readonly kind: "yarn";
  readonly factor: number;
  readonly originalMaxPositions: number;
  /** Factor on rotated queries and on rotated keys. */
  readonly attentionFactor: number;
  /** Turns over the original context from which on a frequency is kept, and up to which it is divided. */
  readonly betaFast: number;
  readonly betaSlow: number;
  /** The two bounds are widened to whole channel pairs. */
  readonly truncate: boolean;
}
