import assert from "node:assert/strict";
import fc from "fast-check";
import * as z from "zod";
import { jsonSchema, parseConfig } from "../../../../engine/protocol/config/index.ts";
import type { ParseSettings, RunConfig } from "../../../../engine/protocol/config/index.ts";
import { ConfigError } from "../../../../engine/protocol/errors.ts";
import type { ConfigIssue } from "../../../../engine/protocol/errors.ts";
import { editDistance } from "../../../../engine/protocol/config/suggest.ts";

const FILE = "/work/runs/demo.salsa.json";

function issuesOf(text: string, settings?: ParseSettings): readonly ConfigIssue[] {
  try {
    parseConfig(text, FILE, settings);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.issues;
  }
  return [];
}

function onlyIssue(text: string, settings?: ParseSettings): ConfigIssue {
  const issues = issuesOf(text, settings);
  assert.equal(issues.length, 1, JSON.stringify(issues, undefined, 1));
  assert.ok(issues[0] !== undefined);
  return issues[0];
}

/** A config for the task with more settings, one per line from line 3 on. */
function withTask(...lines: string[]): string {
  return ["{", '"task": { "name": "miniinstruct" },', ...lines.map((line) => `${line},`), "}"].join("\n");
}

/** What is wrong, with an object of the config for the task that has it. */
const MISTAKES: readonly { what: string; line: string; path: string; message: RegExp; remedy: RegExp }[] = [
  {
    what: "an unknown key",
    line: '"rlhf": { "bta": 0.1 }',
    path: "rlhf.bta",
    message: /is not a setting/,
    remedy: /did you mean "beta"/,
  },
  {
    what: "a key in the wrong section",
    line: '"lambda": 0.9',
    path: "lambda",
    message: /is not a setting/,
    remedy: /it belongs at rlhf\.lambda/,
  },
  {
    what: "a wrong type",
    line: '"sft": { "learningRate": "fast" }',
    path: "sft.learningRate",
    message: /must be a number, got "fast"/,
    remedy: /leave it out for the default 0\.000025 \(SALSA, appendix A\.1\)/,
  },
  {
    what: "a fraction where a count is meant",
    line: '"sft": { "steps": 1.5 }',
    path: "sft.steps",
    message: /must be a whole number, got 1\.5/,
    remedy: /Optimizer steps/,
  },
  {
    what: "a number out of range",
    line: '"rlhf": { "gamma": 2 }',
    path: "rlhf.gamma",
    message: /must be at most 1, got 2/,
    remedy: /default 1 \(TRL 0\.11 PPOConfig\)/,
  },
  {
    what: "an excluded bound",
    line: '"rlhf": { "temperature": 0 }',
    path: "rlhf.temperature",
    message: /must be more than 0, got 0/,
    remedy: /default 1/,
  },
  {
    what: "an unknown word",
    line: '"rlhf": { "klKind": "ful" }',
    path: "rlhf.klKind",
    message: /one of "kl", "abs", "mse", "full", "k3", got "ful"/,
    remedy: /did you mean "full"/,
  },
  {
    what: "an unknown soup method",
    line: '"soups": { "soup": { "method": "unifrom" } }',
    path: "soups.soup.method",
    message: /must be one of "uniform"/,
    remedy: /did you mean "uniform"/,
  },
  {
    what: "a soup without method",
    line: '"soups": { "soup": {} }',
    path: "soups.soup.method",
    message: /is missing/,
    remedy: /one of "uniform", "linear"/,
  },
  {
    what: "a name that cannot be a file name",
    line: '"arms": { "../x": {} }',
    path: "arms.../x",
    message: /not a usable name/,
    remedy: /letters, digits/,
  },
  {
    what: "an empty list",
    line: '"sft": { "seeds": [] }',
    path: "sft.seeds",
    message: /must have at least 1 entries, has 0/,
    remedy: /default \[1,2\]/,
  },
  {
    what: "an unknown preset",
    line: '"preset": "llama2-7"',
    path: "preset",
    message: /must be one of/,
    remedy: /did you mean "llama2-7b"/,
  },
  {
    what: "an arm held to an unknown model",
    line: '"arms": { "salsa": { "reference": "sup" } }',
    path: "arms.salsa.reference",
    message: /"sup" is not a model of this run/,
    remedy: /did you mean "soup"/,
  },
  {
    what: "an arm held to itself",
    line: '"arms": { "salsa": { "reference": "salsa" } }',
    path: "arms.salsa.reference",
    message: /"salsa" is not a model of this run/,
    remedy: /known here: base, sft-1, sft-2, soup/,
  },
  {
    what: "an unknown name among several references",
    line: '"arms": { "mkl": { "reference": ["sft-1", "sft-3"] } }',
    path: "arms.mkl.reference[1]",
    message: /"sft-3"/,
    remedy: /"sft-1" or "sft-2"/,
  },
  {
    what: "a policy that starts at an unknown model",
    line: '"rlhf": { "init": "sft1" }',
    path: "rlhf.init",
    message: /"sft1"/,
    remedy: /"sft-1"/,
  },
  {
    what: "a soup of unknown SFTs",
    line: '"soups": { "soup": { "method": "uniform", "of": ["sft-1", "sft-7"] } }',
    path: "soups.soup.of[1]",
    message: /"sft-7"/,
    remedy: /"sft-1" or "sft-2"/,
  },
  {
    what: "a soup that names a model twice",
    line: '"soups": { "soup": { "method": "uniform", "of": ["sft-1", "sft-1"] } }',
    path: "soups.soup.of[1]",
    message: /listed twice/,
    remedy: /keep one/,
  },
  {
    what: "a soup of one SFT",
    line: '"sft": { "seeds": [4] }, "soups": { "soup": { "method": "uniform" } }',
    path: "soups.soup.of",
    message: /at least 2 models, there is sft-4/,
    remedy: /add a seed/,
  },
  {
    what: "an alpha list of the wrong length",
    line: '"soups": { "soup": { "method": "linear", "alpha": [0.2, 0.3] } }',
    path: "soups.soup.alpha",
    message: /has 2 shares, for 2 models \(sft-1, sft-2\)/,
    remedy: /give a list of 1/,
  },
  {
    what: "one alpha for three models",
    line: '"sft": { "seeds": [1, 2, 3] }, "soups": { "soup": { "method": "linear", "alpha": 0.5 } }',
    path: "soups.soup.alpha",
    message: /is one number, for 3 models/,
    remedy: /give a list of 2/,
  },
  {
    what: "as many weights as it has not models",
    line: '"soups": { "soup": { "method": "linear", "weights": [0.2, 0.3, 0.5] } }',
    path: "soups.soup.weights",
    message: /has 3 weights, for 2 models/,
    remedy: /give 2 weights/,
  },
  {
    what: "weights that do not add up",
    line: '"soups": { "soup": { "method": "linear", "weights": [0.5, 0.4] } }',
    path: "soups.soup.weights",
    message: /add up to 0\.9, not 1/,
    remedy: /divide each/,
  },
  {
    what: "both alpha and weights",
    line: '"soups": { "soup": { "method": "linear", "weights": [0.5, 0.5], "alpha": 0.5 } }',
    path: "soups.soup.alpha",
    message: /together with weights/,
    remedy: /keep one/,
  },
  {
    what: "slerp of three",
    line: '"sft": { "seeds": [1, 2, 3] }, "soups": { "soup": { "method": "slerp" } }',
    path: "soups.soup.of",
    message: /exactly 2 models, not 3/,
    remedy: /name two/,
  },
  {
    what: "a soup named like another model",
    line: '"soups": { "reward": { "method": "uniform" } }',
    path: "soups.reward",
    message: /already the name of the reward model/,
    remedy: /another name/,
  },
  {
    what: "an arm named like a soup",
    line: '"arms": { "soup": {} }, "soups": { "soup": { "method": "uniform" } }',
    path: "arms.soup",
    message: /already the name of a soup/,
    remedy: /another name/,
  },
  {
    what: "a seed given twice",
    line: '"sft": { "seeds": [1, 2, 1] }',
    path: "sft.seeds[2]",
    message: /1 is listed twice/,
    remedy: /keep one/,
  },
  {
    what: "both task and data",
    line: '"data": { "sft": "a", "preferences": "b", "prompts": "c" }',
    path: "data",
    message: /together with task/,
    remedy: /keep one/,
  },
  {
    what: "both epochs and steps",
    line: '"sft": { "epochs": 1, "steps": 10 }',
    path: "sft.steps",
    message: /together with epochs/,
    remedy: /keep one/,
  },
  {
    what: "both checkpoint and architecture",
    line: '"model": { "checkpoint": "m", "architecture": {} }',
    path: "model.architecture",
    message: /together with checkpoint/,
    remedy: /keep one/,
  },
  {
    what: "heads that do not divide the width",
    line: '"model": { "architecture": { "hiddenSize": 65 } }',
    path: "model.architecture.hiddenSize",
    message: /not an even multiple of nHeads 4/,
    remedy: /use 64/,
  },
  {
    what: "key heads that do not divide the heads",
    line: '"model": { "architecture": { "nKvHeads": 3 } }',
    path: "model.architecture.nKvHeads",
    message: /3 does not divide nHeads 4/,
    remedy: /use one of 1, 2, 4/,
  },
  {
    what: "minibatches that do not divide the batch",
    line: '"rlhf": { "batchSize": 128, "minibatchSize": 48 }',
    path: "rlhf.minibatchSize",
    message: /48 × gradientAccumulation 1 does not divide batchSize 128/,
    remedy: /batchSize of 144/,
  },
  {
    what: "an arm whose minibatches do not divide the batch of all",
    line: '"arms": { "ppo": { "minibatchSize": 48 } }',
    path: "arms.ppo.minibatchSize",
    message: /does not divide batchSize 128/,
    remedy: /batchSize of 144/,
  },
  {
    what: "normalising without scaling",
    line: '"rlhf": { "scoreNormalizing": true }',
    path: "rlhf.scoreNormalizing",
    message: /no effect without scoreScaling/,
    remedy: /set scoreScaling/,
  },
  {
    what: "answers longer than the model",
    line: '"rlhf": { "maxNewTokens": 64 }',
    path: "rlhf.maxNewTokens",
    message: /no room for a prompt in the model's 64 positions/,
    remedy: /maxPositions/,
  },
  {
    what: "candidates for β without validation prompts",
    line: '"arms": { "ppo": { "beta": [0.1, 0.2] } }, "evaluation": { "validationPrompts": 0 }',
    path: "arms.ppo.beta",
    message: /needs a validation split/,
    remedy: /validationPrompts above 0/,
  },
  {
    what: "a pair with an unknown arm",
    line: '"evaluation": { "pairs": [["slasa", "ppo"]] }',
    path: "evaluation.pairs[0][0]",
    message: /"slasa" is not a model/,
    remedy: /did you mean "salsa"/,
  },
  {
    what: "a pair of one",
    line: '"evaluation": { "pairs": [["salsa"]] }',
    path: "evaluation.pairs[0]",
    message: /at least 2 entries, has 1/,
    remedy: /\[ours, theirs\]/,
  },
  {
    what: "a model compared with itself",
    line: '"evaluation": { "pairs": [["ppo", "ppo"]] }',
    path: "evaluation.pairs[0]",
    message: /with itself/,
    remedy: /two different/,
  },
  {
    what: "an unknown benchmark",
    line: '"evaluation": { "benchmarks": ["inDistributon"] }',
    path: "evaluation.benchmarks[0]",
    message: /is not a benchmark/,
    remedy: /"inDistribution"/,
  },
  {
    what: "a reward model that starts from the soup",
    line: '"reward": { "init": "soup" }',
    path: "reward.init",
    message: /"soup" is not a model of this run that can be used here/,
    remedy: /known here: base, sft-1, sft-2/,
  },
];

