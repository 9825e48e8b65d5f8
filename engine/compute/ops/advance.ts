import { type Attrs, type Op, type Tensor, type TensorSpec, defined } from "../graph/tensor.ts";
import { operand, readAxes } from "./axes.ts";

/** Notes what a step of decoding drew, and goes on to the next one, in place. */
export const advanceOp: Op<Attrs, "advance"> = {
  name: "advance",
  inPlace: [
    [0, 0],
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    [5, 5],
  ],
  types: {
    inputs: {
      ...{ tokens: "i32", logprobs: "f32", ids: "i32", positions: "i32", offset: "i32", step: "i32" },
      ...{ token: "i32", logprob: "f32" },
    },
    outputs: ["i32", "f32", "i32", "i32", "i32", "i32"],
  },
  infer([tokens, logprobs, ids, positions, offset, step, token, logprob]) {
    const state = { tokens, logprobs, ids, positions, offset, step };
    readAxes("advance", { ...state, token, logprob }, AXES);
    return Object.entries<TensorSpec | undefined>(state).map(([name, spec]) => operand("advance", name, spec).shape);
  },
};

const AXES = {
  ...{ tokens: "N B", logprobs: "N B", ids: "B 1", positions: "B 1", offset: "1", step: "1" },
  ...{ token: "B", logprob: "B" },
} as const;

/** Numbers of a block of N steps of decoding that stay on the device, each step's for the next one and for the host. */
export interface DecodingState {
  /** Tokens that the steps drew, `[N, B]`. */
  readonly tokens: Tensor;
  /** Their log-probabilities, `[N, B]`. */
  readonly logprobs: Tensor;
  /** Each row's next token to be read, `[B, 1]`. */
  readonly ids: Tensor;
  /** Its position, `[B, 1]`. */
  readonly positions: Tensor;
  /** Its column in the caches, `[1]`. */
  readonly offset: Tensor;
  /** Steps of the block that are done, `[1]`. */
  readonly step: Tensor;
}

/**
 * Writes what was drawn, both `[B]`, to row `step` of the tokens and log-probabilities, and to the ids; adds 1 to the positions, to
 * the offset and to the step.
 *
 * @returns The state as it is afterwards.
 */
export function advance(
  state: DecodingState,
  { token, logprob }: { readonly token: Tensor; readonly logprob: Tensor },
): DecodingState {
  const { tokens, logprobs, ids, positions, offset, step } = state;
  const operands = [tokens, logprobs, ids, positions, offset, step, token, logprob];
  const [a, b, c, d, e, f] = tokens.graph.apply(advanceOp, operands, {}).map(defined);
  return {
    ...{ tokens: defined(a), logprobs: defined(b), ids: defined(c), positions: defined(d) },
    ...{ offset: defined(e), step: defined(f) },
  };
}
