import assert from "node:assert/strict";
import fc from "fast-check";
import { type Backend, OutOfMemoryError } from "../../../engine/compute/backend.ts";
import { createWasmBackend } from "../../../engine/compute/backends/wasm/index.ts";
import {
  type ModelConfig,
  type Slot,
  type Weights,
  DeviceWeights,
  ResponseScorer,
  SlotDecoder,
  joinResponses,
  padQueries,
} from "../../../engine/models/index.ts";
import { Distribution } from "../../../engine/serving/server/sampling.ts";
import { assertClose } from "./close.ts";
import {
  ALL_BACKENDS,
  PICO,
  PICO_EVERYTHING,
  PICO_FAMILIES,
  picoSequences,
  picoWeights,
  unevenWeights,
} from "./pico.ts";

/** Two ways of summing the same f32 terms, for log-probabilities of a few nats. */
const TOLERANCE = 2e-5;
/** Past one piece of a prompt, so that a second begins where the first has ended. */
const LONG = 21;

/** Takes a slot, which there is. */
function taken(decoder: SlotDecoder): Slot {
  const slot = decoder.take();
  assert.ok(slot);
  return slot;
}

/** Reads a prompt to its end. @returns The logits behind its last token. */
async function readAll(
  decoder: SlotDecoder,
  weights: DeviceWeights,
  slot: Slot,
  tokens: readonly number[],
): Promise<Float32Array> {
  for (;;) {
    const { logits, isWhole } = await decoder.read(weights, slot, tokens, "last");
    if (isWhole) return logits;
  }
}

for (const [name, open] of Object.entries(ALL_BACKENDS)) {
  describe(`slots on ${name}`, function () {
    this.timeout(60_000);
    let backend: Backend;
    before(async () => (backend = await open()));
    after(() => backend.close());

    /** Log-probabilities of the tokens behind the first `read` ones, each from a step. */
    async function stepped(
      config: ModelConfig,
      weights: Weights,
      tokens: readonly number[],
      read: number,
    ): Promise<number[]> {
      const device = DeviceWeights.upload(backend, weights);
      const decoder = new SlotDecoder(backend, config, { context: 40, nSlots: 1 });
      const slot = taken(decoder);
      const logprobs: number[] = [];
      let logits = await readAll(decoder, device, slot, tokens.slice(0, read));
      for (const token of tokens.slice(read)) {
        logprobs.push(new Distribution(logits).logprob(token));
        logits = (await decoder.step(device, [{ slot, token }]))[0] ?? logits;
      }
      decoder.release();
      device.release();
      return logprobs;
    }

    /** The same from one forward pass over all of it. */
    async function scored(
      config: ModelConfig,
      weights: Weights,
      tokens: readonly number[],
      read: number,
    ): Promise<Float32Array> {
      const device = DeviceWeights.upload(backend, weights);
      const responseLength = tokens.length - read;
      const scorer = new ResponseScorer(backend, config, { batchSize: 1, queryLength: read, responseLength });
      const queries = padQueries([tokens.slice(0, read)], read, 0);
      const { logprobs } = await scorer.score(
        device,
        joinResponses(queries, Int32Array.from(tokens.slice(read)), Int32Array.of(responseLength)),
      );
      scorer.release();
      device.release();
      return logprobs;
    }

    const [tokens = []] = picoSequences([LONG + 3]);
    const families = name.startsWith("cuda") ? [PICO] : [...PICO_FAMILIES, PICO_EVERYTHING];
    for (const config of families) {
      it(`gives the log-probabilities of a full forward pass: ${config === PICO_EVERYTHING ? "every option" : config.architecture}`, async () => {
        const weights = unevenWeights(config);
        const reads = name.startsWith("cuda") ? [3] : [1, 15, 16, 17, LONG];
        for (const read of reads) {
          const upTo = tokens.slice(0, read + 3);
          assertClose(await stepped(config, weights, upTo, read), await scored(config, weights, upTo, read), TOLERANCE);
        }
      });
    }
  });
}

