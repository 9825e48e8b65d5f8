import { binary, sum, unary } from "../graph/tensor.ts";
import { accumulateOp } from "./accumulate.ts";
import { adamwOp } from "./adamw.ts";
import { advanceOp } from "./advance.ts";
import { attentionGradOp, attentionOp } from "./attention.ts";
import { addBiasOp, sumRowsOp } from "./bias.ts";
import { cacheWriteOp } from "./cacheWrite.ts";
import { castOp } from "./cast.ts";
import { embeddingGradOp, embeddingOp } from "./embedding.ts";
import { fullKlOp } from "./fullKl.ts";
import { gatedActivationGradOp, gatedActivationOp } from "./gatedActivation.ts";
import { logprobGradOp, logprobOp } from "./logprob.ts";
import { matmulOp } from "./matmul.ts";
import { rmsNormGradOp, rmsNormOp } from "./rmsNorm.ts";
import { ropeOp } from "./rope.ts";
import { sampleOp } from "./sample.ts";
import { sliceGradOp, sliceOp } from "./slice.ts";
import { sumSquaresOp } from "./sumSquares.ts";

export { accumulate } from "./accumulate.ts";
export { type AdamwOperands, adamw } from "./adamw.ts";
export { type DecodingState, advance } from "./advance.ts";
export { type AttentionOperands, type AttentionSettings, EMPTY_LSE, attention } from "./attention.ts";
export { cacheWrite } from "./cacheWrite.ts";
export { cast } from "./cast.ts";
export { embedding } from "./embedding.ts";
export { type NextToken, fullKl } from "./fullKl.ts";
export { type GateKind, gatedActivation } from "./gatedActivation.ts";
export { type LogprobSettings, logprob } from "./logprob.ts";
export { type MatmulSettings, linear, matmul } from "./matmul.ts";
export { type RmsNormSettings, rmsNorm } from "./rmsNorm.ts";
export { rope, ropeFrequencies } from "./rope.ts";
export { type SampleSettings, sample } from "./sample.ts";
export { concatenate, slice } from "./slice.ts";
export { type SoftcapSettings, softcap } from "./softcap.ts";
export { sumSquares } from "./sumSquares.ts";

/**
 * Every op that a backend must execute (reshape is a view and needs no kernel). Add yours here; the kernel tables
 * stop compiling and the contract suite stops passing until each backend has it.
 */
export const OPS = [
  unary,
  binary,
  sum,
  castOp,
  matmulOp,
  addBiasOp,
  sumRowsOp,
  embeddingOp,
  embeddingGradOp,
  rmsNormOp,
  rmsNormGradOp,
  ropeOp,
  attentionOp,
  attentionGradOp,
  gatedActivationOp,
  gatedActivationGradOp,
  logprobOp,
  logprobGradOp,
  fullKlOp,
  sampleOp,
  advanceOp,
  sliceOp,
  sliceGradOp,
  cacheWriteOp,
  accumulateOp,
  sumSquaresOp,
  adamwOp,
] as const;

/** Name of an op in `OPS`. */
export type OpName = (typeof OPS)[number]["name"];
