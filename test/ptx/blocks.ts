import { PtxError } from "./errors.ts";
import * as layout from "./layout.ts";
import type { Grid, Machine, Ready } from "./machine.ts";

/** A warp of the block that runs. */
interface Warp {
  readonly frame: number;
  /** Where its lanes' local memory begins. */
  readonly base: number;
  readonly number: number;
  /** Stamp of lane 0. */
  first: number;
  /** The stamp from which on accesses of its own lanes are not ordered. */
  start: number;
  live: number;
  /** Lanes that wait for others. */
  parked: number;
  /** The step of each lane; of all of them where `converged`, then only `step` counts. */
  readonly steps: Int32Array;
  step: number;
  converged: boolean;
}

/** Intervals that stamps have bits for, less room for marks. */
const INTERVALS = 2 ** (32 - layout.THREAD_BITS) - 4;
/** How often lanes took a step, and instructions, since the process began: for measuring. */
export const COUNTS = { instructions: 0 };

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
  if (machine.interval > INTERVALS / 2) machine.renew();
  const word = context(machine);
  word("launchStart", next(machine));
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

function context({ memory }: Machine): (name: keyof typeof layout.WORDS, value: number) => void {
  return (name, value) => {
    memory.words[layout.CONTEXT / 4 + layout.WORDS[name]] = value;
  };
}

/** The first stamp of a new interval. */
function next(machine: Machine): number {
  machine.interval++;
  if (machine.interval > INTERVALS) throw new PtxError("a launch with more barriers than stamps can tell apart");
  return (machine.interval << layout.THREAD_BITS) | 0;
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
    return {
      frame,
      base,
      number,
      first: 0,
      start: 0,
      live: 0,
      parked: 0,
      steps: new Int32Array(32),
      step: 0,
      converged: true,
    };
  });
}

function runBlock(machine: Machine, ready: Ready, warps: readonly Warp[], threads: number): void {
  const word = context(machine);
  const begin = next(machine);
  word("blockStart", begin);
  word("barrierStart", begin);
  machine.copies.clear();
  for (const warp of warps) {
    const lanes = Math.min(32, threads - warp.number * 32);
    warp.live = lanes === 32 ? -1 : 2 ** lanes - 1;
    warp.parked = 0;
    warp.step = 0;
    warp.converged = true;
    meet(warp, begin);
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
    const start = next(machine);
    word("barrierStart", start);
    for (const warp of waiting) {
      meet(warp, start);
      warp.step++;
    }
  }
}

/** Begins a new interval of a warp. */
function meet(warp: Warp, start: number): void {
  warp.start = start;
  warp.first = start | (warp.number * 32);
  warp.parked = 0;
}

/** Checks that every thread of the block has come to a barrier. */
function barrier(machine: Machine, { kernel, steps }: Ready, warps: readonly Warp[], threads: number): void {
  for (const warp of warps) {
    const lanes = Math.min(32, threads - warp.number * 32);
    const all = lanes === 32 ? -1 : 2 ** lanes - 1;
    const at = warp.converged ? warp.step : null;
    const step = at === null ? undefined : steps[at];
    if (warp.live === all && typeof step === "object" && step.barrier === "block") continue;
    // Some threads wait: name one of those that do, and say who does not.
    const waiting = warps.find(({ live }) => live !== 0) ?? warp;
    const waitingAt = waiting.converged ? waiting.step : waiting.steps[lowest(waiting.live)]!;
    const missing = lowest(all & ~warp.live) + warp.number * 32;
    const detail =
      warp.live === all
        ? `lanes of warp ${warp.number} wait at different places`
        : `thread ${missing} of the block has ended without coming to it`;
    machine.fail("divergent barrier", detail, waiting.first + lowest(waiting.live), kernel.steps[waitingAt]?.from ?? 0);
  }
}

function lowest(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}

