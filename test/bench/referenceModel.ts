/** Sizes of DESIGN.md's reference model, which every training-step benchmark runs. */
export const REFERENCE = {
  layers: 4,
  width: 128,
  heads: 4,
  headSize: 32,
  hidden: 304,
  vocabulary: 512,
  batch: 32,
  tokens: 64,
  theta: 10_000,
  eps: 1e-5,
  parameters: 861_312,
} as const;

/** Uniform numbers in [0, 1) from a seed: mulberry32 (Tommy Ettinger, public domain). */
export function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Initial weights by name: matrices with standard deviation 0.02 as `[N, K]`, norms of ones as `[C]`. */
export function referenceWeights(): Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }> {
  const { layers, width, hidden, vocabulary } = REFERENCE;
  const shapes = new Map<string, readonly number[]>([["embedding", [vocabulary, width]]]);
  for (let layer = 0; layer < layers; layer++) {
    for (const name of ["q", "k", "v", "o"]) shapes.set(`${layer}.${name}`, [width, width]);
    for (const name of ["gate", "up"]) shapes.set(`${layer}.${name}`, [hidden, width]);
    shapes.set(`${layer}.down`, [width, hidden]);
    for (const name of ["inputNorm", "mlpNorm"]) shapes.set(`${layer}.${name}`, [width]);
  }
  shapes.set("norm", [width]).set("head", [vocabulary, width]);

  const uniform = uniforms(1);
  const spread = 0.02 * Math.sqrt(12); // a uniform of this width has standard deviation 0.02
  const weights = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  let total = 0;
  for (const [name, shape] of shapes) {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const data = Float32Array.from({ length: size }, () => (shape.length === 1 ? 1 : (uniform() - 0.5) * spread));
    weights.set(name, { shape, data });
    total += size;
  }
  if (total !== REFERENCE.parameters)
    throw new Error(`reference model: ${total} parameters, not ${REFERENCE.parameters}`);
  return weights;
}

/** One batch of random tokens and the tokens that follow them, each `[B * T]`. */
export function referenceBatch(): { readonly ids: Int32Array; readonly targets: Int32Array } {
  const { batch, tokens, vocabulary } = REFERENCE;
  const uniform = uniforms(2);
  const ids = new Int32Array(batch * tokens);
  const targets = new Int32Array(batch * tokens);
  for (let row = 0; row < batch; row++) {
    let token = Math.floor(uniform() * vocabulary);
    for (let position = 0; position < tokens; position++) {
      ids[row * tokens + position] = token;
      token = Math.floor(uniform() * vocabulary);
      targets[row * tokens + position] = token;
    }
  }
  return { ids, targets };
}
