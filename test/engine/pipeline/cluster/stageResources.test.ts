import assert from "node:assert/strict";
import { clusterSchema } from "../../../../engine/config/cluster.ts";
import { stageResources } from "../../../../engine/pipeline/cluster/cluster.ts";
import * as stages from "../../../../engine/pipeline/stages/index.ts";

describe("a stage's resources on a cluster", () => {
  it("can be set for every kind that uses a device, and for no other", () => {
    const settable = Object.keys(clusterSchema.shape.stages.unwrap().shape);
    const using = new Set(Object.values(stages).flatMap(({ kind, usesDevice }) => (usesDevice ? [kind] : [])));
    assert.deepEqual(settable.sort(), [...using].sort());
  });

  it("are those of its kind, then those of the training that it is a part of, then those of all", () => {
    const cluster = { cpus: 1, gpus: 1, stages: { rlhf: { cpus: 8 }, sft: { cpus: 4, gpus: 2 } } };
    assert.deepEqual(
      ["sft", "rlhf", "rung", "dpo", undefined].map((kind) => stageResources(cluster, kind).cpus),
      [4, 8, 8, 1, 1],
    );
    const own = { ...cluster, stages: { ...cluster.stages, rung: { cpus: 2 } } };
    assert.deepEqual(stageResources(own, "rung"), { cpus: 2, gpus: 1 });
  });
});