describe("parseConfig", () => {
  for (const { what, line, path, message, remedy } of MISTAKES) {
    it(`names setting, line and remedy for ${what}`, () => {
      const issue = onlyIssue(withTask(line));
      assert.equal(issue.path, path);
      assert.equal(issue.line, 3);
      assert.match(issue.message, message);
      assert.match(issue.remedy, remedy);
    });
  }

  it("points at the key of an unknown setting and at the value of a wrong one", () => {
    assert.equal(onlyIssue(withTask('"rlhf": { "bta": 0.1 }')).column, 11);
    assert.equal(onlyIssue(withTask('"rlhf": { "beta": "x" }')).column, 19);
  });

  it("reports every mistake at once, in the order of the file", () => {
    const text = withTask(
      '"rlhf": { "gamma": 3 }',
      '"seeds": [1, 1]',
      '"sft": { "stps": 2 }',
      '"arms": { "a": { "init": "x" } }',
    );
    const issues = issuesOf(text);
    assert.deepEqual(
      issues.map((issue) => [issue.line, issue.path]),
      [
        [3, "rlhf.gamma"],
        [4, "seeds[1]"],
        [5, "sft.stps"],
      ],
    );
    // Names are not checked while the section that defines some of them cannot be read.
  });

  it("lists its issues as file:line:column  path: what is wrong; remedy", () => {
    const text = withTask('"rlhf": { "bta": 0.1 }');
    const expected = `${FILE}:3:11  rlhf.bta: is not a setting; did you mean "beta"?`;
    assert.throws(() => parseConfig(text, FILE), { name: "ConfigError", message: expected });
  });

  it("allows comments and trailing commas", () => {
    const text = '{\n// demo\n"task": { "name": "miniinstruct", }, /* end */\n}';
    assert.deepEqual(issuesOf(text), []);
  });

  it("says where JSON is broken, once per slip", () => {
    const issue = onlyIssue('{\n"seeds": [1 2]\n}');
    assert.deepEqual([issue.line, issue.column], [2, 13]);
    assert.match(issue.message, /comma expected/);
    assert.match(issue.remedy, /correct the JSON/);
  });

  it("refuses a key that is written twice", () => {
    const issue = onlyIssue('{\n"name": "a",\n"name": "b"\n}');
    assert.deepEqual([issue.line, issue.path, issue.message], [3, "name", "is written twice"]);
  });

  for (const [what, text] of [
    ["an empty file", ""],
    ["a list", "[]"],
    ["null", "null"],
  ] as const) {
    it(`tells how to begin when given ${what}`, () => {
      assert.match(onlyIssue(text).remedy, /start with \{ "preset": "miniinstruct" \}/);
    });
  }

  it("asks for task or data when neither is there", () => {
    assert.match(onlyIssue("{}").message, /task or data is missing/);
  });

  it("asks for a checkpoint when there is data", () => {
    const text = '{ "data": { "sft": "a", "preferences": "b", "prompts": "c" } }';
    assert.match(onlyIssue(text).message, /checkpoint is missing/);
  });

  it("refuses a gold judge without a task", () => {
    const data = '"model": { "checkpoint": "m" }, "data": { "sft": "a", "preferences": "b", "prompts": "c" }';
    const issue = onlyIssue(`{ ${data}, "evaluation": { "judge": "gold" } }`);
    assert.equal(issue.path, "evaluation.judge");
    assert.match(issue.remedy, /use "reward"/);
  });

  it("names files that are not there, looked for beside the config", () => {
    const asked: string[] = [];
    const exists = (path: string): boolean => {
      asked.push(path);
      return !path.endsWith("prompts.jsonl");
    };
    const text =
      '{ "model": { "checkpoint": "../m" }, "data": { "sft": "/d/a", "preferences": "b", "prompts": "prompts.jsonl" } }';
    const issue = onlyIssue(text, { exists });
    assert.equal(issue.path, "data.prompts");
    assert.match(issue.message, /there is no "prompts\.jsonl"/);
    assert.deepEqual(asked.sort(), ["/d/a", "/work/m", "/work/runs/b", "/work/runs/prompts.jsonl"]);
  });

  it("points at the preset for a mistake between it and the config", () => {
    const issue = issuesOf('{\n"preset": "miniinstruct",\n"sft": { "seeds": [8, 9] }\n}')[0];
    assert.equal(issue?.line, 2);
  });

  it("names the setting that was meant for any slip of one letter in any key", () => {
    const known = objectKeys(jsonSchema());
    const slip = fc
      .constantFrom(...known)
      .chain(([place, key, siblings]) =>
        fc
          .tuple(
            fc.nat(key.length - 1),
            fc.constantFrom("drop", "double", "swap", "change"),
            fc.constantFrom("q", "x", "z", "j", "k"),
          )
          .map(([at, how, letter]) => ({ place, key, siblings, typo: mistyped(key, at, { how, letter }) })),
      );
    fc.assert(
      fc.property(slip, ({ place, key, siblings, typo }) => {
        // A slip that makes another setting's name, or comes as near to one, is that setting's business.
        fc.pre(typo !== "" && !siblings.includes(typo) && typo !== key);
        fc.pre(siblings.every((other) => other === key || editDistance(typo, other) > editDistance(typo, key)));
        const text = JSON.stringify(nested(place, typo));
        const path = [...place, typo].join(".");
        const issue = issuesOf(text).find((one) => one.path === path);
        assert.ok(issue?.remedy.includes(JSON.stringify(key)), `${path}: ${issue?.remedy ?? "no issue"}`);
      }),
      { numRuns: 500 },
    );
  });

  it("takes every config it has resolved from any choice of settings in range", () => {
    const rlhf = fc.record(
      {
        klKind: fc.constantFrom("kl", "abs", "mse", "full", "k3"),
        beta: fc.oneof(
          fc.double({ min: 0, max: 10, noNaN: true }),
          fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 1 }),
        ),
        lambda: fc.double({ min: 0, max: 1, noNaN: true }),
        ppoEpochs: fc.integer({ min: 1, max: 9 }),
        critic: fc.constantFrom("valueHead", "separate"),
        reference: fc.constantFrom("base", "sft-1", "soup", ["sft-1", "sft-2"]),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(rlhf, rlhf, (shared, own) => {
        const text = JSON.stringify({ task: { name: "miniinstruct" }, rlhf: shared, arms: { one: own } });
        const config: RunConfig = parseConfig(text, FILE);
        const expected = { ...shared, ...own };
        const arm = config.arms["one"];
        assert.deepEqual(arm?.betas, [expected.beta ?? 0.2].flat());
        assert.deepEqual(arm.reference, [expected.reference ?? "sft-1"].flat());
        assert.equal(arm.klKind, expected.klKind ?? "kl");
      }),
    );
  });
});

type Place = readonly [place: readonly string[], key: string, siblings: readonly string[]];

/** Every key of every object the JSON schema describes by name, with where it stands. */
function objectKeys(schema: Record<string, unknown>, place: readonly string[] = []): Place[] {
  const { properties } = z
    .object({ properties: z.record(z.string(), z.record(z.string(), z.unknown())).default({}) })
    .parse(schema);
  const siblings = Object.keys(properties);
  return siblings.flatMap((key): Place[] => [
    [place, key, siblings],
    ...objectKeys(properties[key] ?? {}, [...place, key]),
  ]);
}

function nested(place: readonly string[], key: string): Record<string, unknown> {
  return place.reduceRight<Record<string, unknown>>((inner, name) => ({ [name]: inner }), { [key]: 1 });
}

function mistyped(key: string, at: number, { how, letter }: { how: string; letter: string }): string {
  const [before, here, after] = [key.slice(0, at), key.charAt(at), key.slice(at + 1)];
  if (how === "drop") return before + after;
  if (how === "double") return before + here + here + after;
  if (how === "swap") return before + after.charAt(0) + here + after.slice(1);
  return before + letter + after;
}
