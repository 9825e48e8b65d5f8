import assert from "node:assert/strict";
import type { RunConfig } from "../../../engine/config/index.ts";
import type { StageState, StageStatus } from "../../../engine/protocol/runState.ts";
import { pipelineOf, type PipelineNode, shownEdges } from "../../../webview/pipeline/graph.ts";
import { choiceOf } from "../../../webview/pipeline/candidates.ts";
import { workOf } from "../../../webview/pipeline/nodeText.ts";
import { demoRun, stateOf } from "../fixtures.ts";
import { configOf, recording, stagesOf } from "../recording.ts";
import { stageState } from "../../engine/protocol/stageStates.ts";

const staged = (id: string, status: StageStatus = "waiting"): StageState => stageState(id, { status });

/** Stages as a run announces them. */
function announced(config: RunConfig): readonly StageState[] {
  return stagesOf(config).map((info) => ({ ...stageState(info.id), ...info }));
}

function nodesOf(changes: Readonly<Record<string, unknown>> = {}): readonly PipelineNode[] {
  const config = configOf(changes);
  return pipelineOf(announced(config), config)[0]?.nodes ?? [];
}

/** Names of the nodes that a node is made from. */
function usesOf(nodes: readonly PipelineNode[], name: string): readonly string[] {
  const { uses } = found(nodes, name);
  return uses.map((id) => nodes.find((one) => one.id === id)?.name ?? "");
}

function found(nodes: readonly PipelineNode[], name: string, kind?: PipelineNode["kind"]): PipelineNode {
  const node = nodes.find((one) => one.name === name && (kind === undefined || one.kind === kind));
  assert.ok(node, `no node ${name}`);
  return node;
}