/** Runs a warp until all its lanes have ended or wait for the block. */
function runWarp(machine: Machine, { kernel, steps }: Ready, warp: Warp): void {
  const plan = kernel.steps;
  for (;;) {
    let mask = warp.live;
    let at = warp.step;
    if (!warp.converged) {
      const runnable = warp.live & ~warp.parked;
      if (runnable === 0) {
        stuck(machine, plan, steps, warp);
        return;
      }
      at = 0x7fffffff;
      for (let rest = runnable; rest !== 0; rest &= rest - 1) at = Math.min(at, warp.steps[lowest(rest)]!);
      mask = 0;
      for (let rest = warp.live; rest !== 0; rest &= rest - 1) {
        const lane = lowest(rest);
        if (warp.steps[lane] === at) mask |= 1 << lane;
      }
      if (mask === warp.live) {
        warp.converged = true;
        warp.parked = 0;
        warp.step = at;
      }
    }
    const step = plan[at];
    const run = steps[at];
    if (step === undefined || run === undefined) {
      warp.live &= ~mask;
      if (warp.live === 0) return;
      continue;
    }
    COUNTS.instructions += (step.to - step.from) * count(mask);
    if (typeof run === "object") {
      const taking = guarded(machine, kernel, step.from, warp, mask);
      const lanes = { frame: warp.frame, first: warp.first, mask: taking, live: warp.live };
      if (taking !== 0) {
        const members = run.waitsFor(lanes, lowest(taking)) & warp.live;
        if (run.barrier === "block" && warp.converged && taking === mask) return;
        if (run.barrier === "block" || (members & ~taking) !== 0) {
          if (warp.converged) diverge(warp);
          warp.parked |= mask;
          continue;
        }
        run.run(lanes);
        if (run.barrier === "warp") synchronise(machine, warp, taking);
      }
      warp.parked &= ~mask;
      move(warp, mask, at + 1);
      continue;
    }
    const taken = run(warp.frame, mask, warp.first, warp.base);
    switch (step.end.kind) {
      case "next":
        move(warp, mask, at + 1);
        break;
      case "jump":
        move(warp, mask, step.end.target);
        break;
      case "branch":
        if (taken === mask) move(warp, mask, step.end.target);
        else if (taken === 0) move(warp, mask, at + 1);
        else {
          if (warp.converged) diverge(warp);
          move(warp, taken, step.end.target);
          move(warp, mask & ~taken, at + 1);
        }
        break;
      case "exit":
        warp.live &= ~taken;
        if (warp.live === 0) return;
        move(warp, mask & ~taken, at + 1);
        break;
      case "table":
        if (warp.converged) diverge(warp);
        for (let rest = mask; rest !== 0; rest &= rest - 1) {
          const lane = lowest(rest);
          warp.steps[lane] = step.end.targets[machine.memory.words[layout.TARGETS / 4 + lane]!] ?? plan.length;
        }
        break;
    }
  }
}

/** Lanes whose predicate lets them take an instruction. */
function guarded({ memory }: Machine, kernel: Ready["kernel"], at: number, warp: Warp, mask: number): number {
  const predicate = kernel.body[at]?.predicate ?? null;
  if (predicate === null) return mask;
  const word = (warp.frame + kernel.slots.get(predicate.register)!.offset) / 4;
  let taking = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) {
    const lane = lowest(rest);
    if ((memory.words[word + lane] !== 0) !== predicate.negated) taking |= 1 << lane;
  }
  return taking;
}

/** Writes each lane's own step down. */
function diverge(warp: Warp): void {
  warp.converged = false;
  warp.steps.fill(warp.step);
}

/** Sends lanes on: all that are alive, where the warp is converged. */
function move(warp: Warp, lanes: number, to: number): void {
  if (warp.converged) {
    if (lanes !== 0) warp.step = to;
    return;
  }
  for (let rest = lanes; rest !== 0; rest &= rest - 1) warp.steps[lowest(rest)] = to;
}

/** A warp barrier of all its lanes orders what they did before it. */
function synchronise(machine: Machine, warp: Warp, taking: number): void {
  if (taking !== warp.live) return;
  const start = next(machine);
  warp.start = start;
  warp.first = start | (warp.number * 32);
  context(machine)("warpStart", start);
}

/** No lane can go on: all wait for lanes that will not come. */
function stuck(machine: Machine, plan: Ready["kernel"]["steps"], steps: Ready["steps"], warp: Warp): void {
  const first = lowest(warp.live);
  const at = warp.steps[first]!;
  const run = steps[at];
  const block = typeof run === "object" && run.barrier === "block";
  const pc = plan[at]?.from ?? 0;
  if (block)
    machine.fail("divergent barrier", `lanes of warp ${warp.number} wait at different places`, warp.first + first, pc);
  machine.fail("inactive lane", "waits for lanes of its warp that do not come", warp.first + first, pc);
}

function count(mask: number): number {
  let rest = mask - ((mask >>> 1) & 0x55555555);
  rest = (rest & 0x33333333) + ((rest >>> 2) & 0x33333333);
  return (((rest + (rest >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}
