/** A warp of the block that runs, and where its lanes are. */
export interface Warp {
  readonly number: number;
  /** Where its registers lie, in bytes. */
  readonly frame: number;
  /** Where its lanes' local memory begins. */
  readonly base: number;
  /** Stamp of lane 0. */
  first: number;
  /** The stamp from which on accesses of its own lanes are not ordered. */
  start: number;
  /** Lanes that have not ended. */
  live: number;
  /** Lanes that wait for others. */
  parked: number;
  /** Each lane's next step; where `converged`, all are at `at`. */
  readonly steps: Int32Array;
  converged: boolean;
  /** The step that is taken next, and the lanes that take it. */
  at: number;
  mask: number;
}

export function newWarp(number: number, frame: number, base: number): Warp {
  const steps = new Int32Array(32);
  return { number, frame, base, first: 0, start: 0, live: 0, parked: 0, steps, converged: true, at: 0, mask: 0 };
}

/** Puts a warp of so many lanes at the beginning of its kernel. */
export function restart(warp: Warp, lanes: number, start: number): void {
  warp.live = lanes === 32 ? -1 : 2 ** lanes - 1;
  warp.converged = true;
  warp.at = 0;
  meet(warp, start);
}

/** Begins a new interval of a warp. */
export function meet(warp: Warp, start: number): void {
  warp.start = start;
  warp.first = start | (warp.number * 32);
  warp.parked = 0;
}

/** Chooses the lanes at the lowest step, among those that wait for nobody; returns false if there are none. */
export function choose(warp: Warp): boolean {
  if (warp.converged) {
    warp.mask = warp.live;
    return warp.live !== 0;
  }
  const runnable = warp.live & ~warp.parked;
  if (runnable === 0) return false;
  let at = 0x7fffffff;
  for (let rest = runnable; rest !== 0; rest &= rest - 1) at = Math.min(at, warp.steps[lowest(rest)]!);
  let mask = 0;
  for (let rest = warp.live; rest !== 0; rest &= rest - 1) {
    if (warp.steps[lowest(rest)] === at) mask |= rest & -rest;
  }
  warp.at = at;
  warp.mask = mask;
  if (mask === warp.live) {
    warp.converged = true;
    warp.parked = 0;
  }
  return true;
}

/** Writes each lane's own step down. */
export function diverge(warp: Warp): void {
  if (warp.converged) warp.steps.fill(warp.at);
  warp.converged = false;
}

/** Sends lanes on: all that are alive, where the warp is converged. */
export function move(warp: Warp, lanes: number, to: number): void {
  if (!warp.converged) for (let rest = lanes; rest !== 0; rest &= rest - 1) warp.steps[lowest(rest)] = to;
  else if (lanes !== 0) warp.at = to;
}

/** The lowest lane of a mask. */
export function lowest(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}

/** Lanes in a mask. */
export function count(mask: number): number {
  let rest = mask - ((mask >>> 1) & 0x55555555);
  rest = (rest & 0x33333333) + ((rest >>> 2) & 0x33333333);
  return Math.imul((rest + (rest >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
