import type { EncoderTable } from "../launch.ts";
import { attention } from "./attention.ts";
import { dense } from "./dense.ts";
import { elementwise } from "./elementwise.ts";
import { encodeAdamw } from "./optimizer.ts";
import { vocabulary } from "./vocabulary.ts";

/** How each op of the engine becomes launches of kernels. */
export const ENCODERS: EncoderTable = {
  ...elementwise,
  ...dense,
  ...attention,
  ...vocabulary,
  adamw: (call) => encodeAdamw([call]),
};
