import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { openChannel } from "../../../engine/server/channel.ts";
import { ProtocolError } from "../../../engine/server/errors.ts";
import { Frames } from "../../../engine/server/frames.ts";

const frame = (body: string): Buffer => Buffer.from(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);

/** Bodies of a stream that comes in pieces of these sizes, over and over. */
function bodiesOf(stream: Buffer, sizes: readonly number[], most = 1000): string[] {
  const frames = new Frames();
  const bodies: string[] = [];
  for (let at = 0, n = 0; at < stream.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    frames.push(stream.subarray(at, at + size));
    at += size;
    for (let body = frames.next(most); body !== undefined; body = frames.next(most)) bodies.push(body.toString());
  }
  return bodies;
}

describe("messages in their frames", () => {
  it("come whole and in order, in whatever pieces they arrive", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), sizes, (bodies, pieces) => {
        assert.deepEqual(bodiesOf(Buffer.concat(bodies.map(frame)), pieces), bodies);
      }),
    );
  });

  it("may have other headers, in any order and letters", () => {
    assert.deepEqual(bodiesOf(Buffer.from("X: 1\r\ncontent-length:2\r\n\r\n{}"), [3]), ["{}"]);
  });

  for (const [what, header, message] of [
    ["a length beyond the limit", "Content-Length: 1001\r\n\r\n", /has 1001 bytes, and 1000 are taken at most/],
    ["a length beyond all memory", "Content-Length: 1000000000000\r\n\r\n", /has 1000000000000 bytes/],
    ["a length that is none", "Content-Length: 1e3\r\n\r\n", /states no length/],
    ["a negative length", "Content-Length: -5\r\n\r\n", /states no length/],
    ["two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", /states no length/],
    ["no length", "Content-Type: x\r\n\r\n", /states no length/],
    ["a header without end", "x".repeat(1024), /header does not end within 1024 bytes/],
  ] as const) {
    it(`are refused with ${what}, as soon as that is read`, () => {
      assert.throws(() => bodiesOf(Buffer.from(header), [7]), { name: "ProtocolError", message });
    });
  }
});

/** A channel whose other side is the test. */
function channelOf(most = 2 ** 16): {
  readonly input: PassThrough;
  readonly output: PassThrough;
  readonly asked: string[];
  readonly problems: Error[];
  readonly dispose: () => void;
} {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const asked: string[] = [];
  const problems: Error[] = [];
  const connection = openChannel({
    ...{ input, output },
    mostBytes: () => most,
    mostWaiting: 10,
    broken: (error) => void problems.push(error),
  });
  connection.onRequest("ask", ({ name }: { readonly name: string }) => {
    asked.push(name);
    return {};
  });
  connection.listen();
  return { input, output, asked, problems, dispose: () => connection.dispose() };
}

const request = (name: string, id = 1): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method: "ask", params: { name } });

describe("a channel", () => {
  it("takes 20,000 malformed frames without harm: each ends its channel with an error of ours, or is no message", async () => {
    const good = frame(request("x"));
    let state = 1;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    let nRefused = 0;
    for (let n = 0; n < 20_000; n += 500) {
      const channels = Array.from({ length: 500 }, () => channelOf(1000));
      for (const { input } of channels) {
        const bytes = Buffer.from(good);
        for (let at = 0; at <= random(4); at++) bytes[random(bytes.length)] = random(256);
        input.write(bytes.subarray(0, random(2) === 0 ? bytes.length : random(bytes.length)));
      }
      await turn();
      for (const { input, problems, dispose } of channels) {
        nRefused += problems.length;
        for (const problem of problems) assert.ok(problem instanceof ProtocolError, problem.stack);
        dispose();
        input.destroy();
      }
    }
    assert.ok(nRefused > 5000, `${nRefused} of 20,000`);
  });

  it("refuses what is no message, however deep", async () => {
    for (const body of ["[]", "null", "1", "{", "[".repeat(60_000)]) {
      const { input, problems, dispose } = channelOf();
      input.write(frame(body));
      await turn();
      assert.equal(problems[0]?.name, "ProtocolError", body.slice(0, 9));
      dispose();
    }
  });

  it("reads no further than it dispatches, so that messages wait in their sender", async () => {
    const { input, output, asked, dispose } = channelOf();
    output.resume();
    for (let n = 0; n < 500; n++) input.write(frame(request(String(n), n)));
    await turn();
    assert.ok(asked.length < 10, `${asked.length} at once`);
    while (asked.length < 500) await turn();
    assert.deepEqual(
      asked,
      Array.from({ length: 500 }, (_, n) => String(n)),
    );
    dispose();
  });

  it("ends with who asks and does not read the answers", async () => {
    const { input, problems, dispose } = channelOf();
    for (let n = 0; n < 5000 && problems.length === 0; n++) {
      input.write(frame(request("x".repeat(100), n)));
      await turn();
    }
    assert.match(problems[0]?.message ?? "", /10 messages wait for a reader/);
    dispose();
  });
});
