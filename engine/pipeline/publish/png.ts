import { crc32, deflateSync } from "node:zlib";
import type { Picture } from "../../figures/raster/index.ts";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Bits of a channel, and the kind of colours: red, green and blue. */
const [DEPTH, RGB] = [8, 2];
/** Rows are written as they are, which compresses flat colours best. */
const AS_IT_IS = 0;

/** A picture as a PNG file (ISO/IEC 15948). */
export function png({ width, height, pixels }: Picture): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([DEPTH, RGB, 0, 0, 0], 8);
  const stride = width * 3;
  const rows = Buffer.alloc((stride + 1) * height);
  for (let row = 0; row < height; row++) {
    const to = row * (stride + 1);
    rows[to] = AS_IT_IS;
    rows.set(pixels.subarray(row * stride, (row + 1) * stride), to + 1);
  }
  const body = deflateSync(rows);
  return Buffer.concat([SIGNATURE, chunk("IHDR", head), chunk("IDAT", body), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(kind: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(kind, "latin1"), body]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(body.length, 0);
  named.copy(framed, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}
