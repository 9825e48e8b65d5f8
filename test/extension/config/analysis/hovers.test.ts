import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { editorModelAt, hoverAt } from "../../../../extension/config/analysis/hovers.ts";
import { readTree } from "../../../../extension/config/analysis/tree.ts";
import { MARKED, kindsOf } from "../../../engine/hostileText.ts";
import { FILE, TASK } from "./configs.ts";

const DEMO = new URL("../../../../examples/miniinstruct/demo.salsa.json", import.meta.url);

describe("hoverAt", () => {
  let text: string;
  before(async () => (text = await readFile(DEMO, "utf8")));

  const linesAt = (part: string, whole = text): readonly string[] => {
    const offset = whole.lastIndexOf(part);
    assert.notEqual(offset, -1);
    return hoverAt(readTree(whole), offset + 1, FILE)?.lines ?? [];
  };

  for (const [part, lines] of [
    ['"soup"', ["**`soup`**: soup: linear of sft-1, sft-2, α 0.5"]],
    ['"sft-2"', ["**`sft-2`**: SFT with seed 2"]],
    [
      '"rlhf"',
      [
        "7,680 rollouts; 1 minibatches and 2 optimizer steps an iteration, 120 optimizer steps in all",
        "Same for each of 4 arms",
      ],
    ],
    ['"reward"', ["4,500 pairs to learn from, 500 kept back", "282 optimizer steps"]],
    ['"sft"', ["300 optimizer steps for each of 3 seeds"]],
    ['"evaluation"', ["12,288 comparisons in all"]],
    ['"gamma"', []],
  ] as const) {
    it(`tells of ${part}: ${lines.join(" ") || "nothing"}`, () => {
      const whole = part === '"gamma"' ? `{ ${TASK}, "rlhf": { "gamma": 1 } }` : text;
      assert.deepEqual(linesAt(part, whole), lines);
    });
  }

  it("tells of an arm what it is, and what it sets otherwise than rlhf", () => {
    const config = `{ ${TASK}, "rlhf": { "beta": 0.2 }, "arms": { "a": { "reference": "soup", "beta": [0.1, 0.2], "gamma": 1 }, "b": { "beta": 0.2 } } }`;
    assert.deepEqual(linesAt('"a"', config), [
      "**`a`**: arm: SALSA from sft-1, held to soup, β 0.1, 0.2",
      'Different from rlhf: `reference: "soup"`, `beta: [0.1, 0.2]`, `gamma: 1`',
      "2 candidates for β, one training each",
      "7,680 rollouts; 1 minibatches and 4 optimizer steps an iteration, 240 optimizer steps in all",
    ]);
    assert.equal(linesAt('"b"', config)[1], "Same as rlhf.");
  });

  it("tells of an arm with a grid how many it makes", () => {
    const config = `{ ${TASK}, "arms": { "a": { "gamma": { "grid": [0.5, 0.9, 1] } } } }`;
    assert.deepEqual(linesAt('"a"', config).slice(1), [
      'Different from rlhf: `gamma: { "grid": [0.5, 0.9, 1] }`',
      "3 arms by the grids here: `a_gamma0.5` to `a_gamma1`",
      "7,680 rollouts; 1 minibatches and 4 optimizer steps an iteration, 240 optimizer steps in all",
    ]);
  });

  it("tells of a section with a grid how many models it makes", () => {
    const config = `{ ${TASK}, "sft": { "steps": { "grid": [5, 9] } }, "reward": { "epochs": { "grid": [1, 2] } } }`;
    assert.deepEqual(linesAt('"sft"', config), [
      "4 models by the grids here: `sft-1_sft.steps5` to `sft-2_sft.steps9`",
      "5 optimizer steps for each of 2 seeds",
    ]);
    const [first = ""] = linesAt('"reward"', config);
    assert.equal(
      first,
      "4 models by the grids here: `reward_sft.steps5_reward.epochs1` to `reward_sft.steps9_reward.epochs2`",
    );
  });

  for (const [what, config, part, line] of [
    [
      "of rlhf, in an arm",
      `{ ${TASK}, "rlhf": { "gamma": 0.5 }, "arms": { "a": { "gamma": 1 } } }`,
      '"gamma"',
      "If left out: `0.5`, from rlhf",
    ],
    [
      "of the preset, in an arm that it does not name",
      '{ "preset": "gemma-2b", "arms": { "a": { "learningRate": 1 } } }',
      '"learningRate"',
      "If left out: `1e-7`, from the preset `gemma-2b`",
    ],
    [
      "that no longer holds",
      '{ "preset": "miniinstruct", "model": { "architecture": { "hiddenSize": 128, "intermediateSize": 256 } } }',
      '"intermediateSize"',
      "The preset's `176` does not apply beside what is written here.",
    ],
  ] as const) {
    it(`tells the value ${what}`, () => assert.deepEqual(linesAt(part, config), [line]));
  }

  it("leaves to the setting's description what the preset says of it", () => {
    assert.deepEqual(linesAt('"steps"', '{ "preset": "miniinstruct", "sft": { "steps": 5 } }'), []);
  });

  it("shows what a config says as text: no link, image, HTML or emphasis comes of it", () => {
    const bad = JSON.stringify(MARKED);
    const whole = `{ ${TASK}, "soups": { "bad": { "method": ${bad}, "of": [${bad}] }, ${bad}: {} },
      "arms": { "arm": { "init": ${bad}, "beta": ${bad}, "reference": ${bad} } } }`;
    for (const part of ['"bad"', '"arm"', bad]) {
      const lines = linesAt(part, whole);
      assert.ok(lines.length > 0, part);
      const kinds = kindsOf(lines.join("\n\n"));
      for (const kind of ["link_open", "image", "html_inline", "html_block", "em_open", "s_open", "fence"]) {
        assert.ok(!kinds.has(kind), `${kind} in ${lines.join()}`);
      }
    }
  });

  it("still tells what a name is in a config with mistakes", () => {
    assert.deepEqual(linesAt('"soup"', `{ ${TASK}, "bta": 1, "rlhf": { "init": "soup" } }`), [
      "**`soup`**: soup: uniform of sft-1, sft-2",
    ]);
  });

  it("knows the address of a model of the editor's from other names", () => {
    const text = '{ "evaluation": { "llm": { "model": "vscode:copilot/gpt-4o" }, "judge": "vscode:a/b" } }';
    const tree = readTree(text);
    const span = { start: text.indexOf('"vscode:copilot'), end: text.indexOf(' }, "judge"') };
    assert.deepEqual(editorModelAt(tree, text.indexOf("copilot")), { span, address: "vscode:copilot/gpt-4o" });
    assert.equal(editorModelAt(tree, text.indexOf("vscode:a")), undefined);
    assert.equal(editorModelAt(tree, text.indexOf('"model"') + 2), undefined);
    assert.equal(
      editorModelAt(readTree(text.replace("vscode:copilot/", "")), text.indexOf("vscode:copilot") + 2),
      undefined,
    );
  });
});
