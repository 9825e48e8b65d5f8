import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type RunConfig, configAt, jsonSchema, parseConfig, variantsOf } from "../../../../engine/config/index.ts";
import { combinationsOf, likePairs, productName } from "../../../../engine/config/sweeps/products.ts";
import { FILE, describeMistakes, issuesOf, onlyIssue, withTask } from "../issues.ts";
import { schemaValidator } from "../validator.ts";

const SOUP = '"soups": { "soup": { "method": "linear", "alpha": { "grid": [0.3, 0.5] } } }';

function configOf(...lines: readonly string[]): RunConfig {
  return parseConfig(withTask(...lines), FILE);
}

describe("a grid in a config", () => {
  it("makes an arm of each combination of the arm's values and those of the soup that it names", () => {
    const config = configOf(
      SOUP,
      '"arms": { "ppo": {}, "salsa": { "reference": "soup", "beta": { "grid": [0.05, 1e-7] } } }',
    );
    const found = Object.entries(config.arms).map(([name, { betas, reference }]) => [name, betas, reference]);
    assert.deepEqual(found, [
      ["ppo", [0.2], ["sft-1"]],
      ["salsa_beta0.05_alpha0.3", [0.05], ["soup_alpha0.3"]],
      ["salsa_beta0.05_alpha0.5", [0.05], ["soup_alpha0.5"]],
      ["salsa_beta1e-7_alpha0.3", [1e-7], ["soup_alpha0.3"]],
      ["salsa_beta1e-7_alpha0.5", [1e-7], ["soup_alpha0.5"]],
    ]);
    assert.deepEqual(Object.keys(config.soups), ["soup_alpha0.3", "soup_alpha0.5"]);
    assert.deepEqual(config.sweep?.["salsa_beta1e-7_alpha0.3"], { of: "salsa", values: { beta: 1e-7, alpha: 0.3 } });
  });

  it("resolves each arm to what it is when written by itself", () => {
    const { arms } = configOf('"arms": { "salsa": { "reference": "soup", "learningRate": { "grid": [1e-5, 2e-5] } } }');
    const alone = configOf('"arms": { "salsa": { "reference": "soup", "learningRate": 2e-5 } }');
    assert.deepEqual(arms["salsa_learningRate0.00002"], alone.arms["salsa"]);
  });

  it("in rlhf holds for the arms that read the setting and have none of their own", () => {
    const own = '"arms": { "a": {}, "b": { "clipRange": 0.3 }, "c": { "method": "dpo" } }';
    const { arms } = configOf('"rlhf": { "clipRange": { "grid": [0.1, 0.2] } }', own);
    assert.deepEqual(Object.keys(arms), ["a_clipRange0.1", "a_clipRange0.2", "b", "c"]);
  });

  it("in rlhf holds for the arms that stand in where none are written", () => {
    const { arms, sweep } = configOf('"rlhf": { "beta": { "logRange": { "from": 0.01, "to": 1, "count": 4 } } }');
    const values = ["0.01", "0.0464", "0.215", "1"];
    const names = ["ppo", "salsa"].flatMap((arm) => values.map((value) => `${arm}_beta${value}`));
    assert.deepEqual(Object.keys(arms), names);
    assert.deepEqual(Object.keys(sweep ?? {}), names);
  });

  it("spaces whole numbers of a range for a setting that is whole", () => {
    const { arms } = configOf('"arms": { "a": { "ppoEpochs": { "logRange": { "from": 1, "to": 10, "count": 4 } } } }');
    assert.deepEqual(
      Object.values(arms).map(({ ppoEpochs }) => ppoEpochs),
      [1, 2, 5, 10],
    );
  });

  it("compares like with like, and each with the others where they share no axis", () => {
    const { evaluation } = configOf('"rlhf": { "beta": { "grid": [0.1, 0.2] } }', SOUP);
    const against = evaluation.pairs.filter(([, b]) => b.startsWith("ppo"));
    assert.deepEqual(against, [
      ["salsa_beta0.1_alpha0.3", "ppo_beta0.1"],
      ["salsa_beta0.1_alpha0.5", "ppo_beta0.1"],
      ["salsa_beta0.2_alpha0.3", "ppo_beta0.2"],
      ["salsa_beta0.2_alpha0.5", "ppo_beta0.2"],
    ]);
    const all = {
      a1: { of: "a", values: { x: 1 } },
      b2: { of: "b", values: { x: 2 } },
      b3: { of: "b", values: { x: 3 } },
    };
    assert.deepEqual(likePairs(["a1"], ["b2", "b3"], all), [
      ["a1", "b2"],
      ["a1", "b3"],
    ]);
  });

  it("stands for all its arms in a written comparison, where one of them may be named, too", () => {
    const grid = '"arms": { "ppo": {}, "salsa": { "reference": "soup", "beta": { "grid": [0.1, 0.2] } } }';
    const { evaluation } = configOf(grid, '"evaluation": { "pairs": [["salsa", "ppo"], ["salsa_beta0.1", "base"]] }');
    assert.deepEqual(evaluation.pairs, [
      ["salsa_beta0.1", "ppo"],
      ["salsa_beta0.2", "ppo"],
      ["salsa_beta0.1", "base"],
    ]);
  });

  it("stands for its one arm in a written comparison, where a grid has one value", () => {
    const grid = '"arms": { "ppo": {}, "salsa": { "reference": "soup", "beta": { "grid": [0.1] } } }';
    const { evaluation } = configOf(grid, '"evaluation": { "pairs": [["salsa", "ppo"]] }');
    assert.deepEqual(evaluation.pairs, [["salsa_beta0.1", "ppo"]]);
  });

  it("tells axes of one name apart by their soups", () => {
    const soups =
      '"soups": { "a": { "method": "linear", "alpha": { "grid": [0.2] } }, "b": { "method": "linear", "alpha": { "grid": [0.4] } } }';
    const { arms } = configOf(soups, '"arms": { "mkl": { "reference": ["a", "b"] } }');
    assert.deepEqual(Object.keys(arms), ["mkl_a.alpha0.2_b.alpha0.4"]);
    assert.deepEqual(arms["mkl_a.alpha0.2_b.alpha0.4"]?.reference, ["a_alpha0.2", "b_alpha0.4"]);
  });

  it("follows a soup that rlhf names for all arms", () => {
    const { arms } = configOf(
      SOUP,
      '"rlhf": { "reference": "soup" }',
      '"arms": { "a": {}, "b": { "reference": "base" } }',
    );
    assert.deepEqual(
      Object.entries(arms).map(([name, { reference }]) => [name, ...reference]),
      [
        ["a_alpha0.3", "soup_alpha0.3"],
        ["a_alpha0.5", "soup_alpha0.5"],
        ["b", "base"],
      ],
    );
  });

  it("is taken for no grid where an arm has that name", () => {
    assert.deepEqual(Object.keys(configOf('"arms": { "grid": { "beta": 0.1 } }').arms), ["grid"]);
  });

  it("leaves a list of β what it is: candidates of one arm", () => {
    const { arms, sweep } = configOf('"arms": { "a": { "beta": [0.1, 0.2] } }');
    assert.deepEqual(arms["a"]?.betas, [0.1, 0.2]);
    assert.equal(sweep, undefined);
  });

  it("gives every combination a name of its own that people may write, in a stable order", () => {
    const value = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 }).map((one) => one + 0);
    const grid = fc.uniqueArray(value, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(grid, { minLength: 1, maxLength: 3 }), (grids) => {
        const axes = grids.map((values, at) => {
          return { label: `k${at}`, key: `k${at}`, grid: { path: [], values, placeOf: () => [] } };
        });
        const names = combinationsOf(axes).map((points) => productName("arm", points));
        assert.equal(
          new Set(names).size,
          grids.reduce((product, { length }) => product * length, 1),
        );
        for (const name of names) assert.match(name, /^[A-Za-z0-9][\w.-]*$/);
      }),
    );
  });
});