describe("slots that sequences share", () => {
  let backend: Backend;
  let device: DeviceWeights;
  let decoder: SlotDecoder;
  before(async () => {
    backend = await createWasmBackend({ threads: 2 });
    device = DeviceWeights.upload(backend, picoWeights());
  });
  after(() => backend.close());
  beforeEach(() => (decoder = new SlotDecoder(backend, PICO, { context: 60, nSlots: 20 })));
  afterEach(() => decoder.release());

  const [own = [], ...others] = picoSequences([9, 3, 17, 1, 30, 5, 8, 2, 4, 6, 7, 9, 11, 12, 13, 14, 15, 16]);

  /** Logits of a sequence's steps; before each, others have joined or left as `meanwhile` says. */
  async function alone(meanwhile: (step: number) => Promise<readonly Slot[]>): Promise<Float32Array[]> {
    const slot = taken(decoder);
    let logits = await readAll(decoder, device, slot, own);
    const all = [logits.slice()];
    for (let step = 0; step < 8; step++) {
      const with_ = await meanwhile(step);
      const token = 3 + (step % 5);
      const rows = [...with_.map((other) => ({ slot: other, token: 4 })), { slot, token }];
      logits = (await decoder.step(device, rows)).at(-1) ?? logits;
      all.push(logits.slice());
    }
    decoder.leave(slot);
    return all;
  }

  it("give a sequence the same bits whatever others join and leave", async () => {
    const expected = await alone(() => Promise.resolve([]));
    const joined: Slot[] = [];
    let next = 0;
    const crowded = await alone(async (step) => {
      for (let more = 0; more < 3 && joined.length < 17; more++) {
        const slot = taken(decoder);
        await readAll(decoder, device, slot, others[next++ % others.length] ?? []);
        joined.push(slot);
      }
      if (step % 3 === 2) for (const slot of joined.splice(1, 2)) decoder.leave(slot);
      return joined;
    });
    assert.deepEqual(crowded, expected);
  });

  it("forget the sequence that had them before", async () => {
    const first = taken(decoder);
    await readAll(decoder, device, first, others[3] ?? []);
    await decoder.step(device, [{ slot: first, token: 5 }]);
    decoder.leave(first);
    const again = taken(decoder);
    assert.equal(again, first);
    const reused = (await readAll(decoder, device, again, own)).slice();
    const fresh = await readAll(decoder, device, taken(decoder), own);
    assert.deepEqual(reused, fresh.slice());
  });

  it("are as many as asked for", () => {
    const few = new SlotDecoder(backend, PICO, { context: 16, nSlots: 2 });
    const slots = [taken(few), taken(few)];
    assert.equal(few.take(), undefined);
    const [first] = slots;
    assert.ok(first);
    few.leave(first);
    assert.equal(few.take(), first);
    few.release();
  });

  it("are fewer where memory ends before, and none is an error of its own", () => {
    const { allocatedBytes: before, peakBytes } = backend.memory;
    /** The backend with room for so many more buffers. */
    const small = (nBuffers: number): Backend => {
      let left = nBuffers;
      const shortage = {
        backend: "wasm",
        bytes: 1,
        memory: { allocatedBytes: before, peakBytes },
        limits: {},
        roomier: [],
      };
      return Object.assign(Object.create(backend) as Backend, {
        allocate: (...args: Parameters<Backend["allocate"]>) => {
          if (left-- > 0) return backend.allocate(...args);
          throw new OutOfMemoryError(shortage);
        },
      });
    };
    const few = new SlotDecoder(small(2 * 4 + 1), PICO, { context: 16, nSlots: 64 });
    assert.deepEqual(
      [few.take(), few.take(), few.take()].map((slot) => slot !== undefined),
      [true, true, false],
    );
    few.release();
    const none = new SlotDecoder(small(3), PICO, { context: 16, nSlots: 64 });
    assert.throws(() => none.take(), OutOfMemoryError);
    none.release();
    assert.equal(backend.memory.allocatedBytes, before, "nothing is left behind");
  });

  it("give the logits behind every token of a prompt as those behind its last", async () => {
    const prompt = [...own, ...(others[1] ?? [])];
    const slot = taken(decoder);
    const rows: number[] = [];
    for (let isWhole = false; !isWhole;) {
      const piece = await decoder.read(device, slot, prompt, "all");
      rows.push(...piece.logits);
      isWhole = piece.isWhole;
    }
    const V = PICO.vocabularySize;
    assert.equal(rows.length, prompt.length * V);
    const last = await readAll(decoder, device, taken(decoder), prompt);
    assertClose(rows.slice(-V), last, TOLERANCE);
    const some = await readAll(decoder, device, taken(decoder), prompt.slice(0, 7));
    assertClose(rows.slice(6 * V, 7 * V), some, TOLERANCE);
  });
});

describe("the pieces that a prompt is read by", () => {
  it("hold it with less padding than the smallest has tokens", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (length) => {
        const pieces = SlotDecoder.pieces(length);
        const padding = pieces.reduce((sum, piece) => sum + piece, 0) - length;
        return padding >= 0 && padding < 16 && pieces.every((piece, at) => piece <= (pieces[at - 1] ?? piece));
      }),
    );
  });
});