describe("pipelineOf", () => {
  it("has a node for each of several reward models, and one for their mean", () => {
    const nodes = nodesOf({ reward: { seeds: [1, 2] } });
    const rewards = nodes.filter(({ kind }) => kind === "reward");
    assert.deepEqual(
      rewards.map(({ name }) => name),
      ["reward-1", "reward-2", "reward"],
    );
    assert.deepEqual(usesOf(nodes, "reward").toSorted(), ["preferences", "reward-1", "reward-2"]);
  });

  it("has parts of a training in their arm's node, which is dropped with the arm, and a rung's verdicts apart", () => {
    const part = { ...staged("salsa", "finished"), id: "a", kind: "rung", product: "salsa", rung: 1 } as const;
    const dropped = { ...staged("salsa", "dropped"), kind: "rlhf", product: "salsa", inputs: ["a", "v"] };
    const verdict = { ...part, id: "v", kind: "halving", product: "of", inputs: ["a"] };
    const validation = { role: "validation" } as const;
    const stages = [{ ...part, ...validation }, { ...verdict, ...validation }, dropped];
    const nodes = pipelineOf(stages, undefined)[0]?.nodes ?? [];
    assert.deepEqual(
      nodes.map(({ name, kind, status, candidates, uses }) => [name, kind, status, candidates.length, uses.length]),
      [
        ["salsa", "arm", "dropped", 0, 0],
        ["of", "other", "finished", 0, 1],
      ],
    );
  });

  it("has one node a model, and one each for a benchmark's answers and judgments", () => {
    const nodes = nodesOf({ evaluation: { benchmarks: ["inDistribution"] } });
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
    assert.deepEqual(
      nodes.map(({ name }) => name),
      [...trained, "inDistribution", "inDistribution"],
    );
    assert.deepEqual(
      nodes.slice(-3).map(({ kind }) => kind),
      ["arm", "answers", "judgments"],
    );
  });

  it("has an edge for each result that a stage was given", () => {
    const nodes = nodesOf();
    assert.deepEqual(usesOf(nodes, "sft-2"), ["base"]);
    assert.deepEqual(usesOf(nodes, "reward"), ["sft-1", "preferences"]);
    assert.deepEqual(usesOf(nodes, "soup"), ["sft-1", "sft-2"]);
    assert.deepEqual(usesOf(nodes, "salsa"), ["sft-1", "soup", "reward"]);
    assert.deepEqual(found(nodes, "mkl").reference, ["sft-1", "sft-2"]);
    const { uses } = found(nodes, "inDistribution", "judgments");
    assert.deepEqual(uses, [found(nodes, "inDistribution", "answers").id]);
  });

  it("lets a soup that is chosen by rewards wait for the reward model", () => {
    const soups = { soup: { method: "greedy", of: ["sft-1", "sft-2"], score: "reward" } };
    const nodes = nodesOf({ soups, arms: { salsa: { reference: "soup" } } });
    assert.deepEqual(usesOf(nodes, "soup"), ["sft-1", "sft-2", "reward"]);
  });

  it("keeps a soup or an arm apart from the stage whose name it has", () => {
    const reward = stageState("reward", { kind: "reward" });
    const soup = stageState("soup of reward", { kind: "soup", product: "reward", inputs: ["reward"] });
    const nodes = pipelineOf([reward, soup], undefined)[0]?.nodes ?? [];
    assert.deepEqual(
      nodes.map(({ kind, name }) => [kind, name]),
      [
        ["reward", "reward"],
        ["soup", "reward"],
      ],
    );
    assert.deepEqual(nodes[1]?.uses, [nodes[0]?.id]);
  });

  it("draws a stage that it does not know by its title", () => {
    const merge = stageState("merge", { kind: "merge", title: "Merge", inputs: ["sft-1"] });
    const [node] = pipelineOf([staged("sft-1"), merge], undefined)[0]?.nodes.slice(1) ?? [];
    assert.ok(node);
    assert.equal(workOf(node, undefined), "Merge");
    assert.equal(node.uses.length, 1);
  });

  it("draws a stage that it does not know, of a benchmark, apart from the answers to it", () => {
    const answers = stageState("ppo on mine", { kind: "answers", product: "ppo", benchmark: "mine" });
    const counted = stageState("ppo counted", {
      ...{ kind: "count", title: "Count of answers", product: "ppo", benchmark: "mine", inputs: [answers.id] },
    });
    const nodes = pipelineOf([answers, counted], undefined)[0]?.nodes ?? [];
    assert.deepEqual(
      nodes.map(({ kind, name, uses }) => [kind, name, uses]),
      [
        ["answers", "mine", []],
        ["other", "mine", [nodes[0]?.id]],
      ],
    );
  });

  it("puts candidates and their choosing into their arm", () => {
    const arm = found(
      nodesOf({ arms: { ppo: { reference: "sft-1", beta: [0.1, 0.4] }, salsa: { reference: "soup" } } }),
      "ppo",
    );
    assert.equal(arm.kind, "arm");
    assert.deepEqual(
      arm.candidates.map(({ beta, stages }) => [beta, stages.length]),
      [
        [0.1, 2],
        [0.4, 2],
      ],
    );
    assert.equal(arm.stages.length, 5);
  });

  it("makes a lane of each base seed", () => {
    const config = configOf({ seeds: [3, 5] });
    const lanes = pipelineOf(announced(config), config);
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

  it("draws the stages alone of an old log whose config is not there", () => {
    const nodes =
      pipelineOf(
        ["base", "sft-1", "reward", "salsa"].map((id) => staged(id)),
        undefined,
      )[0]?.nodes ?? [];
    assert.deepEqual(
      nodes.map(({ kind, uses }) => [kind, uses.length]),
      [
        ["base", 0],
        ["sft", 0],
        ["reward", 0],
        ["other", 0],
      ],
    );
  });
});

describe("the graph of an old log", () => {
  const cases: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    "of the usual recipe": {},
    "with candidates for β": { arms: { ppo: { reference: "sft-1", beta: [0.1, 0.4] }, salsa: { reference: "soup" } } },
    "with several base seeds": { seeds: [3, 5] },
    "with a soup by rewards": {
      soups: { soup: { method: "greedy", of: ["sft-1", "sft-2"], score: "reward" } },
      arms: { salsa: { reference: "soup" } },
    },
  };
  /** The nodes with their edges, in any order, as far as a person sees them. */
  const drawn = (isLegacy: boolean, changes: Readonly<Record<string, unknown>>): unknown => {
    const config = configOf(changes);
    const { stages } = stateOf({ ...demoRun(), events: recording({ config, steps: 2, isLegacy }) });
    return pipelineOf(stages, config).map(({ seed, nodes }) => ({
      seed,
      nodes: nodes.map(({ id, kind, name, candidates, uses }) => ({
        id,
        kind,
        name,
        betas: candidates.map(({ beta }) => beta),
        uses: [...uses].sort(),
      })),
      edges: shownEdges(nodes).map(String).sort(),
    }));
  };
  for (const [title, changes] of Object.entries(cases)) {
    it(`is the one that the run announces today: ${title}`, () => {
      assert.deepEqual(drawn(true, changes), drawn(false, changes));
    });
  }

  it("is known before its stages have keys", () => {
    const config = configOf();
    const old = stagesOf(config).map(({ id }) => staged(id));
    const edges = (stages: readonly StageState[]): unknown =>
      pipelineOf(stages, config).flatMap(({ nodes }) => shownEdges(nodes).map(String).sort());
    assert.deepEqual(edges(old), edges(announced(config)));
  });
});

describe("choiceOf", () => {
  it("reads the chosen β and the scores of the candidates", () => {
    const arms = { ppo: { reference: "sft-1", beta: [0.1, 0.4] } };
    const ppo = found(nodesOf({ arms }), "ppo");
    const values: Readonly<Record<string, number>> = {
      "ppo choice/beta": 0.4,
      "ppo (β 0.1) on validation validation/score": 1.1,
      "ppo (β 0.4) on validation validation/score": 1.4,
    };
    const { chosen, scores } = choiceOf(ppo, (stage, metric) => values[`${stage} ${metric}`]);
    assert.equal(chosen, 0.4);
    // The judge's scores, by which the β was chosen, come before the gold scores of the answers.
    const judged: Readonly<Record<string, number>> = {
      ...values,
      "ppo choice/score/0.1": 2,
      "ppo choice/score/0.4": 3,
    };
    const byJudge = choiceOf(ppo, (stage, metric) => judged[`${stage} ${metric}`]);
    assert.deepEqual([...byJudge.scores.values()], [2, 3]);
    assert.deepEqual(
      [...scores],
      [
        [0.1, 1.1],
        [0.4, 1.4],
      ],
    );
    assert.equal(workOf(ppo, chosen), "RLHF · β 0.4 · ref sft-1");
  });
});

describe("shownEdges", () => {
  it("leaves out what longer ways stand for", () => {
    const nodes = nodesOf();
    const nameOf = (id: string): string | undefined => nodes.find((one) => one.id === id)?.name;
    const edges = shownEdges(nodes).map((edge) => edge.map(nameOf).join(" "));
    assert.ok(edges.includes("sft-1 preferences"));
    assert.ok(edges.includes("preferences reward"));
    assert.ok(edges.includes("soup salsa"));
    // By way of the pairs, the reward model and the soup.
    assert.ok(!edges.includes("sft-1 reward"));
    assert.ok(!edges.includes("sft-1 salsa"));
    assert.ok(!edges.includes("base inDistribution"));
  });
});