const RATES = '"sft": { "learningRate": { "grid": [0.001, 0.002] } }';
const PASSES = '"reward": { "epochs": { "grid": [1, 2] } }';

/** The models of a config that grids have made, by what they are made of. */
function productsOf({ sweep = {} }: RunConfig): Readonly<Record<string, readonly string[]>> {
  const names = Object.keys(sweep);
  const written = [...new Set(names.map((name) => sweep[name]?.of ?? ""))];
  return Object.fromEntries(written.map((of) => [of, names.filter((name) => sweep[name]?.of === of)]));
}

describe("a grid of what soups and arms are made of", () => {
  it("makes SFTs of each value, and soups and arms of those, beside a config that writes neither", () => {
    const config = configOf(RATES, '"reward": { "init": "base" }');
    const [low, high] = ["sft.learningRate0.001", "sft.learningRate0.002"];
    assert.deepEqual(productsOf(config), {
      ...Object.fromEntries(
        ["sft-1", "sft-2", "soup", "ppo", "salsa"].map((of) => [of, [`${of}_${low}`, `${of}_${high}`]]),
      ),
    });
    assert.deepEqual(config.soups[`soup_${high}`]?.of, [`sft-1_${high}`, `sft-2_${high}`]);
    const salsa = config.arms[`salsa_${high}`];
    assert.deepEqual([salsa?.init, salsa?.reference], [`sft-1_${high}`, [`soup_${high}`]]);
    assert.deepEqual(config.evaluation.pairs, [
      [`salsa_${low}`, `ppo_${low}`],
      [`salsa_${high}`, `ppo_${high}`],
      [`ppo_${low}`, `sft-1_${low}`],
      [`ppo_${high}`, `sft-1_${high}`],
      [`salsa_${low}`, `sft-1_${low}`],
      [`salsa_${high}`, `sft-1_${high}`],
    ]);
  });

  it("makes reward models of each value, and the SFTs once; two grids make the product", () => {
    const alone = productsOf(configOf(PASSES));
    assert.deepEqual(Object.keys(alone), ["reward", "ppo", "salsa"]);
    const both = productsOf(configOf(RATES, PASSES));
    const counts = Object.fromEntries(Object.entries(both).map(([of, names]) => [of, names.length]));
    assert.deepEqual(counts, { "sft-1": 2, "sft-2": 2, preferences: 2, reward: 4, soup: 2, ppo: 4, salsa: 4 });
  });

  it("of the base model makes all of several", () => {
    const config = configOf('"model": { "pretrain": { "steps": { "grid": [10, 20] } } }', '"arms": { "a": {} }');
    const names = ["base", "sft-1", "sft-2", "preferences", "reward", "soup", "a"];
    assert.deepEqual(Object.keys(productsOf(config)), names);
    assert.equal(config.sweep?.["a_pretrain.steps20"]?.of, "a");
  });

  it("goes with the other grids of an arm, whose own settings come first in its name", () => {
    const own = '"arms": { "a": { "reference": "soup", "learningRate": { "grid": [0.1, 0.2] } } }';
    const { arms, soups } = configOf(RATES, SOUP, '"reward": { "init": "base" }', own);
    const [first = "", ...others] = Object.keys(arms);
    assert.deepEqual([first, others.length], ["a_learningRate0.1_alpha0.3_sft.learningRate0.001", 7]);
    assert.equal(arms[first]?.reference[0], "soup_alpha0.3_sft.learningRate0.001");
    assert.equal(Object.keys(soups).length, 4);
  });

  it("leaves alone what does not depend on it", () => {
    const arms = '"arms": { "a": { "init": "base" }, "b": {}, "pairs": { "method": "dpo", "init": "base" } }';
    const config = configOf(PASSES, arms);
    assert.deepEqual(Object.keys(config.arms), [
      "a_reward.epochs1",
      "a_reward.epochs2",
      "b_reward.epochs1",
      "b_reward.epochs2",
      "pairs",
    ]);
    const ofPairs = configOf('"reward": { "init": "base", "heldOut": { "grid": [0.1, 0.2] } }', arms);
    assert.deepEqual(productsOf(ofPairs)["pairs"], ["pairs_reward.heldOut0.1", "pairs_reward.heldOut0.2"]);
    assert.equal(productsOf(ofPairs)["preferences"], undefined);
  });

  it("makes soups that the reward model chooses of each of its values", () => {
    const soup = '"soups": { "s": { "method": "greedy", "score": "reward" }, "t": { "method": "greedy" } }';
    assert.deepEqual(Object.keys(configOf(PASSES, soup).soups), ["s_reward.epochs1", "s_reward.epochs2", "t"]);
  });

  it("has an arm made as it is by a config of that value alone", () => {
    const config = configOf(RATES, PASSES);
    const alone = configOf('"sft": { "learningRate": 0.002 }', '"reward": { "epochs": 2 }');
    const found = configAt(config, "salsa_sft.learningRate0.002_reward.epochs2");
    assert.deepEqual([found.sft, found.model], [alone.sft, alone.model]);
    assert.deepEqual(found.reward, { ...alone.reward, init: "sft-1_sft.learningRate0.002" });
    assert.equal(configAt(alone, "salsa"), alone);
    assert.equal(variantsOf(config).length, 4);
    assert.deepEqual(variantsOf(alone), [alone]);
  });

  it("sets how long an SFT takes, by passes or by steps", () => {
    for (const [key, values] of [
      ["epochs", [1, 2]],
      ["steps", [5, 9]],
    ] as const) {
      const config = configOf(`"sft": { "${key}": { "grid": ${JSON.stringify(values)} } }`);
      const found = Object.keys(config.arms).map((name) => configAt(config, name).sft.duration);
      assert.deepEqual(
        found.slice(0, 2),
        values.map((value) => ({ [key]: value })),
      );
    }
  });

  it("has its models named by comparisons and other arms, one by one or all together", () => {
    const { arms, evaluation } = configOf(
      '"sft": { "epochs": { "grid": [1, 2] } }, "reward": { "init": "base" }',
      '"arms": { "a": {}, "b": { "init": "base", "reference": "sft-2_sft.epochs2" } }',
      '"evaluation": { "pairs": [["sft-1", "base"], ["a", "sft-1_sft.epochs1"]] }',
    );
    assert.deepEqual(arms["b"]?.reference, ["sft-2_sft.epochs2"]);
    assert.deepEqual(evaluation.pairs, [
      ["sft-1_sft.epochs1", "base"],
      ["sft-1_sft.epochs2", "base"],
      ["a_sft.epochs1", "sft-1_sft.epochs1"],
      ["a_sft.epochs2", "sft-1_sft.epochs1"],
    ]);
  });

  it("of one SFT makes arms of it, and no soup unless one is written", () => {
    const config = configOf('"sft": { "seeds": [1], "epochs": { "grid": [1, 2] } }', '"arms": { "a": {} }');
    assert.deepEqual([Object.keys(config.soups), Object.keys(config.arms)], [[], ["a_sft.epochs1", "a_sft.epochs2"]]);
  });

  it("of SFTs alone goes without arms", () => {
    const config = configOf('"sft": { "epochs": { "grid": [1, 2] } }, "arms": {}, "reward": { "init": "base" }');
    assert.deepEqual(Object.keys(productsOf(config)), ["sft-1", "sft-2", "soup"]);
  });

  it("of one value is a sweep of one", () => {
    const config = configOf('"sft": { "epochs": { "grid": [3] } }', '"arms": { "a": {} }');
    assert.deepEqual(Object.keys(config.arms), ["a_sft.epochs3"]);
  });
});

