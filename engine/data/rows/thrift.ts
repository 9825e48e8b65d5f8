/**
 * Checks of Thrift's compact protocol, in which Parquet writes its metadata.
 *
 * The library that reads it trusts what it finds: a number that never ends, or structures without end within each other,
 * would keep it busy or break it off. So bytes from elsewhere are walked over here first.
 */

/** Bytes that are no Thrift structure. */
export class ThriftError extends Error {
  override readonly name = "ThriftError";
}

/** Deepest nesting: Parquet's own structures need 7. */
const MOST_NESTED = 24;
/** A number of 64 bits takes at most 10 bytes. */
const LONGEST_NUMBER = 10;

const STOP = 0;
const TYPES = { yes: 1, no: 2, byte: 3, i16: 4, i32: 5, i64: 6, double: 7, binary: 8, list: 9, struct: 12 } as const;

/**
 * Walks over a structure.
 * @returns The offset after it.
 * @throws {ThriftError} when it is cut off, nested too deep, or nothing that Parquet has.
 */
export function structEnd(bytes: Uint8Array, offset: number): number {
  return skipStruct(bytes, offset, 0);
}

function skipStruct(bytes: Uint8Array, start: number, depth: number): number {
  if (depth > MOST_NESTED) throw new ThriftError("structures nested too deep");
  for (let at = start; ;) {
    const head = byteAt(bytes, at++);
    const type = head & 0x0f;
    if (type === STOP) return at;
    if (head >> 4 === 0) at = numberEnd(bytes, at); // the field's id
    at = skipValue(bytes, at, { type, depth, isInList: false });
  }
}

interface Value {
  readonly type: number;
  readonly depth: number;
  /** A truth value takes a byte in a list, and none in a structure. */
  readonly isInList: boolean;
}

function skipValue(bytes: Uint8Array, at: number, { type, depth, isInList }: Value): number {
  switch (type) {
    case TYPES.yes:
    case TYPES.no:
      return within(bytes, isInList ? at + 1 : at);
    case TYPES.byte:
      return within(bytes, at + 1);
    case TYPES.i16:
    case TYPES.i32:
    case TYPES.i64:
      return numberEnd(bytes, at);
    case TYPES.double:
      return within(bytes, at + 8);
    case TYPES.binary:
      return within(bytes, numberEnd(bytes, at) + numberAt(bytes, at));
    case TYPES.list:
      return skipList(bytes, at, depth);
    case TYPES.struct:
      return skipStruct(bytes, at, depth + 1);
    default:
      throw new ThriftError(`type ${type}`);
  }
}

function skipList(bytes: Uint8Array, start: number, depth: number): number {
  const head = byteAt(bytes, start);
  let at = start + 1;
  let length = head >> 4;
  if (length === 15) {
    length = numberAt(bytes, at);
    at = numberEnd(bytes, at);
  }
  // Every entry takes a byte, so that no list is longer than what is left.
  if (length > bytes.length - at) throw new ThriftError("a list that is longer than the rest");
  for (let index = 0; index < length; index++) {
    at = skipValue(bytes, at, { type: head & 0x0f, depth: depth + 1, isInList: true });
  }
  return at;
}

/** An unsigned number of variable length, which must be below 2^31. @throws {ThriftError} */
export function numberAt(bytes: Uint8Array, offset: number): number {
  const end = numberEnd(bytes, offset);
  let value = 0;
  for (let at = end - 1; at >= offset; at--) value = value * 128 + ((bytes[at] ?? 0) & 0x7f);
  if (value >= 2 ** 31) throw new ThriftError("a length beyond 2^31");
  return value;
}

/** The offset after a number of variable length. @throws {ThriftError} */
export function numberEnd(bytes: Uint8Array, offset: number): number {
  for (let at = offset; at < offset + LONGEST_NUMBER; at++) if ((byteAt(bytes, at) & 0x80) === 0) return at + 1;
  throw new ThriftError("a number that does not end");
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new ThriftError("it is cut off");
  return byte;
}

function within(bytes: Uint8Array, end: number): number {
  if (end > bytes.length) throw new ThriftError("it is cut off");
  return end;
}
