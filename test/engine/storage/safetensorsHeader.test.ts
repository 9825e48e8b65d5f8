import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import fc from "fast-check";
import { CheckpointError } from "../../../engine/protocol/errors.ts";
import { openSafetensors } from "../../../engine/storage/safetensors.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

interface Hostile {
  readonly title: string;
  readonly header: string | Uint8Array;
  /** Bytes after the header; 8 when absent. */
  readonly data?: number;
  /** Value of the length field; the header's own length when absent. */
  readonly claims?: bigint;
  readonly message: RegExp;
  readonly tensor?: string;
}

const entry = (fields: object): string =>
  JSON.stringify({ w: { dtype: "F32", shape: [2], data_offsets: [0, 8], ...fields } });

const CORPUS: readonly Hostile[] = [
  {
    title: "claims a header longer than the file",
    header: "{}",
    claims: 1000n,
    message: /claims 1000 bytes of a file of/,
  },
  { title: "claims a header of 2^64 − 1 bytes", header: "{}", claims: 2n ** 64n - 1n, message: /more than 100000000/ },
  { title: "is not JSON", header: "{nope", message: /not JSON/ },
  { title: "is not UTF-8", header: Uint8Array.of(0x7b, 0xff, 0x7d), message: /not JSON/ },
  { title: "is a list", header: "[]", message: /not a JSON object/ },
  { title: "starts with a space", header: ' {"a":1}', message: /not a JSON object/ },
  {
    title: "nests deeply",
    header: `{"w":${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
    message: /the header is JSON that is nested more than 200 deep/,
  },
  {
    title: "nests deeply where a message would show it",
    header: `{"w":{"dtype":${"[".repeat(50_000)}${"]".repeat(50_000)}}}`,
    message: /the header is JSON that is nested more than 200 deep/,
  },
  {
    title: "has a number beyond a double",
    header: '{"w":{"dtype":"F32","shape":[1e999],"data_offsets":[0,8]}}',
    message: /the header is JSON with a number beyond a double/,
  },
  { title: "has an entry that is not an object", header: '{"w":3}', message: /not an object/, tensor: "w" },
  { title: "has an entry called __proto__", header: '{"__proto__":3}', message: /not an object/, tensor: "__proto__" },
  { title: "names a tensor twice", header: `{"w":1,"\\u0077":2}`, message: /twice/, tensor: "w" },
  { title: "gives a field twice", header: '{"w":{"dtype":"F32","dtype":"F16"}}', message: /twice/, tensor: "dtype" },
  { title: "has an unknown type", header: entry({ dtype: "F31" }), message: /unknown dtype "F31"/, tensor: "w" },
  {
    title: "has a type that every object has",
    header: entry({ dtype: "toString" }),
    message: /unknown dtype/,
    tensor: "w",
  },
  { title: "has an unknown field", header: entry({ code: "x" }), message: /unknown header field code/, tensor: "w" },
  { title: "has a negative size", header: entry({ shape: [-2] }), message: /not a list of sizes/, tensor: "w" },
  { title: "has a fractional size", header: entry({ shape: [2.5] }), message: /not a list of sizes/, tensor: "w" },
  { title: "has sizes in words", header: entry({ shape: ["2"] }), message: /not a list of sizes/, tensor: "w" },
  { title: "has no shape", header: '{"w":{"dtype":"F32","data_offsets":[0,8]}}', message: /sizes/, tensor: "w" },
  {
    title: "has a shape whose product overflows",
    header: entry({ shape: [2 ** 40, 2 ** 40] }),
    message: /Infinity/,
    tensor: "w",
  },
  { title: "has a shape larger than its bytes", header: entry({ shape: [3] }), message: /needs 12 bytes/, tensor: "w" },
  { title: "has one offset", header: entry({ data_offsets: [0] }), message: /not two positions/, tensor: "w" },
  { title: "has a negative offset", header: entry({ data_offsets: [-8, 0] }), message: /two positions/, tensor: "w" },
  {
    title: "has offsets that run backwards",
    header: entry({ data_offsets: [8, 0] }),
    message: /backwards/,
    tensor: "w",
  },
  {
    title: "points beyond the file",
    header: entry({ data_offsets: [8, 16] }),
    message: /ends at byte 16 of 8/,
    tensor: "w",
  },
  {
    title: "points at 2^53 and more",
    header: entry({ data_offsets: [0, 2 ** 60] }),
    message: /positions/,
    tensor: "w",
  },
  {
    title: "leaves a gap at the start",
    header: entry({ data_offsets: [8, 16] }),
    data: 16,
    message: /gap of 8/,
    tensor: "w",
  },
  { title: "leaves bytes at the end", header: entry({}), data: 12, message: /4 bytes after the last/ },
  { title: "holds data and no tensors", header: "{}", message: /8 bytes after the last/ },
  {
    title: "has tensors that overlap",
    header: '{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}',
    message: /overlaps/,
    tensor: "b",
  },
  { title: "has metadata that is not an object", header: '{"__metadata__":[]}', data: 0, message: /__metadata__/ },
  { title: "has metadata that is not text", header: '{"__metadata__":{"a":1}}', data: 0, message: /__metadata__/ },
];

function encode({ header, data = 8, claims }: Hostile): Uint8Array {
  const text = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claims ?? BigInt(text.byteLength));
  return Buffer.concat([length, text, Buffer.alloc(data)]);
}

async function open(folder: string, content: Uint8Array): Promise<void> {
  const file = path.join(folder, "hostile.safetensors");
  await fs.writeFile(file, content);
  const weights = await openSafetensors(file);
  await weights.close();
}

describe("a safetensors header", () => {
  for (const hostile of CORPUS) {
    it(`is refused when it ${hostile.title}`, async () => {
      await inTemporaryFolder(async (folder) => {
        await assert.rejects(open(folder, encode(hostile)), (error: unknown) => {
          assert.ok(error instanceof CheckpointError, String(error));
          assert.match(error.message, hostile.message);
          assert.match(error.message, /hostile\.safetensors.*; .+/s, "names the file and a remedy");
          assert.equal(error.tensor, hostile.tensor);
          return true;
        });
      });
    });
  }

  it("is refused when the file is shorter than its length field", async () => {
    await inTemporaryFolder(async (folder) => {
      for (let bytes = 0; bytes < 8; bytes++)
        await assert.rejects(open(folder, new Uint8Array(bytes)), CheckpointError);
    });
  });

  it("is refused wherever the file is cut", async () => {
    const whole = encode({ title: "", header: entry({}), message: /x/ });
    await inTemporaryFolder(async (folder) => {
      await open(folder, whole);
      for (let bytes = 0; bytes < whole.byteLength; bytes++) {
        await assert.rejects(open(folder, whole.subarray(0, bytes)), CheckpointError);
      }
    });
  });

  it("may stand in any order and hold empty and scalar tensors", async () => {
    const header =
      '{"b":{"dtype":"F32","shape":[],"data_offsets":[4,8]},"a":{"data_offsets":[0,4],"shape":[1],"dtype":"F32"},' +
      '"none":{"dtype":"F32","shape":[0,9007199254740991],"data_offsets":[4,4]}}   ';
    await inTemporaryFolder((folder) => open(folder, encode({ title: "", header, message: /x/ })));
  });

  it("never makes the reader fail in another way than with a CheckpointError", async () => {
    const whole = encode({ title: "", header: entry({}), message: /x/ });
    await inTemporaryFolder(async (folder) => {
      const property = fc.asyncProperty(fc.nat(whole.byteLength - 1), fc.nat(255), async (at, byte) => {
        const damaged = Uint8Array.from(whole);
        damaged[at] = byte;
        try {
          await open(folder, damaged);
        } catch (error) {
          assert.ok(error instanceof CheckpointError, String(error));
        }
      });
      await fc.assert(property, { numRuns: 300 });
    });
  });
});
