import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import * as fc from "fast-check";
import { FrameReader, FrameWriter } from "../../../../engine/cluster/ssh/frames.ts";

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

describe("frames between machines", () => {
  it("come as they were sent, however their bytes arrive, whether or not their content is read", async () => {
    const frame = fc.record({ text: fc.string(), body: fc.uint8Array({ maxLength: 200 }), isRead: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 6 }), fc.integer({ min: 1, max: 50 }), async (frames, size) => {
        const stream = new PassThrough();
        const writer = new FrameWriter(stream);
        const sent = frames.map(({ text, body }) =>
          writer.send({ text, bytes: body.length }, pieces(Buffer.from(body), 7)),
        );
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        await Promise.all(sent);
        const ended = once(stream, "end");
        stream.end();
        await ended;
        const reader = new FrameReader(pieces(Buffer.concat([Buffer.from("Welcome!\nready\n"), ...chunks]), size));
        assert.equal(await reader.lineOf(["ready"]), "ready");
        for (const { text, body, isRead } of frames) {
          const got = (await reader.next()) ?? assert.fail("a frame is missing");
          assert.deepEqual(got.header, { text, bytes: body.length });
          if (!isRead) continue;
          const parts: Buffer[] = [];
          for await (const part of got.body) parts.push(part);
          assert.deepEqual(Buffer.concat(parts), Buffer.from(body));
        }
        assert.equal(await reader.next(), undefined);
      }),
      { numRuns: 30 },
    );
  });

  it("that break off, or are none, are errors", async () => {
    const read = async (text: string): Promise<void> => {
      const reader = new FrameReader(pieces(Buffer.from(text), 5));
      for (let frame = await reader.next(); frame !== undefined; frame = await reader.next()) continue;
    };
    await assert.rejects(read('{"bytes":10}\nabc'), /ended within a frame/);
    await assert.rejects(read('{"bytes":'), /ended within a line/);
    await assert.rejects(read("Segmentation fault\n"), /not JSON/);
    await read('null\n{"bytes":-1}\n{"bytes":1.5}\n');
  });

  it("are not waited for from a host that prints lines without end", async () => {
    async function* endless(): AsyncGenerator<Buffer, undefined> {
      for (let n = 0; n < 10_000; n++) yield await Promise.resolve(Buffer.from("y\n".repeat(512)));
      assert.fail("read on");
    }
    const lines = await new FrameReader(endless()).lines();
    assert.ok(lines.length > 1000 && lines.every((line) => line === "y"));
  });
});
