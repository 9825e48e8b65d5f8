/** A value on a command line of a trainer, and back from what argparse makes of it. */
export interface Form<T> {
  /** The words behind the flag; undefined where the flag itself is left out. */
  write(value: T): readonly string[] | undefined;
  /** @throws {RangeError} for a value that is none of ours. */
  read(value: unknown): T;
}

/** A text as it stands. */
export const text: Form<string> = {
  write: (value) => [value],
  read: (value) => {
    if (typeof value !== "string") throw foreign(value);
    return value;
  },
};

/** A number that is not negative. */
export const number: Form<number> = {
  write: (value) => [String(value)],
  read: (value) => {
    if (typeof value !== "number") throw foreign(value);
    return value;
  },
};

/** A flag that is there or not. */
export const toggle: Form<boolean> = {
  write: (value) => (value ? [] : undefined),
  read: (value) => {
    if (typeof value !== "boolean") throw foreign(value);
    return value;
  },
};

/** A flag that turns off what it names. */
export const off: Form<boolean> = {
  write: (value) => toggle.write(!value),
  read: (value) => !toggle.read(value),
};

/** The same number twice: a bound below and above. */
export const twice: Form<number> = {
  write: (value) => [String(value), String(value)],
  read: (value) => {
    const [low, high] = numbers.read(value);
    if (low === undefined || low !== high) throw foreign(value);
    return low;
  },
};

/** A flag that is there or not, by the words of one that takes a choice of two. */
export function either(on: string, none: string): Form<boolean> {
  return {
    write: (value) => [value ? on : none],
    read: (value) => {
      if (value !== on && value !== none) throw foreign(value);
      return value === on;
    },
  };
}

/** Several numbers behind one flag. */
export const numbers: Form<readonly number[]> = {
  write: (values) => values.map(String),
  read: (value) => {
    if (!Array.isArray(value)) throw foreign(value);
    return value.map((one) => number.read(one));
  },
};

/** One of our words, for one of theirs. */
export function word<V extends string>(theirs: Readonly<Record<V, string>>): Form<V> {
  const ours = Object.entries(theirs) as [V, string][];
  return {
    write: (value) => [theirs[value]],
    read: (value) => {
      const found = ours.find(([, other]) => other === value)?.[0];
      if (found === undefined) throw foreign(value);
      return found;
    },
  };
}

/** Beyond every score: 0 of ours turns clipping off, and theirs has no word for that. */
const NO_BOUND = 1_000_000;

/** ± a bound; 0 for none. argparse takes "-1e-7" for a flag, so that numbers are written out. */
export const bound: Form<number> = {
  write: (value) => {
    const size = (value === 0 ? NO_BOUND : value).toLocaleString("en-US", PLAIN);
    return [`-${size}`, size];
  },
  read: (value) => {
    const [, high = NaN] = numbers.read(value);
    return high === NO_BOUND ? 0 : high;
  },
};

const PLAIN = { useGrouping: false, maximumFractionDigits: 20 } as const;

function foreign(value: unknown): RangeError {
  return new RangeError(`trainer: ${JSON.stringify(value)} is no value of ours`);
}
