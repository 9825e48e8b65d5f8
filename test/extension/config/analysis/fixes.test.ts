import assert from "node:assert/strict";
import { applied } from "../../../../extension/config/analysis/edits.ts";
import { fixesOf, spellingChanges } from "../../../../extension/config/analysis/fixes.ts";
import { readTree } from "../../../../extension/config/analysis/tree.ts";
import { DATA, findingsIn, fixedTexts, onlyFinding, TASK } from "./configs.ts";

/** A mistake after the task, the title of a fix for it, and the text that replaces the mistake. */
const MISTAKES = [
  ['"rlhf": { "bta": 1 }', 'Change to "beta"', '"rlhf": { "beta": 1 }'],
  ['"rlhf": { "bta": 1 }', 'Remove "bta"', '"rlhf": { }'],
  ['"beta": 1', "Move to rlhf.beta", '"rlhf": { "beta": 1 }'],
  [
    '"beta": [1, /* or */ 2], "rlhf": { "gamma": 1 }',
    "Move to rlhf.beta",
    '"rlhf": { "gamma": 1, "beta": [1, /* or */ 2] }',
  ],
  ['"rlhf": { "klKind": "fll" }', 'Change to "full"', '"rlhf": { "klKind": "full" }'],
  ['"rlhf": { "klKind": "zzzzz" }', 'Change to "k3"', '"rlhf": { "klKind": "k3" }'],
  ['"rlhf": { "gamma": 3 }', "Remove gamma, for the default 1", '"rlhf": { }'],
  ['"rlhf": { "gamma": "0.9" }', "Change to 0.9", '"rlhf": { "gamma": 0.9 }'],
  ['"arms": { "a": { "reference": "sop" } }', 'Change to "soup"', '"arms": { "a": { "reference": "soup" } }'],
  ['"arms": { "a": { "reference": "other" } }', 'Change to "base"', '"arms": { "a": { "reference": "base" } }'],
  [
    '"arms": { "a": { "reference": ["sft-1", "sft-1"] } }',
    "Remove the second",
    '"arms": { "a": { "reference": ["sft-1"] } }',
  ],
  ['"arms": { "a b": {} }', 'Change to "a-b"', '"arms": { "a-b": {} }'],
  ['"sft": { "steps": 3, "epochs": 2 }', 'Remove "steps"', '"sft": { "epochs": 2 }'],
  ['"sft": { "steps": 3, "epochs": 2 }', 'Remove "epochs"', '"sft": { "steps": 3 }'],
  [
    '"soups": { "s": { "of": ["sft-1", "sft-2"] } }',
    'Add "method": "uniform"',
    '"soups": { "s": { "of": ["sft-1", "sft-2"], "method": "uniform" } }',
  ],
  [
    '"soups": { "s": { "method": "linear", "weights": [1, 3] } }',
    "Divide the weights by their sum",
    '"soups": { "s": { "method": "linear", "weights": [0.25, 0.75] } }',
  ],
  [
    '"soups": { "s": { "method": "modelStock" } }',
    'Set "of" to ["base", "sft-1", "sft-2"]',
    '"soups": { "s": { "method": "modelStock", "of": ["base", "sft-1", "sft-2"] } }',
  ],
  [
    '"soups": { "s": { "method": "uniform" } }, "sft": { "seeds": [4] }',
    "Add seed 5 to sft.seeds",
    '"soups": { "s": { "method": "uniform" } }, "sft": { "seeds": [4, 5] }',
  ],
  [
    '"rlhf": { "batchSize": 100, "minibatchSize": 64 }',
    'Set "batchSize" to 128',
    '"rlhf": { "batchSize": 128, "minibatchSize": 64 }',
  ],
  ['"rlhf": { "minibatchSize": 96 }', 'Set "batchSize" to 96', '"rlhf": { "minibatchSize": 96, "batchSize": 96 }'],
  [
    '"rlhf": { "scoreNormalizing": true }',
    'Set "scoreScaling" to true',
    '"rlhf": { "scoreNormalizing": true, "scoreScaling": true }',
  ],
  [
    '"rlhf": { "beta": [1, 2] }, "evaluation": { "validationPrompts": 0 }',
    'Set "validationPrompts" to 256',
    '"rlhf": { "beta": [1, 2] }, "evaluation": { "validationPrompts": 256 }',
  ],
  ['"arms": { "a": { "topK": 40 } }', 'Set "topK" to 0', '"arms": { "a": { "topK": 0 } }'],
  [
    '"model": { "architecture": { "hiddenSize": 66, "nHeads": 4 } }',
    "Change to 64",
    '"model": { "architecture": { "hiddenSize": 64, "nHeads": 4 } }',
  ],
  [
    '"evaluation": { "benchmarks": ["indistribution"] }',
    'Change to "inDistribution"',
    '"evaluation": { "benchmarks": ["inDistribution"] }',
  ],
] as const;

