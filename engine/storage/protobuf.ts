/** Wire types of Protocol Buffers. */
const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5];

/** Writes a message of Protocol Buffers, field by field. */
export class MessageWriter {
  private readonly parts: Uint8Array[] = [];

  /** A whole number of up to 53 bits, not negative. */
  varint(field: number, value: number): this {
    this.tag(field, VARINT);
    this.parts.push(varintBytes(value));
    return this;
  }

  double(field: number, value: number): this {
    this.tag(field, FIXED64);
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    this.parts.push(bytes);
    return this;
  }

  float(field: number, value: number): this {
    this.tag(field, FIXED32);
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    this.parts.push(bytes);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value));
  }

  message(field: number, value: MessageWriter): this {
    return this.bytes(field, value.finish());
  }

  bytes(field: number, value: Uint8Array): this {
    this.tag(field, BYTES);
    this.parts.push(varintBytes(value.length), value);
    return this;
  }

  finish(): Buffer {
    return Buffer.concat(this.parts);
  }

  private tag(field: number, wireType: number): void {
    this.parts.push(varintBytes(8 * field + wireType));
  }
}

function varintBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      bytes.push(rest);
      return Uint8Array.from(bytes);
    }
    bytes.push((rest % 128) + 128);
  }
}

/** A field of a message: a number as it stands, or the bytes of a text or a message. */
export type WireField =
  | { readonly field: number; readonly kind: "varint"; readonly value: bigint }
  | { readonly field: number; readonly kind: "fixed64" | "fixed32" | "bytes"; readonly bytes: Buffer };

/** Bytes of a varint, at most. */
const MOST_VARINT = 10;

/**
 * The fields of a message, in their order; groups, which nobody writes any more, are a defect.
 * @throws {RangeError} where the bytes are no message.
 */
export function* fieldsOf(bytes: Buffer): Generator<WireField, undefined> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let n = 0; n < MOST_VARINT; n++) {
      const byte = bytes[at];
      if (byte === undefined) throw new RangeError("a message ends within a number");
      at += 1;
      value |= BigInt(byte & 127) << BigInt(7 * n);
      if (byte < 128) return value;
    }
    throw new RangeError(`a number has more than ${MOST_VARINT} bytes`);
  };
  const take = (length: number): Buffer => {
    if (length > bytes.length - at) throw new RangeError("a message ends within a field");
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint() & 0xffff_ffffn);
    const [field, wireType] = [Math.floor(tag / 8), tag % 8];
    if (wireType === VARINT) yield { field, kind: "varint", value: varint() };
    else if (wireType === FIXED64) yield { field, kind: "fixed64", bytes: take(8) };
    else if (wireType === FIXED32) yield { field, kind: "fixed32", bytes: take(4) };
    else if (wireType === BYTES) yield { field, kind: "bytes", bytes: take(Number(varint())) };
    else throw new RangeError(`a field is of wire type ${wireType}, which is none`);
  }
}
