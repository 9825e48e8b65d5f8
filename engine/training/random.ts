/** A generator's position: its key and the number of 32-bit words it has given out. Fits in JSON. */
export interface RandomState {
  readonly key: readonly [number, number];
  readonly position: number;
}

const WORDS_PER_BLOCK = 4;
const ROUNDS = 10;
const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
const KEY_STEPS = [0x9e3779b9, 0xbb67ae85] as const;
const TWO_TO_32 = 2 ** 32;

/**
 * Counter-based random numbers: Philox4x32-10.
 *
 * Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3". The n-th number depends on the key and n
 * alone, so a position is the whole state, and streams for different purposes never overlap in practice.
 */
export class Random {
  private readonly key: readonly [number, number];
  private position: number;
  private readonly block = new Uint32Array(WORDS_PER_BLOCK);
  private blockIndex = -1;

  private constructor({ key, position }: RandomState) {
    this.key = key;
    this.position = position;
  }

  /** The stream that a seed and a path of names lead to: one per purpose, so that adding one moves no other. */
  static of(seed: number, ...path: readonly (string | number)[]): Random {
    return new Random({ key: keyOf([seed, ...path]), position: 0 });
  }

  /** Goes on exactly where {@link Random.state} was taken. */
  static from(state: RandomState): Random {
    return new Random(state);
  }

  get state(): RandomState {
    return { key: this.key, position: this.position };
  }

  /** Uniform in [0, 1), a multiple of 2^-24: exact in f32, so it cannot round up to 1 on a device. */
  uniform(): number {
    return (this.word() >>> 8) * 2 ** -24;
  }

  /** Standard normal, by Box and Muller from two words. */
  normal(): number {
    // 1 - u is never 0, whose logarithm would be infinite.
    const radius = Math.sqrt(-2 * Math.log(1 - this.word() / TWO_TO_32));
    return radius * Math.cos((2 * Math.PI * this.word()) / TWO_TO_32);
  }

  /** Uniform over 0 … bound − 1, without modulo bias. */
  integer(bound: number): number {
    const limit = TWO_TO_32 - (TWO_TO_32 % bound);
    let word = this.word();
    while (word >= limit) word = this.word();
    return word % bound;
  }

  /** The items in a new random order (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      const held = shuffled[last] as T;
      shuffled[last] = shuffled[other] as T;
      shuffled[other] = held;
    }
    return shuffled;
  }

  private word(): number {
    const index = Math.floor(this.position / WORDS_PER_BLOCK);
    if (index !== this.blockIndex) {
      philox(this.key, index, this.block);
      this.blockIndex = index;
    }
    return this.block[this.position++ % WORDS_PER_BLOCK] ?? 0;
  }
}

/** One block of four words; the counter is the block's index. */
function philox(key: readonly [number, number], index: number, out: Uint32Array): void {
  let [c0, c1, c2, c3] = [index >>> 0, Math.floor(index / TWO_TO_32) >>> 0, 0, 0];
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIERS[0], c0);
    const low0 = Math.imul(MULTIPLIERS[0], c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIERS[1], c2);
    const low1 = Math.imul(MULTIPLIERS[1], c2) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + KEY_STEPS[0]) >>> 0;
    k1 = (k1 + KEY_STEPS[1]) >>> 0;
  }
  out.set([c0, c1, c2, c3]);
}

/** Upper 32 bits of a 32 × 32 bit product, by halves: the full product exceeds what a double holds. */
function multiplyHigh(a: number, b: number): number {
  const [aHigh, aLow] = [a >>> 16, a & 0xffff];
  const [bHigh, bLow] = [b >>> 16, b & 0xffff];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/** Two FNV-1a hashes of the path with different bases, then mixed so that neighbouring seeds lie far apart. */
function keyOf(path: readonly (string | number)[]): [number, number] {
  const text = path.map((part) => `${typeof part} ${part}`).join("\n");
  return [mix(fnv(text, 0x811c9dc5)), mix(fnv(text, 0x01234567))];
}

function fnv(text: string, basis: number): number {
  let hash = basis;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** The finaliser of MurmurHash3. */
function mix(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