describe("fixesOf", () => {
  for (const [line, title, fixed] of MISTAKES) {
    it(`offers "${title}" for ${line}, after which the mistake is gone`, () => {
      const [before, after] = [`{ ${TASK}, ${line} }`, `{ ${TASK}, ${fixed} }`];
      const [finding] = findingsIn(before);
      assert.ok(finding !== undefined);
      assert.equal(fixedTexts(before, finding)[title], after);
      const messages = findingsIn(after).map(({ message }) => message);
      assert.ok(!messages.includes(finding.message), messages.join("\n"));
    });
  }

  it("prefers the one name that can have been meant", () => {
    const text = `{ ${TASK}, "rlhf": { "bta": 1 } }`;
    const fixes = fixesOf({ tree: readTree(text), finding: onlyFinding(text) });
    assert.deepEqual(fixes.map(({ title, isPreferred }) => [title, isPreferred]).slice(0, 1), [
      ['Change to "beta"', true],
    ]);
  });

  it("adds a task, data or the demo preset where there is neither task nor data", () => {
    const text = '{\n  // mine\n  "name": "a"\n}\n';
    assert.deepEqual(fixedTexts(text, onlyFinding(text)), {
      "Add the built-in task MiniInstruct": '{\n  // mine\n  "name": "a",\n  "task": { "name": "miniinstruct" }\n}\n',
      "Add the built-in task Constraints": '{\n  // mine\n  "name": "a",\n  "task": { "name": "constraints" }\n}\n',
      "Add data files of your own":
        '{\n  // mine\n  "name": "a",\n  "data": { "sft": "sft.jsonl", "preferences": "preferences.jsonl", "prompts": "prompts.jsonl" }\n}\n',
      "Use the demo preset": '{\n  // mine\n  "name": "a",\n  "preset": "miniinstruct"\n}\n',
    });
  });

  it("begins an empty file with the demo preset", () => {
    assert.deepEqual(fixedTexts("\n", onlyFinding("\n")), {
      "Use the demo preset": '{\n  "preset": "miniinstruct"\n}\n',
    });
  });

  it("adds a checkpoint for data", () => {
    const text = `{ ${DATA.replace('"checkpoint": "m"', "")} }`;
    const fixed = fixedTexts(text, onlyFinding(text))['Add "checkpoint"'];
    assert.match(fixed ?? "", /"model": \{ "checkpoint": "checkpoint" \}/);
  });

  it("offers no change of what a preset brought", () => {
    const text = '{ "preset": "miniinstruct", "sft": { "seeds": [1, 2] } }';
    assert.deepEqual(fixedTexts(text, onlyFinding(text)), {});
  });
});

describe("spellingChanges", () => {
  it("corrects every name of which only one can have been meant", () => {
    const text = `{ ${TASK}, "rlhf": { "bta": 1, "gama": 1 }, "sft": { "stps": 2 } }`;
    const changes = spellingChanges(readTree(text), findingsIn(text));
    assert.equal(applied(text, changes), `{ ${TASK}, "rlhf": { "beta": 1, "gamma": 1 }, "sft": { "steps": 2 } }`);
  });
});
