import { PtxError } from "./errors.ts";
import * as layout from "./layout.ts";
import type { Grid, Machine, Ready } from "./machine.ts";
import { runWarp } from "./runWarp.ts";
import { lowest, meet, newWarp, restart, type Warp } from "./warp.ts";

/**
 * Runs a kernel: its blocks one after another, the warps of a block in turn from barrier to barrier, the lanes of a warp at
 * the lowest step first.
 *
 * @throws KernelFault for what the kernel does wrong.
 */
export function launch(machine: Machine, ready: Ready, { grid, block, sharedBytes }: Grid, packed: Uint8Array): void {
  const { kernel } = ready;
  const { memory } = machine;
  const threads = block[0] * block[1] * block[2];
  const total = kernel.sharedSize + sharedBytes;
  if (total > layout.SHARED_LIMIT) throw new PtxError(`${kernel.name}: ${total} bytes of shared memory are too many`);
  if (threads > 1024) throw new PtxError(`${kernel.name}: ${threads} threads are too many for a block`);
  machine.writeArguments(kernel, packed);
  const word = machine.context.bind(machine);
  machine.begin();
  word("localSize", kernel.localSize);
  for (const [axis, letter] of (["x", "y", "z"] as const).entries()) {
    word(`%nctaid.${letter}`, grid[axis]!);
    word(`%ntid.${letter}`, block[axis]!);
  }
  word("%dynamic_smem_size", sharedBytes);
  word("%nwarpid", Math.ceil(threads / 32));
  const warps = warpsOf(machine, ready, block, threads);
  const running = { kernel, block: [0, 0, 0] as readonly number[], shape: block };
  machine.running = running;
  try {
    for (let z = 0; z < grid[2]; z++) {
      for (let y = 0; y < grid[1]; y++) {
        for (let x = 0; x < grid[0]; x++) {
          running.block = [x, y, z];
          word("%ctaid.x", x);
          word("%ctaid.y", y);
          word("%ctaid.z", z);
          memory.stamp(layout.SHARED + layout.SHARED_START, total, layout.STAMPS.unwritten);
          runBlock(machine, ready, warps, threads);
        }
      }
    }
  } finally {
    machine.running = null;
    machine.clear();
    memory.stamp(layout.SHARED + layout.SHARED_START, total, layout.STAMPS.unallocated);
  }
}

function warpsOf({ memory }: Machine, { kernel }: Ready, block: Grid["block"], threads: number): Warp[] {
  const count = Math.ceil(threads / 32);
  const stride = Math.ceil(kernel.frameSize / 16) * 16;
  const locals = layout.ARENA + count * stride;
  if (locals + count * 32 * kernel.localSize > layout.HEAP) {
    throw new PtxError(`${kernel.name}: no room for the registers and local memory of ${threads} threads`);
  }
  return Array.from({ length: count }, (_, number) => {
    const frame = layout.ARENA + number * stride;
    for (let lane = 0; lane < 32; lane++) {
      const thread = number * 32 + lane;
      const at = [
        thread % block[0],
        Math.floor(thread / block[0]) % block[1],
        Math.floor(thread / block[0] / block[1]),
      ];
      for (const [axis, letter] of ["x", "y", "z"].entries()) {
        memory.words[(frame + kernel.slots.get(`%tid.${letter}`)!.offset) / 4 + lane] = at[axis]!;
      }
    }
    const base = locals + number * 32 * kernel.localSize;
    return newWarp(number, frame, base);
  });
}

function runBlock(machine: Machine, ready: Ready, warps: readonly Warp[], threads: number): void {
  const word = machine.context.bind(machine);
  const begin = machine.nextInterval();
  word("blockStart", begin);
  word("barrierStart", begin);
  machine.copies.clear();
  for (const warp of warps) {
    const lanes = Math.min(32, threads - warp.number * 32);
    restart(warp, lanes, begin);
  }
  for (;;) {
    for (const warp of warps) {
      if (warp.live === 0) continue;
      word("warpStart", warp.start);
      runWarp(machine, ready, warp);
    }
    machine.settle();
    const waiting = warps.filter(({ live }) => live !== 0);
    if (waiting.length === 0) return;
    barrier(machine, ready, warps, threads);
    const start = machine.nextInterval();
    word("barrierStart", start);
    for (const warp of waiting) {
      meet(warp, start);
      warp.at++;
    }
  }
}

/** Checks that every thread of the block has come to a barrier. */
function barrier(machine: Machine, { kernel, steps }: Ready, warps: readonly Warp[], threads: number): void {
  for (const warp of warps) {
    const lanes = Math.min(32, threads - warp.number * 32);
    const all = lanes === 32 ? -1 : 2 ** lanes - 1;
    const at = warp.converged ? warp.at : null;
    const step = at === null ? undefined : steps[at];
    if (warp.live === all && typeof step === "object" && step.barrier === "block") continue;
    // Some threads wait: name one of those that do, and say who does not.
    const waiting = warps.find(({ live }) => live !== 0) ?? warp;
    const waitingAt = waiting.converged ? waiting.at : waiting.steps[lowest(waiting.live)]!;
    const missing = lowest(all & ~warp.live) + warp.number * 32;
    const detail =
      warp.live === all
        ? `lanes of warp ${warp.number} wait at different places`
        : `thread ${missing} of the block has ended without coming to it`;
    machine.fail("divergent barrier", detail, waiting.first + lowest(waiting.live), kernel.steps[waitingAt]?.from ?? 0);
  }
}