describe("configs without a grid", () => {
  it("resolve without a trace of sweeps", () => {
    assert.ok(!("sweep" in configOf('"arms": { "a": {} }')));
  });
});

describe("a grid whose values are all wrong", () => {
  it("is complained about at each of them, the first as well", () => {
    for (const [line, place] of [
      ['"sft": { "learningRate": { "grid": [0, -2] } }', "sft.learningRate.grid"],
      ['"model": { "pretrain": { "learningRate": { "grid": [0, -2] } } }', "model.pretrain.learningRate.grid"],
      ['"arms": { "a": { "learningRate": { "grid": [0, -2] } } }', "arms.a.learningRate.grid"],
    ] as const) {
      const paths = issuesOf(withTask(line)).map(({ path }) => path);
      assert.deepEqual(paths.toSorted(), [`${place}[0]`, `${place}[1]`], line);
    }
  });
});

describeMistakes("complaints about grids", [
  {
    what: "a value out of range, at the value",
    line: '"rlhf": { "clipRange": { "grid": [0.1, -1] } }',
    path: "rlhf.clipRange.grid[1]",
    message: /must be more than 0, got -1/,
    remedy: /ratio is clipped/,
  },
  {
    what: "a value that does not go with other settings, at the value",
    line: '"arms": { "a": { "batchSize": { "grid": [128, 100] } } }',
    path: "arms.a.batchSize.grid[1]",
    message: /does not divide batchSize 100/,
    remedy: /batchSize of 128/,
  },
  {
    what: "something that is no number",
    line: '"arms": { "a": { "gamma": { "grid": [0.5, "1"] } } }',
    path: "arms.a.gamma.grid[1]",
    message: /must be a number, got "1"/,
    remedy: /write 1, without quotes/,
  },
  {
    what: "an empty grid",
    line: '"arms": { "a": { "gamma": { "grid": [] } } }',
    path: "arms.a.gamma.grid",
    message: /at least 1/,
    remedy: /The values/,
  },
  {
    what: "a value that is listed twice",
    line: '"arms": { "a": { "gamma": { "grid": [0.5, 1, 0.5] } } }',
    path: "arms.a.gamma.grid[2]",
    message: /0.5 is listed twice/,
    remedy: /keep one/,
  },
  {
    what: "a mistyped key",
    line: '"arms": { "a": { "gamma": { "grid": [1], "logrange": 1 } } }',
    path: "arms.a.gamma.logrange",
    message: /is not a setting/,
    remedy: /"logRange"/,
  },
  {
    what: "a grid and a range at once",
    line: '"arms": { "a": { "gamma": { "grid": [1], "logRange": { "from": 0.1, "to": 1, "count": 3 } } } }',
    path: "arms.a.gamma.logRange",
    message: /together with grid/,
    remedy: /keep one/,
  },
  {
    what: "a range that is too narrow for its count",
    line: '"arms": { "a": { "gamma": { "logRange": { "from": 0.1, "to": 0.1001, "count": 9 } } } }',
    path: "arms.a.gamma.logRange",
    message: /same to 3 digits/,
    remedy: /fewer/,
  },
  {
    what: "a range of whole numbers that is too narrow for its count",
    line: '"arms": { "a": { "ppoEpochs": { "logRange": { "from": 1, "to": 4, "count": 6 } } } }',
    path: "arms.a.ppoEpochs.logRange",
    message: /same whole number: 1, 1, 2, 2, 3, 4/,
    remedy: /fewer/,
  },
  {
    what: "a range of whole numbers that begins at none",
    line: '"arms": { "a": { "ppoEpochs": { "logRange": { "from": 1.5, "to": 8, "count": 3 } } } }',
    path: "arms.a.ppoEpochs.logRange",
    message: /must be a whole number, got 1.5/,
    remedy: /Passes over/,
  },
  {
    what: "a range that begins at 0",
    line: '"arms": { "a": { "gamma": { "logRange": { "from": 0, "to": 1, "count": 3 } } } }',
    path: "arms.a.gamma.logRange.from",
    message: /more than 0/,
    remedy: /First value/,
  },
  {
    what: "a setting that cannot be swept",
    line: '"runtime": { "checkpointEvery": { "grid": [10, 20] } }',
    path: "runtime.checkpointEvery",
    message:
      /cannot be swept: it says how the work is done, and changes no model; grids go into sft, reward, model.pretrain,/,
    remedy: /one config for each value: finished stages are shared/,
  },
  {
    what: "how all models are compared",
    line: '"evaluation": { "sampling": { "temperature": { "grid": [0.5, 1] } } }',
    path: "evaluation.sampling.temperature",
    message: /all models are compared by the same questions and judge/,
    remedy: /one config for each value/,
  },
  {
    what: "the shape of a model",
    line: '"model": { "architecture": { "nLayers": { "grid": [1, 2] } } }',
    path: "model.architecture.nLayers",
    message: /all models of a run have one shape/,
    remedy: /one config for each value/,
  },
  {
    what: "seeds, of which there are lists",
    line: '"sft": { "seeds": [1, { "grid": [2, 3] }] }',
    path: "sft.seeds[1]",
    message: /within a list/,
    remedy: /list the seeds/,
  },
  {
    what: "a later value of an SFT's setting that is out of range",
    line: '"sft": { "learningRate": { "grid": [0.001, -1] } }',
    path: "sft.learningRate.grid[1]",
    message: /must be more than 0, got -1/,
    remedy: /leave it out for the default/,
  },
  {
    what: "the first value of an SFT's setting that is out of range",
    line: '"sft": { "epochs": { "grid": [0, 1] } }',
    path: "sft.epochs.grid[0]",
    message: /must be at least 1, got 0/,
    remedy: /Passes over the examples/,
  },
  {
    what: "a value of an SFT's setting that is listed twice",
    line: '"sft": { "epochs": { "grid": [2, 2] } }',
    path: "sft.epochs.grid[1]",
    message: /2 is listed twice/,
    remedy: /keep one/,
  },
  {
    what: "two ways to say how long an SFT takes",
    line: '"sft": { "epochs": { "grid": [1, 2] }, "steps": 5 }',
    path: "sft.steps",
    message: /together with epochs/,
    remedy: /keep one/,
  },
  {
    what: "a grid of a training that a checkpoint takes the place of",
    line: '"reward": { "checkpoint": "hf:a/b", "epochs": { "grid": [1, 2] } }',
    path: "reward.epochs",
    message: /checkpoint is not trained/,
    remedy: /remove one of the two/,
  },
  {
    what: "a grid of a base model that is a checkpoint",
    line: '"model": { "checkpoint": "hf:a/b", "pretrain": { "steps": { "grid": [1, 2] } } }',
    path: "model.pretrain.steps",
    message: /checkpoint is not trained/,
    remedy: /remove one of the two/,
  },
  {
    what: "a grid of a reward model that no arm learns from",
    line: '"reward": { "epochs": { "grid": [1, 2] } }, "arms": { "a": { "method": "dpo" } }',
    path: "reward.epochs",
    message: /changes no arm/,
    remedy: /leave it out/,
  },
  {
    what: "an arm that is called as an SFT of a grid",
    line: '"sft": { "epochs": { "grid": [1, 2] } }, "arms": { "sft-1_sft.epochs2": { "init": "base", "method": "dpo" } }, "reward": { "init": "base" }',
    path: "arms.sft-1_sft.epochs2",
    message: /already the name of an SFT/,
    remedy: /another name/,
  },
  {
    what: "words in place of numbers",
    line: '"arms": { "a": { "klKind": { "grid": ["kl", "k3"] } } }',
    path: "arms.a.klKind",
    message: /only numbers can/,
    remedy: /an arm for each/,
  },
  {
    what: "a grid within a list",
    line: '"soups": { "s": { "method": "linear", "alpha": [{ "grid": [0.1, 0.2] }] } }',
    path: "soups.s.alpha[0]",
    message: /within a list/,
    remedy: /an entry of soups for each/,
  },
  {
    what: "a grid for all arms that changes none",
    line: '"rlhf": { "gamma": { "grid": [0.9, 1] } }, "arms": { "a": { "gamma": 1 } }',
    path: "rlhf.gamma",
    message: /changes no arm/,
    remedy: /leave it out/,
  },
  {
    what: "a name that is there already",
    line: '"arms": { "a": { "gamma": { "grid": [1] } }, "a_gamma1": {} }',
    path: "arms.a.gamma",
    message: /makes "a_gamma1", which is there already/,
    remedy: /rename/,
  },
  {
    what: "an arm of several that is compared with itself",
    line: '"arms": { "a": { "gamma": { "grid": [0.9, 1] } } }, "evaluation": { "pairs": [["a", "a"]] }',
    path: "evaluation.pairs[0]",
    message: /compares "a_gamma0.9" with itself/,
    remedy: /two different/,
  },
  {
    what: "an unknown model that all arms of a grid name, once",
    line: '"arms": { "a": { "reference": "soop", "gamma": { "grid": [0.9, 1] } } }',
    path: "arms.a.reference",
    message: /"soop" is not a model/,
    remedy: /"soup"/,
  },
]);

