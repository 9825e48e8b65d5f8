import assert from "node:assert/strict";
import type { StageState, StageStatus } from "../../../engine/protocol/runState.ts";
import { pipelineOf, type PipelineNode, shownEdges } from "../../../webview/pipeline/graph.ts";
import { configOf, stagesOf } from "../recording.ts";
import { stageState } from "../../engine/protocol/stageStates.ts";

const staged = (id: string, status: StageStatus = "waiting"): StageState => stageState(id, { status });

function nodesOf(changes: Readonly<Record<string, unknown>> = {}): readonly PipelineNode[] {
  const config = configOf(changes);
  return (
    pipelineOf(
      stagesOf(config).map((name) => staged(name)),
      config,
    )[0]?.nodes ?? []
  );
}

function found(nodes: readonly PipelineNode[], id: string): PipelineNode {
  const node = nodes.find((one) => one.id === id);
  assert.ok(node, `no node ${id}`);
  return node;
}

describe("pipelineOf", () => {
  it("has one node a model, and one each for a benchmark's answers and judgments", () => {
    const ids = nodesOf({ evaluation: { benchmarks: ["inDistribution"] } }).map(({ id }) => id);
    const trained = [
      "base",
      "sft-1",
      "sft-2",
      "sft-3",
      "preferences",
      "reward",
      "soup",
      "soup3",
      "ppo",
      "salsa",
      "salsa-3",
      "mkl",
    ];
    assert.deepEqual(ids, [...trained, "answers inDistribution", "judgments inDistribution"]);
  });

  it("knows what each model is made from", () => {
    const nodes = nodesOf();
    assert.deepEqual(found(nodes, "sft-2").uses, ["base"]);
    assert.deepEqual(found(nodes, "reward").uses, ["sft-1", "preferences"]);
    assert.deepEqual(found(nodes, "soup").uses, ["sft-1", "sft-2"]);
    assert.deepEqual(found(nodes, "salsa").uses, ["sft-1", "soup", "reward"]);
    assert.deepEqual(found(nodes, "mkl").reference, ["sft-1", "sft-2"]);
    assert.deepEqual(found(nodes, "judgments inDistribution").uses, ["answers inDistribution"]);
  });

  it("lets a soup that is chosen by rewards wait for the reward model", () => {
    const soups = { soup: { method: "greedy", of: ["sft-1", "sft-2"], score: "reward" } };
    assert.deepEqual(found(nodesOf({ soups, arms: { salsa: { reference: "soup" } } }), "soup").uses, [
      "sft-1",
      "sft-2",
      "reward",
    ]);
  });

  it("puts candidates and their choosing into their arm", () => {
    const arm = found(
      nodesOf({ arms: { ppo: { reference: "sft-1", beta: [0.1, 0.4] }, salsa: { reference: "soup" } } }),
      "ppo",
    );
    assert.equal(arm.kind, "arm");
    assert.deepEqual(
      arm.candidates.map(({ label, stages }) => [label, stages.length]),
      [
        ["β 0.1", 2],
        ["β 0.4", 2],
      ],
    );
    assert.equal(arm.stages.length, 5);
  });

  it("makes a lane of each base seed", () => {
    const config = configOf({ seeds: [3, 5] });
    const lanes = pipelineOf(
      stagesOf(config).map((name) => staged(name)),
      config,
    );
    assert.deepEqual(
      lanes.map(({ seed }) => seed),
      [3, 5],
    );
    assert.deepEqual(
      lanes[0]?.nodes.map(({ id }) => id),
      lanes[1]?.nodes.map(({ id }) => id),
    );
  });

  it("adds up the states of a node's stages", () => {
    const answers = (...statuses: readonly StageStatus[]): PipelineNode | undefined =>
      pipelineOf(
        statuses.map((status, at) => staged(`m${at} on b`, status)),
        undefined,
      )[0]?.nodes[0];
    assert.equal(answers("cached", "cached")?.status, "cached");
    assert.equal(answers("cached", "finished")?.status, "finished");
    assert.equal(answers("finished", "waiting")?.status, "waiting");
    assert.equal(answers("finished", "running", "waiting")?.status, "running");
    assert.equal(answers("failed", "running")?.status, "failed");
    assert.equal(answers("finished", "cached", "waiting")?.nDone, 2);
  });

  it("draws what names alone tell while the config is not known", () => {
    const nodes =
      pipelineOf(
        ["base", "sft-1", "reward", "salsa"].map((name) => staged(name)),
        undefined,
      )[0]?.nodes ?? [];
    assert.deepEqual(
      nodes.map(({ kind }) => kind),
      ["base", "sft", "reward", "other"],
    );
    assert.deepEqual(nodes.at(-1)?.uses, ["reward"]);
  });
});

describe("shownEdges", () => {
  it("leaves out what longer ways stand for", () => {
    const edges = shownEdges(nodesOf()).map((edge) => edge.join(" "));
    assert.ok(edges.includes("sft-1 preferences"));
    assert.ok(edges.includes("preferences reward"));
    assert.ok(edges.includes("soup salsa"));
    // By way of the pairs, the reward model and the soup.
    assert.ok(!edges.includes("sft-1 reward"));
    assert.ok(!edges.includes("sft-1 salsa"));
    assert.ok(!edges.includes("base answers inDistribution"));
  });
});
