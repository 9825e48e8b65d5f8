import { from, reportFault, share, to } from "./control";

/** args: N, B, tokens `[N, B]`, logprobs `[N, B]`, ids `[B]`, positions `[B]`, offset, step, token `[B]`, logprob `[B]`. */
export function advance(args: usize): void {
  // Of few numbers: one thread does it all.
  share(1, 1);
  if (from == to) return;
  const N = load<i32>(args);
  const B = load<i32>(args, 4);
  const positions = load<usize>(args, 20);
  const offset = load<usize>(args, 24);
  const step = load<usize>(args, 28);
  const done = load<i32>(step);
  if (<u32>done >= <u32>N) {
    reportFault(done, N);
    return;
  }
  const bytes = (<usize>B) << 2;
  const row = <usize>done * bytes;
  memory.copy(load<usize>(args, 8) + row, load<usize>(args, 32), bytes);
  memory.copy(load<usize>(args, 12) + row, load<usize>(args, 36), bytes);
  memory.copy(load<usize>(args, 16), load<usize>(args, 32), bytes);
  for (let at: usize = 0; at < bytes; at += 4) store<i32>(positions + at, load<i32>(positions + at) + 1);
  store<i32>(offset, load<i32>(offset) + 1);
  store<i32>(step, done + 1);
}
