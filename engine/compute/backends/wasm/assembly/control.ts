// Words that all threads share, at the bottom of memory, a cache line each. `../layout.ts` names the same places.
const GENERATION: usize = 64;
const ARRIVED: usize = 128;
const SLEEPERS: usize = 192;
const STOP: usize = 256;
const FAULT: usize = 320;

/** Polls before a thread goes to sleep: some 20 µs at a barrier, about what waking it costs, and 60 µs between runs. */
const BARRIER_POLLS: i32 = 20_000;
const IDLE_POLLS: i32 = 60_000;
/**
 * Polls at a barrier after so many in a row have failed. Where threads share a processor with each other, because other
 * processes have the rest, a thread that polls keeps the one that it waits for from running. Now and then a barrier tries all polls.
 * A few in a row fail on a machine at rest, too, where halves of the work are uneven: after four, PPO's small kernels then took
 * 15 % longer.
 */
const FEW_POLLS: i32 = 500;
const MOST_IN_VAIN: i32 = 64;
const NOW_AND_THEN: i32 = 32;

/** How often a sleeper looks whether another thread has died, in ns. */
const WATCH_INTERVAL_NS: i64 = 100_000_000;

/** Threads that execute programs, this one's number among them, and its private workspace. */
export let threads: i32 = 1;
export let thread: i32 = 0;
export let workspace: usize = 0;
/** True if the compiler joins pairs of vectors into 256-bit ones, so that wide tiles pay. */
export let wideTiles: bool = false;

let generation: i32 = 0;
let arrivals: i32 = 0;
/** Barriers in a row at which this thread polled and failed. */
let inVain: i32 = 0;

export function configure(index: i32, count: i32, base: usize, wide: bool): void {
  thread = index;
  threads = count;
  workspace = base;
  wideTiles = wide;
}

/** Waits until all threads have come here. */
export function barrier(): void {
  if (threads == 1) return;
  arrivals += threads;
  if (atomic.add<i32>(ARRIVED, 1) + 1 == arrivals) {
    if (atomic.load<i32>(SLEEPERS) != 0) atomic.notify(ARRIVED, -1);
    return;
  }
  const isHopeful = inVain < MOST_IN_VAIN || inVain % NOW_AND_THEN == 0;
  for (let poll = isHopeful ? BARRIER_POLLS : FEW_POLLS; poll > 0; poll--) {
    if (atomic.load<i32>(ARRIVED) - arrivals < 0) continue;
    inVain = 0;
    return;
  }
  inVain++;
  atomic.add<i32>(SLEEPERS, 1);
  for (let seen = atomic.load<i32>(ARRIVED); seen - arrivals < 0; seen = atomic.load<i32>(ARRIVED)) {
    if (atomic.load<i32>(STOP) != 0) unreachable();
    atomic.wait<i32>(ARRIVED, seen, WATCH_INTERVAL_NS);
  }
  atomic.sub<i32>(SLEEPERS, 1);
}

/** Sends the other threads off on the next run. */
export function wakeAll(): void {
  if (threads == 1) return;
  atomic.add<i32>(GENERATION, 1);
  atomic.notify(GENERATION, -1);
}

/** Waits for the next run. @returns false when the thread is to end. */
export function awaitRun(): bool {
  for (let poll = 0; poll < IDLE_POLLS; poll++) {
    if (atomic.load<i32>(GENERATION) != generation) break;
  }
  while (atomic.load<i32>(GENERATION) == generation) atomic.wait<i32>(GENERATION, generation, -1);
  generation++;
  return atomic.load<i32>(STOP) == 0;
}

/** Where the instruction now executed lies. */
let instruction: usize = 0;

export function enter(at: usize): void {
  instruction = at;
}

/** Notes the first operand out of range (a token id, a row, a position); the host turns it into an error. */
export function reportFault(value: i32, limit: i32): void {
  if (atomic.cmpxchg<i32>(FAULT, 0, <i32>instruction) != 0) return;
  store<i32>(FAULT, value, 4);
  store<i32>(FAULT, limit, 8);
}

/** This thread's part [from, to) of n units; every part but the last holds a multiple of `grain` units. */
export let from: i32 = 0;
export let to: i32 = 0;
export function share(n: i32, grain: i32): void {
  const grains = (n + grain - 1) / grain;
  from = min(n, <i32>((<i64>grains * thread) / threads) * grain);
  to = min(n, <i32>((<i64>grains * (thread + 1)) / threads) * grain);
}

/** Rows that {@link shareWanted} found wanted, of all threads. */
export let wanted: i32 = 0;
/** Like `share`, for n rows of which only those are work whose number in the list is not negative: each thread gets as many. */
export function shareWanted(numbers: usize, n: i32): void {
  wanted = 0;
  for (let row = 0; row < n; row++) wanted += i32(load<i32>(numbers + ((<usize>row) << 2)) >= 0);
  const before = <i32>((<i64>wanted * thread) / threads);
  const until = <i32>((<i64>wanted * (thread + 1)) / threads);
  from = thread == 0 ? 0 : n;
  to = n;
  let count = 0;
  for (let row = 0; row < n; row++) {
    if (thread > 0 && count == before && from == n) from = row;
    if (thread < threads - 1 && count == until) {
      to = row;
      break;
    }
    count += i32(load<i32>(numbers + ((<usize>row) << 2)) >= 0);
  }
}
