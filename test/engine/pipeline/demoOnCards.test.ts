import assert from "node:assert/strict";
import { CudaBackend } from "../../../engine/compute/backends/cuda/backend.ts";
import { createWasmBackend } from "../../../engine/compute/backends/wasm/index.ts";
import { interpreter } from "../../ptx/driver.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { type StageDevices, makeStages } from "./stagesOn.ts";
import { resolved } from "./tinyRun.ts";

/** The demo's own models, losses and rewards, with few steps of small batches: the interpreter takes a second for each. */
const DEMO = {
  preset: "miniinstruct",
  name: "tiny",
  model: { pretrain: { steps: 2, batchSize: 2 } },
  sft: { seeds: [1, 2], examples: 16, steps: 2, batchSize: 2 },
  reward: { pairs: 8, epochs: 1, batchSize: 4 },
  soups: { soup3: null },
  rlhf: { iterations: 1, batchSize: 4, minibatchSize: 2, ppoEpochs: 1, maxNewTokens: 6 },
  arms: { "salsa-3": null, mkl: null },
  evaluation: { prompts: 4, validationPrompts: 4 },
};

const KINDS = ["base", "sft", "soup", "preferences", "reward", "rlhf"];

/** Of the machine, not of the training. */
const OF_MACHINE = /^(?:process|device|throughput)\//;

/**
 * Both backends sum the same f32 products in other orders: 2e-6 at most of some 200 values, each relative
 * where it is above 1. A wrong kernel is off by more than a hundredth.
 */
const TOLERANCE = 1e-4;

/** Values of every metric that training has, by stage, name and step. */
async function metricsOn(root: string, on: Omit<StageDevices, "kinds">): Promise<ReadonlyMap<string, number>> {
  const { error, events } = await makeStages(resolved(DEMO, root), { ...on, kinds: KINDS });
  assert.equal(error, undefined);
  return new Map(
    events.flatMap((event) =>
      event.kind === "metrics"
        ? Object.entries(event.values).flatMap(([name, value]) =>
            value === null || OF_MACHINE.test(name)
              ? []
              : [[`${event.stage} ${name} at ${event.step}`, value] as const],
          )
        : [],
    ),
  );
}

describe("the demo's stages on a card", function () {
  this.timeout(600_000);

  it("have the losses, rewards, KL and gradients that they have on wasm: from the base model to an iteration of SALSA", () =>
    inTemporaryFolder(async (cardRoot) =>
      inTemporaryFolder(async (wasmRoot) => {
        const card = { name: "cuda", revision: 1, build: "sm_80" };
        const onCard = await metricsOn(cardRoot, {
          devices: [() => new CudaBackend(interpreter.open(0))],
          backend: card,
        });
        const onWasm = await metricsOn(wasmRoot, {
          devices: [() => createWasmBackend({ threads: 1 })],
          backend: { name: "wasm", revision: 1 },
        });
        assert.deepEqual([...onCard.keys()].sort(), [...onWasm.keys()].sort());
        for (const stage of ["base", "sft-1", "reward", "salsa"])
          assert.ok(
            [...onCard.keys()].some((name) => name.includes(`${stage} `)),
            stage,
          );
        const off = [...onCard].filter(([name, value]) => {
          const wanted = onWasm.get(name) ?? NaN;
          return !(Math.abs(value - wanted) <= TOLERANCE * Math.max(1, Math.abs(wanted)));
        });
        assert.deepEqual(
          off.map(([name, value]) => `${name}: ${value}, on wasm ${onWasm.get(name)}`),
          [],
        );
      }),
    ));
});
