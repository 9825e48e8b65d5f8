import { crc32c } from "../crc32c.ts";
import { DataError } from "../../protocol/errors.ts";
import { MessageWriter, fieldsOf } from "../protobuf.ts";

/** Part of the name of every event file. */
export const EVENT_FILE_MARK = "tfevents";

/** The version that a file begins with. */
const FILE_VERSION = "brain.Event:2";
/** `SessionLog.SessionStatus.START`: values of this step and later ones in earlier files count no more. */
const SESSION_START = 1;
/** Bytes of a record that are looked into: scalars have some tens; pictures and graphs are passed over. */
const MOST_RECORD = 1 << 20;
/** Bytes of a record that are believed at all. */
const MOST_SKIPPED = 2 ** 40;
/** Bytes of a record's head: its length, and the length's checksum. */
const HEAD = 12;
const CHECKSUM = 4;

/** Scalars of one step, by tag. */
export interface ScalarEvent {
  /** Seconds since 1970. */
  readonly time: number;
  readonly step: number;
  readonly values: readonly (readonly [tag: string, value: number])[];
}

/** The first record of an event file. */
export function versionRecord(time: number): Buffer {
  return tfRecord(new MessageWriter().double(1, time).text(3, FILE_VERSION).finish());
}

/** The record after which values from `step` on take the place of those in earlier files of the folder. */
export function restartRecord(time: number, step: number): Buffer {
  const session = new MessageWriter().varint(1, SESSION_START);
  return tfRecord(new MessageWriter().double(1, time).varint(2, step).message(7, session).finish());
}

/** A record of scalars: `tensorflow.Event` with `Summary.Value.simple_value`, which every reader knows. */
export function scalarRecord({ time, step, values }: ScalarEvent): Buffer {
  const summary = new MessageWriter();
  for (const [tag, value] of values) summary.message(1, new MessageWriter().text(1, tag).float(2, value));
  return tfRecord(new MessageWriter().double(1, time).varint(2, step).message(5, summary).finish());
}

/** A TFRecord: length, its masked checksum, the bytes, their masked checksum. */
export function tfRecord(data: Buffer): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeBigUInt64LE(BigInt(data.length));
  head.writeUInt32LE(masked(head.subarray(0, 8)), 8);
  const tail = Buffer.alloc(CHECKSUM);
  tail.writeUInt32LE(masked(data));
  return Buffer.concat([head, data, tail]);
}

/** TensorFlow rotates and shifts checksums, so that those of data with checksums in it are of use. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282_ead8) >>> 0;
}

/**
 * The scalars of an event file; whatever else it holds is passed over. A record that is cut off at the end is one that its
 * writer was at.
 *
 * @param chunks - The file's bytes, in order.
 * @param file - For messages.
 * @throws {DataError} where the file is no event file, or damaged.
 */
export async function* scalarEvents(
  chunks: AsyncIterable<Buffer>,
  file: string,
): AsyncGenerator<ScalarEvent, undefined> {
  for await (const { time, step, values } of eventsOf(chunks, file))
    if (values.length > 0) yield { time, step, values };
}

/** Scalars and texts of one step, by tag. */
interface LoggedEvent extends ScalarEvent {
  readonly texts: readonly (readonly [tag: string, text: string])[];
}

