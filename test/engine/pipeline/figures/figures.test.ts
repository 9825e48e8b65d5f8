import assert from "node:assert/strict";
import { panelFigure, type XYPanel } from "../../../../engine/figures/index.ts";
import { type FigureFacts, PAPER_FIGURES, runFigures } from "../../../../engine/pipeline/figures/index.ts";
import { FIGURE_NAMES, type FigureName, nameFor } from "../../../../engine/protocol/figureNames.ts";
import { parseConfig } from "../../../../engine/config/index.ts";
import type { FigureState } from "../../../../engine/pipeline/figures/index.ts";
import type { StageState } from "../../../../engine/protocol/runState.ts";
import { tiny } from "../tinyRun.ts";
import { factsOf, PAPER_ARMS } from "./states.ts";
import { stageState } from "../../protocol/stageStates.ts";

const PAIRS = [
  { a: "salsa", b: "ppo", win: 30, loss: 20, tie: 50 },
  { a: "ppo", b: "salsa-3", win: 20, loss: 40, tie: 40 },
  { a: "mkl", b: "ppo", win: 20, loss: 20, tie: 60 },
  { a: "quarter", b: "ppo", win: 25, loss: 20, tie: 55 },
  { a: "other", b: "ppo", win: 10, loss: 30, tie: 60 },
  { a: "salsa", b: "sft-1", win: 40, loss: 20, tie: 40 },
  { a: "mkl", b: "sft-1", win: 30, loss: 20, tie: 50 },
];

async function stateOf(name: FigureName, facts: FigureFacts): Promise<FigureState> {
  const figure = PAPER_FIGURES.find((one) => one.name === name);
  assert.ok(figure !== undefined);
  return figure.draw(facts);
}

function panelOf({ spec }: FigureState, at = 0): XYPanel {
  const panel = spec?.panels[at];
  assert.ok(panel?.kind === "xy");
  return panel;
}

/** A finished training that recorded some metrics. */
function trained(
  facts: FigureFacts,
  arm: string,
  beta: number | undefined,
  values: Readonly<Record<string, number>>,
  kind = "rlhf",
): void {
  const id = `${arm} (β ${beta})`;
  const stage: StageState = {
    ...{ id, kind, title: "Training", product: arm, inputs: [], key: "k" },
    ...(beta === undefined ? { role: "result" } : { role: "candidate", beta }),
    ...{ status: "finished", step: 20, total: 20 },
  };
  facts.state.stages.push(stage);
  facts.state.metrics[id] = Object.fromEntries(
    Object.entries(values).map(([metric, value]) => {
      const steps = Array.from({ length: 20 }, (_, step) => step + 1);
      // Only the last tenth, the last two, is what they ended at.
      return [
        metric,
        { steps, times: steps, values: steps.map((step) => (step > 18 ? value + 0.1 * (step - 19.5) : 99)) },
      ];
    }),
  );
}

describe("the list of the paper's figures", () => {
  it("has those that the command knows, under their numbers", () => {
    assert.deepEqual(
      PAPER_FIGURES.map(({ name }) => name),
      Object.keys(FIGURE_NAMES),
    );
    for (const [word, name] of [
      ["2A", "line"],
      ["2b", "line"],
      ["2c", "plane"],
      ["a.4", "collapse"],
      ["winrates", "winRates"],
    ] as const)
      assert.equal(nameFor(FIGURE_NAMES, word), name);
  });

  it("says of a run that has nothing what each needs, and its snippets are configs", async () => {
    const bare = { arms: { ppo: { reference: "sft-1" } }, soups: {}, sft: { seeds: [1] } };
    for (const { figure, spec, lacks } of await runFigures(factsOf(bare))) {
      assert.equal(spec, undefined, figure.name);
      assert.ok(lacks.length > 0, figure.name);
      for (const { what, snippet } of lacks) {
        assert.ok(!what.endsWith("."), what);
        if (snippet === undefined) continue;
        const added = JSON.parse(`{${snippet}}`) as Record<string, object>;
        const merged = Object.fromEntries(
          [...new Set([...Object.keys(bare), ...Object.keys(added)])].map((section) => {
            return [section, { ...(bare as Record<string, object>)[section], ...added[section] }];
          }),
        );
        const sft = { seeds: [1, 2, 3], ...added["sft"] };
        const written = tiny({ ...merged, sft });
        parseConfig(JSON.stringify(written), "/n/tiny.salsa.json", { folder: "/n", exists: () => true });
      }
    }
  });

  it("draws with n, interval and seeds in every caption", async () => {
    const facts = factsOf(PAPER_ARMS, PAIRS);
    const drawn = (await runFigures(facts)).flatMap(({ figure, spec }) =>
      spec === undefined ? [] : [{ figure, spec }],
    );
    assert.deepEqual(
      drawn.map(({ figure }) => figure.name),
      ["winRates", "alpha", "mkl", "members"],
    );
    for (const { figure, spec } of drawn) {
      assert.match(spec.caption, /n = 100/, figure.name);
      assert.match(spec.caption, /95 %/, figure.name);
      assert.match(spec.caption, /one base seed/i, figure.name);
      assert.ok(panelFigure(spec).spots.length > 1);
    }
  });
});

