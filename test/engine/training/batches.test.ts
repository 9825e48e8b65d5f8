import assert from "node:assert/strict";
import fc from "fast-check";
import { SequenceError } from "../../../engine/models/index.ts";
import { type DataPosition, DataOrder, pairBatches, supervisedBatches } from "../../../engine/training/index.ts";

describe("supervised batch", () => {
  const shape = { batchSize: 2, length: 5 };

  it("has the next response token as target and −1 elsewhere", () => {
    const [batch] = supervisedBatches([{ tokens: [5, 6, 7, 8], promptLength: 2 }], shape);
    assert.deepEqual(batch?.["ids"], Int32Array.of(5, 6, 7, 8, 0, 0, 0, 0, 0, 0));
    assert.deepEqual(batch["targets"], Int32Array.of(-1, 7, 8, -1, -1, -1, -1, -1, -1, -1));
    assert.deepEqual(batch["tokenWeight"], Float32Array.of(0.5));
  });

  it("keeps the end-of-text target when the same token also pads", () => {
    const [batch] = supervisedBatches([{ tokens: [5, 6, 0], promptLength: 1 }], shape);
    assert.deepEqual(batch?.["targets"]?.subarray(0, 5), Int32Array.of(6, 0, -1, -1, -1));
  });

  it("learns an example without prompt from its second token on", () => {
    const [batch] = supervisedBatches([{ tokens: [5, 6], promptLength: 0 }], shape);
    assert.deepEqual(batch?.["targets"]?.subarray(0, 5), Int32Array.of(6, -1, -1, -1, -1));
  });

  it("weighs every micro-batch by the response tokens of all", () => {
    const examples = [4, 3, 6].map((length) => ({ tokens: Array.from({ length }, () => 9), promptLength: 1 }));
    const batches = supervisedBatches(examples, shape);
    assert.equal(batches.length, 2);
    // 3 + 2 + 4 tokens: the third example is cut at 5 tokens.
    for (const batch of batches) assert.deepEqual(batch["tokenWeight"], Float32Array.of(1 / 9));
  });

  it("refuses a batch whose responses are all cut away", () => {
    assert.throws(() => supervisedBatches([{ tokens: [1, 2, 3, 4, 5, 6], promptLength: 5 }], shape), {
      name: "SequenceError",
      message: "supervised batch: no response token within 5 tokens; raise maxLength",
    });
  });
});

describe("pair batch", () => {
  it("stacks chosen over rejected, so that every last column is a last token", () => {
    const pairs = [{ chosen: [5, 6], rejected: [5, 7, 8], margin: 0.5 }];
    const [batch] = pairBatches(pairs, { batchSize: 1, length: 3 });
    assert.deepEqual(batch?.["ids"], Int32Array.of(0, 5, 6, 5, 7, 8));
    assert.deepEqual(batch["start"], Int32Array.of(1, 0));
    assert.deepEqual(batch["margin"], Float32Array.of(0.5));
    assert.deepEqual(batch["batchWeight"], Float32Array.of(1));
  });

  it("refuses pairs that do not fill the micro-batches, and sequences that do not fit", () => {
    const pair = { chosen: [1], rejected: [2] };
    assert.throws(() => pairBatches([pair, pair, pair], { batchSize: 2, length: 3 }), SequenceError);
    assert.throws(() => pairBatches([{ chosen: [1, 2], rejected: [] }], { batchSize: 1, length: 3 }), SequenceError);
    assert.throws(() => pairBatches([{ chosen: [1, 2], rejected: [1] }], { batchSize: 1, length: 1 }), SequenceError);
  });
});

describe("data order", () => {
  it("gives every example once per epoch, in another order each time", () => {
    const order = new DataOrder(20, 1);
    const epochs = [order.next(20), order.next(20)];
    for (const epoch of epochs) {
      assert.deepEqual(
        epoch.toSorted((a, b) => a - b),
        Array.from({ length: 20 }, (_, index) => index),
      );
    }
    assert.notDeepEqual(epochs[0], epochs[1]);
  });

  it("goes on at a saved position, whatever the batch size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(30), fc.integer({ min: 1, max: 20 }), (count, drawn, size) => {
        const order = new DataOrder(count, 5);
        order.next(drawn);
        const resumed = new DataOrder(count, 5, JSON.parse(JSON.stringify(order.state)) as DataPosition);
        assert.deepEqual(resumed.next(size), order.next(size));
      }),
    );
  });

  it("refuses a saved position beyond the end, where no example would ever come", () => {
    assert.throws(() => new DataOrder(3, 1, { epoch: 0, position: 4 }), { name: "SequenceError" });
    assert.deepEqual(new DataOrder(3, 1, { epoch: 0, position: 3 }).next(3).toSorted(), [0, 1, 2]);
  });

  it("refuses an empty data set", () => {
    assert.throws(() => new DataOrder(0, 1), { message: "data order: the data set is empty" });
  });
});
