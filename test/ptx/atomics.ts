/** Atomic operations by their number in `atomic32` and `atomic64`. */
export const ATOMICS = ["add", "min", "max", "smin", "smax", "and", "or", "xor", "exch", "cas", "inc", "dec"] as const;

/** The number that an atomic operation leaves in memory. */
export function atomically(name: (typeof ATOMICS)[number], old: bigint, b: bigint, c: bigint, width: number): bigint {
  const signed = (value: bigint): bigint => BigInt.asIntN(width, value);
  const unsigned = (value: bigint): bigint => BigInt.asUintN(width, value);
  switch (name) {
    case "add":
      return signed(old + b);
    case "min":
      return signed(unsigned(old) < unsigned(b) ? old : b);
    case "max":
      return signed(unsigned(old) > unsigned(b) ? old : b);
    case "smin":
      return signed(old) < signed(b) ? old : b;
    case "smax":
      return signed(old) > signed(b) ? old : b;
    case "and":
      return signed(old & b);
    case "or":
      return signed(old | b);
    case "xor":
      return signed(old ^ b);
    case "exch":
      return signed(b);
    case "cas":
      return unsigned(old) === unsigned(b) ? signed(c) : old;
    case "inc":
      return unsigned(old) >= unsigned(b) ? 0n : signed(old + 1n);
    case "dec":
      return unsigned(old) === 0n || unsigned(old) > unsigned(b) ? signed(b) : signed(old - 1n);
  }
}