describe("figure 1", () => {
  it("has bars of both sides, which add up to 100 %", async () => {
    const { spec, lacks } = await stateOf("winRates", factsOf(PAPER_ARMS, PAIRS));
    const [panel] = spec?.panels ?? [];
    assert.ok(panel?.kind === "bars");
    assert.deepEqual(
      panel.groups.map(({ name, bars }) => [name, bars.map((bar) => [bar.name, bar.value])]),
      [
        [
          "inDistribution",
          [
            ["salsa", 0.55],
            ["ppo", 0.45],
          ],
        ],
      ],
    );
    assert.deepEqual(lacks, []);
  });
});

describe("figure 4a", () => {
  it("orders arms by α between PPO and the other SFT", async () => {
    const state = await stateOf("alpha", factsOf(PAPER_ARMS, PAIRS));
    const [series] = panelOf(state).series;
    assert.deepEqual(
      series?.points.map(({ x, value, label }) => [x, value, label]),
      [
        [0, 0.5, "ppo"],
        [0.25, 0.525, "quarter"],
        [0.5, 0.55, "salsa"],
        [1, 0.4, "other"],
      ],
    );
  });

  it("says which α and which β are missing", async () => {
    const { lacks } = await stateOf("alpha", factsOf(PAPER_ARMS, PAIRS));
    assert.deepEqual(
      lacks.map(({ what }) => what),
      [
        "No arm has its reference at α = 0.75",
        "β is not tuned for ppo, quarter, salsa, other: in the paper, each α has its own",
      ],
    );
    assert.match(
      lacks[0]?.snippet ?? "",
      /"soup75": \{ "method": "linear", "of": \["sft-1", "sft-2"\], "alpha": 0.75 \}/,
    );
  });
});

describe("figure 5", () => {
  it("counts the SFTs of each soup, from PPO on", async () => {
    const [series] = panelOf(await stateOf("members", factsOf(PAPER_ARMS, PAIRS))).series;
    assert.deepEqual(
      series?.points.map(({ x, value }) => [x, value]),
      [
        [1, 0.5],
        [2, 0.55],
        [3, 0.6],
      ],
    );
  });
});

describe("figure 3", () => {
  it("shares its bins among policies, and marks each mean", async () => {
    const facts = factsOf(PAPER_ARMS);
    const rewards: Readonly<Record<string, readonly number[]>> = { a: [0, 1, 2, 3], b: [2, 3, 4, 5] };
    for (const [key, product] of [
      ["a", "ppo"],
      ["b", "salsa"],
    ] as const) {
      facts.state.stages.push({
        ...{ id: key, kind: "answers", title: "Answers", product, role: "result", benchmark: "inDistribution" },
        ...{ inputs: [], key, status: "finished", step: 1, total: 1 },
      });
    }
    const answers: FigureFacts["answers"] = ({ key }) =>
      Promise.resolve({ rewards: rewards[key] ?? [], lengths: [], repetitions: [] });
    const panel = panelOf(await stateOf("rewards", { ...facts, answers }));
    const [ppo, salsa] = panel.series;
    assert.deepEqual([ppo?.name, salsa?.name], ["ppo", "salsa"]);
    assert.deepEqual(
      ppo?.points.map(({ x }) => x),
      salsa?.points.map(({ x }) => x),
    );
    for (const { points } of panel.series)
      assert.ok(Math.abs(points.reduce((sum, { value }) => sum + value, 0) - 1) < 1e-12);
    assert.deepEqual(
      panel.marks?.map(({ at, color }) => [at, color]),
      [
        [1.5, 0],
        [3.5, 1],
      ],
    );
  });
});