describe("a grid that is too large", () => {
  const values = (n: number): string => JSON.stringify(Array.from({ length: n }, (_, at) => (at + 1) / n));

  it("is refused at its setting, with how many combinations there would be", () => {
    const issue = onlyIssue(
      withTask(`"rlhf": { "gamma": { "grid": ${values(60)} },`, `"lambda": { "grid": ${values(60)} } }`).replace(
        ",,",
        ",",
      ),
    );
    assert.deepEqual([issue.path, issue.line], ["rlhf.lambda", 4]);
    assert.match(issue.message, /60 of gamma × 60 of lambda for arms.ppo: the grids make 7,200 models; .* at most 256/);
  });

  it("is refused for its length alone", () => {
    const issue = onlyIssue(withTask(`"rlhf": { "gamma": { "grid": ${values(101)} } }`));
    assert.deepEqual([issue.path, issue.message], ["rlhf.gamma.grid", "must have at most 100 entries, has 101"]);
  });

  it("is refused where it makes names too long", () => {
    const name = "a".repeat(95);
    const [issue, ...others] = issuesOf(withTask(`"arms": { "${name}": { "gamma": { "grid": [0.5] } } }`));
    assert.deepEqual([issue?.path, others], [`arms.${name}.gamma`, []]);
    assert.match(issue?.message ?? "", /too long for a name, with 104 letters/);
  });
});

