import { adamw } from "./adamw";
import { advance } from "./advance";
import { addBias, sumRows } from "./bias";
import { attention } from "./attention";
import { attentionGrad } from "./attentionGrad";
import { awaitRun, barrier, configure, enter, wakeAll } from "./control";
import { cast } from "./elements";
import { accumulate, binary, unary } from "./elementwise";
import { runTiles } from "./gemm";
import { gatedActivation, gatedActivationGrad } from "./gatedActivation";
import { logprob, fullKl } from "./logprob";
import { logprobGrad } from "./logprobGrad";
import { matmul } from "./matmul";
import { sum, sumSquares } from "./reductions";
import { rmsNorm, rmsNormGrad } from "./rmsNorm";
import { rope } from "./rope";
import { cacheWrite, gatherRows, scatterRows, slice, sliceGrad } from "./rows";
import { sample } from "./sample";

export { configure, runTiles };

const PROGRAM: usize = 384;

/** Runs a program on all threads; called by thread 0, which takes its share. */
export function run(program: usize): void {
  store<usize>(PROGRAM, program);
  wakeAll();
  execute(program);
  barrier();
}

/** Loop of the helper threads, until the stop signal. */
export function serve(): void {
  while (awaitRun()) {
    execute(load<usize>(PROGRAM));
    barrier();
  }
}

/**
 * Executes this thread's share of a stream of instructions: each is [kernel, words in all, whether all threads must
 * have finished what came before, arguments …]; kernel 0 ends the stream.
 */
function execute(at: usize): void {
  for (let kernel = load<i32>(at); kernel != 0; kernel = load<i32>(at)) {
    if (load<i32>(at, 8) != 0) barrier();
    enter(at);
    dispatch(kernel, at + 12);
    at += (<usize>load<i32>(at, 4)) << 2;
  }
}

/** The numbers are those of `KERNELS` in `instruction.ts`. */
function dispatch(kernel: i32, args: usize): void {
  switch (kernel) {
    case 2:
      return unary(args);
    case 3:
      return binary(args);
    case 4:
      return sum(args);
    case 5:
      return sumSquares(args);
    case 6:
      return matmul(args);
    case 7:
      return gatherRows(args);
    case 8:
      return scatterRows(args);
    case 9:
      return rmsNorm(args);
    case 10:
      return rmsNormGrad(args);
    case 11:
      return rope(args);
    case 12:
      return attention(args);
    case 13:
      return attentionGrad(args);
    case 14:
      return gatedActivation(args);
    case 15:
      return gatedActivationGrad(args);
    case 16:
      return logprob(args);
    case 17:
      return logprobGrad(args);
    case 18:
      return fullKl(args);
    case 19:
      return sample(args);
    case 20:
      return slice(args);
    case 21:
      return sliceGrad(args);
    case 22:
      return cacheWrite(args);
    case 23:
      return accumulate(args);
    case 24:
      return adamw(args);
    case 25:
      return addBias(args);
    case 26:
      return sumRows(args);
    case 27:
      return cast(args);
    case 28:
      return advance(args);
    default:
      unreachable();
  }
}