/** The same with the texts that a file holds; those of tensors with several are joined by line ends. */
export async function* eventsOf(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<LoggedEvent, undefined> {
  for await (const data of recordsOf(chunks, file)) {
    const event = eventIn(data, file);
    if (event !== undefined) yield event;
  }
}

/** The records that are short enough for scalars. */
async function* recordsOf(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer, undefined> {
  let held: Buffer = Buffer.alloc(0);
  let offset = 0;
  /** Bytes still to come of a record that is passed over. */
  let skipped = 0;
  for await (const chunk of chunks) {
    const passed = Math.min(skipped, chunk.length);
    skipped -= passed;
    offset += passed;
    held = held.length === 0 ? chunk.subarray(passed) : Buffer.concat([held, chunk.subarray(passed)]);
    let at = 0;
    while (held.length - at >= HEAD) {
      const length = lengthAt(held, at, () => damaged(file, offset + at, "has a head whose checksum is wrong"));
      if (length > MOST_SKIPPED) throw damaged(file, offset + at, `would have ${length} bytes`);
      const whole = HEAD + length + CHECKSUM;
      if (length > MOST_RECORD) {
        skipped = Math.max(0, whole - (held.length - at));
        at = Math.min(held.length, at + whole);
        continue;
      }
      if (held.length - at < whole) break;
      const data = held.subarray(at + HEAD, at + HEAD + length);
      if (masked(data) !== held.readUInt32LE(at + HEAD + length)) {
        throw damaged(file, offset + at, "has content whose checksum is wrong");
      }
      yield data;
      at += whole;
    }
    held = held.subarray(at);
    offset += at;
  }
}

function lengthAt(bytes: Buffer, at: number, wrong: () => DataError): number {
  if (masked(bytes.subarray(at, at + 8)) !== bytes.readUInt32LE(at + 8)) throw wrong();
  return Number(bytes.readBigUInt64LE(at));
}

function damaged(file: string, offset: number, what: string): DataError {
  const remedy = "is it an event file of TensorBoard? If so, it was damaged: copy it again, or leave it out";
  return new DataError(`read events: the record at byte ${offset} ${what}`, { file, remedy });
}

/** Fields of `tensorflow.Event`. */
const EVENT = { wallTime: 1, step: 2, summary: 5 } as const;

function eventIn(data: Buffer, file: string): LoggedEvent | undefined {
  try {
    let [time, step] = [NaN, 0];
    const values: (readonly [string, number])[] = [];
    const texts: (readonly [string, string])[] = [];
    for (const one of fieldsOf(data)) {
      if (one.kind === "fixed64" && one.field === EVENT.wallTime) time = one.bytes.readDoubleLE();
      else if (one.kind === "varint" && one.field === EVENT.step) step = Number(BigInt.asIntN(64, one.value));
      else if (one.kind === "bytes" && one.field === EVENT.summary) {
        for (const inner of fieldsOf(one.bytes)) {
          if (inner.kind !== "bytes" || inner.field !== 1) continue;
          const [tag, value] = valueIn(inner.bytes);
          if (typeof value === "number") values.push([tag, value]);
          else if (value !== undefined) texts.push([tag, value]);
        }
      }
    }
    return values.length + texts.length === 0 ? undefined : { time, step, values, texts };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const remedy = "is it an event file of TensorBoard?";
    throw new DataError(`read events: ${cause.message}`, { file, remedy }, { cause });
  }
}

/** Fields of `tensorflow.Summary.Value`. */
const VALUE = { tag: 1, simple: 2, tensor: 8 } as const;

/** A value with its tag; undefined where it is neither a number nor a text, or has no tag. */
function valueIn(bytes: Buffer): readonly [tag: string, value: number | string | undefined] {
  let tag = "";
  let value: number | string | undefined;
  for (const one of fieldsOf(bytes)) {
    if (one.kind === "bytes" && one.field === VALUE.tag) tag = one.bytes.toString("utf8");
    else if (one.kind === "fixed32" && one.field === VALUE.simple) value = one.bytes.readFloatLE();
    else if (one.kind === "bytes" && one.field === VALUE.tensor)
      value ??= scalarTensor(one.bytes) ?? textTensor(one.bytes);
  }
  return [tag, tag === "" ? undefined : value];
}

/** Fields of `tensorflow.TensorProto`, and its types of numbers. */
const TENSOR = { type: 1, shape: 2, content: 4, floats: 5, doubles: 6, strings: 8 } as const;
const [DT_FLOAT, DT_DOUBLE, DT_STRING] = [1n, 2n, 7n];

/** The number of a tensor without axes, as TensorFlow 2 writes scalars; undefined for any other. */
function scalarTensor(bytes: Buffer): number | undefined {
  let type = 0n;
  let value: number | undefined;
  let content: Buffer | undefined;
  for (const one of fieldsOf(bytes)) {
    if (one.kind === "varint" && one.field === TENSOR.type) type = one.value;
    else if (one.kind === "bytes" && one.field === TENSOR.shape && one.bytes.length > 0) return undefined;
    else if (one.kind === "bytes" && one.field === TENSOR.content) content = one.bytes;
    else if (one.field === TENSOR.floats || one.field === TENSOR.doubles) value = numberIn(one) ?? value;
  }
  if (value !== undefined || content === undefined) return value;
  if (type === DT_FLOAT && content.length === 4) return content.readFloatLE();
  return type === DT_DOUBLE && content.length === 8 ? content.readDoubleLE() : undefined;
}

/** The texts of a tensor of such; undefined for any other. */
function textTensor(bytes: Buffer): string | undefined {
  let type = 0n;
  const texts: string[] = [];
  for (const one of fieldsOf(bytes)) {
    if (one.kind === "varint" && one.field === TENSOR.type) type = one.value;
    else if (one.kind === "bytes" && one.field === TENSOR.strings) texts.push(one.bytes.toString("utf8"));
  }
  return type === DT_STRING && texts.length > 0 ? texts.join("\n") : undefined;
}

/** One number, alone or in a packed list of one. */
function numberIn(one: { readonly kind: string; readonly bytes?: Buffer }): number | undefined {
  const { kind, bytes } = one;
  if (bytes === undefined) return undefined;
  if (bytes.length === 4) return bytes.readFloatLE();
  return bytes.length === 8 && kind !== "fixed32" ? bytes.readDoubleLE() : undefined;
}
