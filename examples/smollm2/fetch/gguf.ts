/**
 * Reads GGUF, version 3, the format of llama.cpp, as far as this example's model needs it: settings, and tensors of f32 or
 * quantized as Q4_1 and Q8_0 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
 */
export interface Gguf {
  readonly settings: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** A setting's value. */
export type GgufValue = string | number | boolean | readonly GgufValue[];

/** A tensor, expanded. */
export interface GgufTensor {
  /** Outermost first, unlike in the file. */
  readonly shape: readonly number[];
  /** Row-major, f32. */
  read(): Float32Array<ArrayBuffer>;
}

const MAGIC = 0x46554747;
const VERSION = 3;
/** Tensors begin at multiples of this, unless a setting says otherwise. */
const ALIGNMENT = 32;

/** @throws {Error} when it is something else. {RangeError} when it ends too early. */
export function readGguf(bytes: Buffer): Gguf {
  const cursor = new Cursor(bytes);
  if (cursor.u32() !== MAGIC || cursor.u32() !== VERSION) throw new Error("no GGUF file of version 3");
  const [nTensors, nSettings] = [cursor.u64(), cursor.u64()];
  const settings = new Map<string, GgufValue>();
  for (let left = nSettings; left > 0; left--) settings.set(cursor.text(), cursor.value(cursor.u32()));
  const places: (readonly [name: string, shape: number[], type: number, offset: number])[] = [];
  for (let left = nTensors; left > 0; left--) {
    const name = cursor.text();
    const shape = Array.from({ length: cursor.u32() }, () => cursor.u64()).reverse();
    places.push([name, shape, cursor.u32(), cursor.u64()]);
  }
  const alignment = Number(settings.get("general.alignment") ?? ALIGNMENT);
  const start = Math.ceil(cursor.at / alignment) * alignment;
  const tensors = places.map(([name, shape, type, offset]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return [name, { shape, read: () => expand(bytes, start + offset, { type, size, name }) }] as const;
  });
  return { settings, tensors: new Map(tensors) };
}

/** Kinds of values, as the file numbers them. */
const [BOOLEAN, TEXT, LIST] = [7, 8, 9];

class Cursor {
  at = 0;
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  u32(): number {
    return this.bytes.readUInt32LE((this.at += 4) - 4);
  }

  u64(): number {
    return Number(this.bytes.readBigUInt64LE((this.at += 8) - 8));
  }

  text(): string {
    const length = this.u64();
    if (length > this.bytes.length - this.at) throw new RangeError("the GGUF file ends in a text");
    return this.bytes.toString("utf8", this.at, (this.at += length));
  }

  value(kind: number): GgufValue {
    if (kind === TEXT) return this.text();
    if (kind === LIST) {
      const [of, length] = [this.u32(), this.u64()];
      const list: GgufValue[] = [];
      while (list.length < length) list.push(this.value(of));
      return list;
    }
    const number = NUMBERS[kind];
    if (number === undefined) throw new Error(`the GGUF file has a value of an unknown kind, ${kind}`);
    const [width, read] = number;
    const value = Number(read(this.bytes, (this.at += width) - width));
    return kind === BOOLEAN ? value !== 0 : value;
  }
}

type ReadNumber = (bytes: Buffer, at: number) => number | bigint;

/** Width in bytes and reader of each kind of number. */
const NUMBERS: Readonly<Record<number, readonly [width: number, read: ReadNumber]>> = {
  0: [1, (bytes, at) => bytes.readUInt8(at)],
  1: [1, (bytes, at) => bytes.readInt8(at)],
  2: [2, (bytes, at) => bytes.readUInt16LE(at)],
  3: [2, (bytes, at) => bytes.readInt16LE(at)],
  4: [4, (bytes, at) => bytes.readUInt32LE(at)],
  5: [4, (bytes, at) => bytes.readInt32LE(at)],
  6: [4, (bytes, at) => bytes.readFloatLE(at)],
  7: [1, (bytes, at) => bytes.readUInt8(at)],
  10: [8, (bytes, at) => bytes.readBigUInt64LE(at)],
  11: [8, (bytes, at) => bytes.readBigInt64LE(at)],
  12: [8, (bytes, at) => bytes.readDoubleLE(at)],
};

/** Numbers that share a scale. */
const BLOCK = 32;
const [F32, Q4_1, Q8_0] = [0, 3, 8];

function expand(
  bytes: Buffer,
  start: number,
  { type, size, name }: { readonly type: number; readonly size: number; readonly name: string },
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(size);
  switch (type) {
    case F32:
      for (let i = 0; i < size; i++) values[i] = bytes.readFloatLE(start + 4 * i);
      return values;
    case Q4_1: // scale and least value as f16, then 32 numbers of 4 bits: the low halves of 16 bytes, then the high ones
      for (let i = 0, at = start; i < size; i += BLOCK, at += 20) {
        const [scale, least] = [half(bytes.readUInt16LE(at)), half(bytes.readUInt16LE(at + 2))];
        for (let j = 0; j < BLOCK / 2; j++) {
          const pair = bytes[at + 4 + j] ?? 0;
          values[i + j] = Math.fround(scale * (pair & 15)) + least;
          values[i + j + BLOCK / 2] = Math.fround(scale * (pair >> 4)) + least;
        }
      }
      return values;
    case Q8_0: // scale as f16, then 32 numbers of 8 bits
      for (let i = 0, at = start; i < size; i += BLOCK, at += 34) {
        const scale = half(bytes.readUInt16LE(at));
        for (let j = 0; j < BLOCK; j++) values[i + j] = scale * bytes.readInt8(at + 2 + j);
      }
      return values;
    default:
      throw new Error(`the GGUF file's tensor ${name} is of a kind that is not read here (${type})`);
  }
}

/** The number that 16 bits stand for in IEEE 754's half precision. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * 2 ** -14 * (fraction / 1024) : sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}
