import assert from "node:assert/strict";
import type { Backend } from "../../../engine/compute/backend.ts";
import {
  type HostTensor,
  DeviceWeights,
  initialize,
  parameterCount,
  parameters,
  selectWeights,
  withHeads,
} from "../../../engine/models/index.ts";
import { Random } from "../../../engine/training/index.ts";
import { ALL_BACKENDS, PICO, picoWeights } from "./pico.ts";

describe("weights", () => {
  it("are drawn with the config's spread, norms at 1 and biases at 0", () => {
    const weights = initialize({ ...PICO, hiddenSize: 64, initializerRange: 0.02 }, Random.of(1), [
      "language",
      "value",
    ]);
    const embeddings = weights.get("model.embed_tokens.weight")?.data ?? new Float32Array(0);
    const spread = Math.sqrt(embeddings.reduce((sum, x) => sum + x * x, 0) / embeddings.length);
    // Four standard errors of a deviation estimated from 19 · 64 numbers.
    assert.ok(Math.abs(spread - 0.02) < (4 * 0.02) / Math.sqrt(2 * embeddings.length));
    assert.ok(weights.get("model.norm.weight")?.data.every((x) => x === 1));
    assert.deepEqual(weights.get("v_head.bias")?.data, Float32Array.of(0));
  });

  it("have norms at 0 where they are stored as w − 1", () => {
    const weights = initialize({ ...PICO, normOffset: 1 }, Random.of(1));
    assert.ok(weights.get("model.layers.0.input_layernorm.weight")?.data.every((x) => x === 0));
  });

  it("keep their values when a head is added, and lose heads that are not asked for", () => {
    const weights = picoWeights();
    const reward = withHeads(weights, PICO, Random.of(2), ["score"]);
    assert.deepEqual([...reward.keys()], [...parameters(PICO, ["score"]).keys()]);
    for (const [name, tensor] of reward) if (name !== "score.weight") assert.equal(tensor, weights.get(name));
  });

  it("are counted like their elements", () => {
    const elements = [...picoWeights().values()].reduce((sum, { data }) => sum + data.length, 0);
    assert.equal(parameterCount(PICO), elements);
  });

  it("are selected from a checkpoint that holds more", () => {
    const more: [string, HostTensor] = ["extra", { shape: [1], data: Float32Array.of(1) }];
    const selected = selectWeights(new Map([more, ...picoWeights()]), parameters(PICO));
    assert.deepEqual([...selected.keys()], [...parameters(PICO).keys()]);
  });

  it("are refused when a tensor is missing or has another shape, naming it", () => {
    const weights = new Map(picoWeights());
    weights.set("model.norm.weight", { shape: [3], data: new Float32Array(3) });
    assert.throws(() => selectWeights(weights, parameters(PICO)), {
      name: "WeightsError",
      message: "load weights: model.norm.weight is [3] in the checkpoint, [16] by its config.json",
    });
    weights.delete("model.norm.weight");
    assert.throws(() => selectWeights(weights, parameters(PICO)), {
      message: "load weights: the checkpoint has no tensor model.norm.weight",
    });
  });

  for (const [name, open] of Object.entries(ALL_BACKENDS)) {
    describe(`on ${name}`, () => {
      let backend: Backend;
      before(async () => (backend = await open()));
      after(() => backend.close());

      it("come back from the device as they went", async () => {
        const device = DeviceWeights.upload(backend, picoWeights(1));
        assert.deepEqual(await device.read(), new Map(picoWeights(1)));
        device.write(picoWeights(2));
        assert.deepEqual(await device.read(), new Map(picoWeights(2)));
        assert.throws(() => {
          device.write(new Map());
        }, /model\.embed_tokens\.weight \[19, 16\] is missing or has another shape/);
        device.release();
      });

      it("bind under a prefix", () => {
        const device = DeviceWeights.upload(backend, picoWeights(1));
        assert.equal(device.bind("ref.")["ref.model.norm.weight"], device.buffers["model.norm.weight"]);
        device.release();
      });
    });
  }
});
