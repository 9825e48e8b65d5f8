import type { KernelTable } from "../kernel.ts";
import { advance } from "./advance.ts";
import { attention, attentionGrad } from "./attention.ts";
import * as dense from "./dense.ts";
import * as elementwise from "./elementwise.ts";
import { fullKl, logprob, logprobGrad } from "./logprob.ts";
import * as optimizer from "./optimizer.ts";
import { sample } from "./sample.ts";

/** The tfjs kernel of every op. */
export const KERNELS: KernelTable = {
  ...elementwise,
  ...dense,
  ...optimizer,
  advance,
  attention,
  attentionGrad,
  logprob,
  logprobGrad,
  fullKl,
  sample,
};
