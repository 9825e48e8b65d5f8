import { defined } from "../../../graph/tensor.ts";
import { type Call, type KernelLaunch, type TableWord, blocks, i32 } from "../launch.ts";

/** As in adamw.cu: elements a block. */
const CHUNK = 2048;
const THREADS = 256;

/** One launch for any number of parameters. */
export function encodeAdamw(calls: readonly Call[]): readonly KernelLaunch[] {
  const words: TableWord[] = [];
  let firstBlock = 0;
  for (const { inputs } of calls) {
    const [p, m, v, g, hyper, scale, copy] = inputs;
    const { size } = defined(p);
    words.push(
      ...[p, m, v, g, hyper].map((operand) => defined(operand).address),
      defined(scale).oneElement,
      copy?.address ?? null,
      { u64: size },
      { u64: firstBlock },
    );
    firstBlock += blocks(size, CHUNK);
  }
  const args = [i32(calls.length), defined(calls[0]).table(words)];
  return [{ file: "adamw", kernel: "adamw_f32", grid: [firstBlock, 1, 1], threads: THREADS, args }];
}