describe("the front of reward and KL, and appendix A.4", () => {
  const facts = factsOf({
    ...PAPER_ARMS,
    arms: { ppo: { reference: "sft-1", beta: [0.01, 0.2] }, salsa: { reference: "soup", beta: [0.01, 0.2] } },
  });
  for (const [arm, beta, kl] of [
    ["ppo", 0.01, 30],
    ["ppo", 0.2, 5],
    ["salsa", 0.01, 40],
  ] as const) {
    trained(facts, arm, beta, {
      "objective/kl": kl,
      "objective/score": kl / 10,
      "rollout/length": 12 - kl / 10,
      "policy/entropy": 1,
    });
  }

  it("go by the last tenth of the iterations, in the order of KL", async () => {
    const state = await stateOf("front", facts);
    const { series } = panelOf(state);
    assert.deepEqual(
      series.map(({ name, color, points }) => [
        name,
        color,
        points.map(({ x, value, label }) => [x, Number(value.toFixed(9)), label]),
      ]),
      [
        [
          "ppo",
          0,
          [
            [5, 0.5, "β 0.2"],
            [30, 3, "β 0.01"],
          ],
        ],
        ["salsa", 1, [[40, 4, "β 0.01"]]],
      ],
    );
    // Two iterations of 8 rollouts.
    assert.equal(series[0]?.points[0]?.n, 16);
    assert.match(state.lacks[0]?.what ?? "", /Fewer than three β/);
  });

  it("have arms by DPO, which make no rollouts: by their own answers, and without those by name", async () => {
    const dpo = factsOf({
      ...PAPER_ARMS,
      arms: {
        ppo: { reference: "sft-1", beta: [0.01, 0.1, 0.2] },
        direct: { method: "dpo", reference: "sft-1", beta: [0.1, 0.4] },
        once: { method: "dpo", reference: "soup", beta: 0.2 },
      },
    });
    for (const beta of [0.01, 0.1, 0.2]) trained(dpo, "ppo", beta, { "objective/kl": 5, "objective/score": 2 });
    const sampled = { "rollout/length": 9, "policy/entropy": 0.5 };
    for (const beta of [0.1, 0.4]) trained(dpo, "direct", beta, { "objective/kl": 1 / beta, ...sampled }, "dpo");
    trained(dpo, "once", undefined, { "objective/kl": 3, ...sampled }, "dpo");
    const answered = (product: string, more: object): StageState => {
      const key = `${product} ${JSON.stringify(more)}`;
      return stageState(key, { kind: "answers", product, role: "result", key, ...more });
    };
    const ofBeta = { role: "validation", benchmark: "validation" } as const;
    dpo.state.stages.push(
      answered("direct", { ...ofBeta, beta: 0.1 }),
      answered("direct", { ...ofBeta, beta: 0.4 }),
      answered("direct", { benchmark: "inDistribution" }),
      answered("once", { benchmark: "inDistribution" }),
      answered("once", { benchmark: "outOfDistribution" }),
    );
    const rewards: Readonly<Record<string, readonly number[]>> = {
      [answered("direct", { ...ofBeta, beta: 0.1 }).key]: [1, 2, 3],
      [answered("once", { benchmark: "inDistribution" }).key]: [4, 6],
    };
    const facts: FigureFacts = {
      ...dpo,
      answers: ({ key }) => {
        const own = rewards[key];
        const numbers = own && { rewards: own, lengths: own, repetitions: own.map(() => 0.25) };
        return Promise.resolve(numbers);
      },
    };
    const state = await stateOf("front", facts);
    assert.deepEqual(
      panelOf(state).series.map(({ name, points }) => [
        name,
        ...points.map(({ x, value, n, label }) => [Number(x.toFixed(9)), Number(value.toFixed(9)), n, label]),
      ]),
      [
        ["ppo", ...[0.01, 0.1, 0.2].map((beta) => [5, 2, 16, `β ${beta}`])],
        ["direct", [10, 2, 3, "β 0.1"]],
        ["once", [3, 5, 2, undefined]],
      ],
    );
    assert.match(
      state.spec?.caption ?? "",
      /DPO makes no rollouts: of direct, once, the KL is that of the answers that training/,
    );
    const lacks = state.lacks.map(({ what }) => what);
    assert.ok(
      lacks.includes("direct, which makes no rollouts, has no answers with β 0.4 that the reward model scored"),
    );
    const [few] = state.lacks.filter(({ what }) => what.startsWith("Fewer than three β"));
    assert.match(few?.snippet ?? "", /"direct": \{ "method": "dpo", "init": "sft-1", "reference": "sft-1"/);

    const { spec } = await stateOf("collapse", facts);
    assert.deepEqual(
      spec?.panels.map((panel) => [
        panel.title,
        panel.kind === "xy" && panel.series.map(({ name, points }) => [name, points.length]),
      ]),
      [
        ["Length", [["direct", 2]]],
        ["Repetition", [["direct", 1]]],
        ["Entropy", [["direct", 2]]],
      ],
    );
    // Without an arm by DPO, nothing of it is said.
    assert.ok(!(await stateOf("front", { ...facts, roles: facts.roles.slice(0, 1) })).spec?.caption.includes("DPO"));
  });

  it("show length and entropy by β, and name the arms whose ends were not tried", async () => {
    const state = await stateOf("collapse", facts);
    assert.deepEqual(
      state.spec?.panels.map(({ title }) => title),
      ["Length", "Entropy"],
    );
    const { series, x } = panelOf(state);
    assert.equal(x.isLog, true);
    assert.deepEqual(
      series[0]?.points.map((point) => [point.x, Number(point.value.toFixed(9))]),
      [
        [0.01, 9],
        [0.2, 11.5],
      ],
    );
    assert.match(state.lacks[0]?.what ?? "", /Neither a small nor a large β was tried for ppo, salsa/);
  });
});