describe("the JSON schema", () => {
  const validator = schemaValidator();
  const grid = { grid: [0.1, 0.2] };

  it("takes grids wherever the config does, and nowhere else", () => {
    const good = {
      rlhf: { beta: grid, gamma: { logRange: { from: 0.1, to: 1, count: 3 } } },
      arms: { a: { lambda: grid } },
      sft: { learningRate: grid, epochs: { grid: [1, 2] } },
      reward: { heldOut: grid },
      model: { pretrain: { steps: { grid: [10, 20] } } },
    };
    assert.equal(validator.safeParse({ ...good, soups: { s: { method: "linear", alpha: grid } } }).success, true);
    for (const bad of [
      { sft: { schedule: grid } },
      { sft: { seeds: grid } },
      { evaluation: { sampling: { temperature: grid } } },
      { model: { architecture: { nLayers: grid } } },
      { rlhf: { klKind: grid } },
      { rlhf: { gamma: { gird: [1] } } },
    ]) {
      assert.equal(validator.safeParse(bad).success, false, JSON.stringify(bad));
    }
  });

  it("explains a grid and its difference from a list of β, and offers one to write", () => {
    const { definitions } = jsonSchema() as { definitions: Record<string, Record<string, unknown>> };
    assert.match(
      String(definitions["grid"]?.["markdownDescription"]),
      /while of a list of β the best on the validation split/,
    );
    assert.equal((definitions["grid"]?.["defaultSnippets"] as unknown[] | undefined)?.length, 2);
  });
});
