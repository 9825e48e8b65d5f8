import type { Random } from "../../engine/training/random.ts";

/** Larger inputs only take longer. */
const MOST_BYTES = 1 << 18;

const NAMES = ["__proto__", "constructor", "toString", "hasOwnProperty", "", "a\\nb", "\u202e", "x".repeat(2000)];
const NUMBERS = [
  "-1",
  "0",
  "1e999",
  "-1e999",
  "1e15",
  "9007199254740993",
  "0.5",
  "5e-324",
  "-0",
  "18446744073709551616",
];
const VALUES = [
  ...NUMBERS,
  ...NAMES.map((name) => `"${name}"`),
  "null",
  "true",
  "[]",
  "{}",
  "[[[]]]",
  `${"[".repeat(3000)}${"]".repeat(3000)}`,
  `${'{"a":'.repeat(3000)}1${"}".repeat(3000)}`,
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
];
/** NUL, bytes that are no UTF-8, line ends of all kinds, a byte order mark, quotes and brackets. */
const PIECES = ["\0", "\n", "\r", "\r\n", "\u2028", "\ufeff", '"', "\\", "{", "}", "[", "]", ",", ":", "//", "/*"]
  .map((text) => Buffer.from(text))
  .concat([Buffer.of(0xff), Buffer.of(0xc3), Buffer.of(0xed, 0xa0, 0x80)]);

type Mutation = (input: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

/** Changes an input in one to four ways; the same for the same random numbers. */
export function mutated(input: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  let changed = input;
  for (let left = 1 + random.integer(4); left > 0; left--) {
    changed = pick(MUTATIONS, random)(changed, random, others).subarray(0, MOST_BYTES);
  }
  return changed;
}

const flipBit: Mutation = (input, random) => {
  if (input.length === 0) return input;
  const copy = Buffer.from(input);
  const at = random.integer(copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 << random.integer(8));
  return copy;
};

const removeRange: Mutation = (input, random) => {
  const [from, to] = range(input, random);
  return Buffer.concat([input.subarray(0, from), input.subarray(to)]);
};

const repeatRange: Mutation = (input, random) => {
  const [from, to] = range(input, random);
  const piece = input.subarray(from, to);
  const times = Math.min(2 ** random.integer(12), Math.floor(MOST_BYTES / Math.max(1, piece.length)));
  return Buffer.concat([input.subarray(0, to), ...Array.from({ length: times }, () => piece), input.subarray(to)]);
};

const repeatLine: Mutation = (input, random) => {
  const lines = input.toString("latin1").split("\n");
  const at = random.integer(lines.length);
  const line = lines[at] ?? "";
  const times = Math.min(2 ** random.integer(12), Math.floor(MOST_BYTES / (line.length + 1)));
  lines.splice(at, 0, ...Array.from({ length: times }, () => line));
  return Buffer.from(lines.join("\n"), "latin1");
};

const insertPiece: Mutation = (input, random) => {
  const at = random.integer(input.length + 1);
  return Buffer.concat([input.subarray(0, at), pick(PIECES, random), input.subarray(at)]);
};

const truncate: Mutation = (input, random) => input.subarray(0, random.integer(input.length + 1));

const zeroPage: Mutation = (input, random) => {
  const copy = Buffer.from(input);
  const [from, to] = range(copy, random);
  return copy.fill(0, from, to);
};

const splice: Mutation = (input, random, others) => {
  const other = pick(others, random);
  return Buffer.concat([
    input.subarray(0, random.integer(input.length + 1)),
    other.subarray(random.integer(other.length + 1)),
  ]);
};

/** Replaces a number, a string or a key of a JSON text by another value. */
const replaceToken: Mutation = (input, random) => {
  const text = input.toString("latin1");
  const tokens = [...text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|null|true|false/g)];
  if (tokens.length === 0) return input;
  const token = pick(tokens, random);
  const isKey = text[token.index + token[0].length] === ":";
  const value = isKey ? `"${pick(NAMES, random)}"` : pick(VALUES, random);
  return Buffer.concat([
    input.subarray(0, token.index),
    Buffer.from(value),
    input.subarray(token.index + token[0].length),
  ]);
};

/** Adds a member to an object of a JSON text. */
const insertMember: Mutation = (input, random) => {
  const text = input.toString("latin1");
  const places = [...text.matchAll(/\{/g)];
  if (places.length === 0) return input;
  const at = pick(places, random).index + 1;
  const member = `"${pick(NAMES, random)}":${pick(VALUES, random)},`;
  return Buffer.concat([input.subarray(0, at), Buffer.from(member), input.subarray(at)]);
};

const noise: Mutation = (_input, random) =>
  Buffer.from(Array.from({ length: random.integer(200) }, () => random.integer(256)));

/** Those that keep most of a structure come more often: they get further. */
const MUTATIONS: readonly Mutation[] = [
  ...[flipBit, removeRange, repeatRange, repeatLine, insertPiece, truncate, zeroPage, splice, noise],
  ...[replaceToken, replaceToken, replaceToken, replaceToken, insertMember, insertMember, insertPiece],
];

function range(input: Buffer, random: Random): readonly [number, number] {
  const from = random.integer(input.length + 1);
  const longest = Math.min(input.length - from, 2 ** random.integer(12));
  return [from, from + random.integer(longest + 1)];
}

function pick<T>(items: readonly T[], random: Random): T {
  const item = items[random.integer(items.length)];
  if (item === undefined) throw new RangeError("fuzz: there is nothing to pick from");
  return item;
}
