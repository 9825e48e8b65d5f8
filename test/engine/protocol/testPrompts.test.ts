import assert from "node:assert/strict";
import * as fc from "fast-check";
import { readTestPrompts, testPromptLine } from "../../../engine/protocol/testPromptsSchema.ts";
import { formatIssue } from "../../../engine/protocol/errors.ts";
import { LONGEST_TEST_PROMPT, MOST_TEST_PROMPTS } from "../../../engine/protocol/testPrompts.ts";

const FILE = "/w/salsa.prompts.jsonl";
const read = (text: string): ReturnType<typeof readTestPrompts> => readTestPrompts(text, FILE);

describe("a file of test prompts", () => {
  it("has a prompt a line, texts and conversations, each once, with remarks and blank lines between", () => {
    const chat = [{ role: "user", content: "Hi" }];
    const text = `\ufeff{"prompt":"a","from":"demo-1, step 4"}\r\n\n{"prompt":${JSON.stringify(chat)},"note":"n"}\n{"prompt":"a"}`;
    assert.deepEqual(read(text), { prompts: ["a", chat], issues: [] });
    assert.deepEqual(read(" \n"), { prompts: [], issues: [] });
  });

  it("names every line that does not fit, what is wrong with it, and what to write", () => {
    const lines = [
      '{"prompt":"fine"}',
      "Say hello",
      '{"prompt":""}',
      '{"prompt":"x","promt":"y"}',
      '{"note":"no prompt"}',
      '{"prompt":[{"role":"robot","content":"x"}]}',
      `{"prompt":"${"x".repeat(LONGEST_TEST_PROMPT + 1)}"}`,
    ];
    const { issues, prompts } = read(lines.join("\n"));
    assert.deepEqual(prompts, ["fine"]);
    assert.deepEqual(
      issues.map(({ line }) => line),
      [2, 3, 4, 5, 6, 7],
    );
    const [first = "", , third = "", fourth = ""] = issues.map(formatIssue);
    assert.equal(first, `${FILE}:2:1  not JSON: "Say hello"; write {"prompt": "…"} on one line`);
    assert.match(third, /has "promt", which nothing here is called; use prompt, from and note$/);
    assert.match(fourth, /prompt: does not fit; give a text of at most 20000 letters/);
  });

  it("has no more prompts than a run answers", () => {
    const all = Array.from({ length: MOST_TEST_PROMPTS + 1 }, (_, at) => testPromptLine({ prompt: `prompt ${at}` }));
    assert.deepEqual(read(all.slice(1).join("")).issues, []);
    assert.match(read(all.join("")).issues[0]?.message ?? "", /is one more than the 200 test prompts/);
  });

  it("holds any prompt in a line of its own", () => {
    const prompt = fc.string({ minLength: 1, unit: "binary" }).filter((text) => text.trim() !== "");
    fc.assert(
      fc.property(fc.uniqueArray(prompt, { maxLength: 20 }), (prompts) => {
        const text = prompts.map((one) => testPromptLine({ prompt: one, from: one })).join("");
        assert.deepEqual(read(text), { prompts, issues: [] });
      }),
      { numRuns: 100 },
    );
  });
});
