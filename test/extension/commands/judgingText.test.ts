import assert from "node:assert/strict";
import { judgingCost, parseConfig } from "../../../engine/config/index.ts";
import { judgingText } from "../../../extension/commands/judgingText.ts";

describe("what a person agrees to before a language model judges", () => {
  const text = (evaluation: object): string => {
    const shape = {
      prompts: 100,
      benchmarks: ["inDistribution"],
      pairs: [["salsa", "ppo"]],
      sampling: { maxNewTokens: 200 },
    };
    const llm = { model: "gpt", baseUrl: "https://judge.example/v1", keyVariable: "JUDGE_API_KEY" };
    const written = { task: { name: "miniinstruct" }, evaluation: { ...shape, judge: "llm", llm, ...evaluation } };
    const config = parseConfig(JSON.stringify(written), "/nowhere/x.salsa.json");
    return judgingText(judgingCost(config), config.evaluation.budget);
  };

  it("names server, key, requests, tokens, price and budget", () => {
    assert.equal(
      text({ prices: { gpt: { input: 10, output: 30 } }, budget: 3 }),
      [
        "Prompts and answers go to judge.example: at most 200 requests to gpt.",
        "The key in JUDGE_API_KEY is sent along.",
        "About 160,000 tokens are read and 60,000 written.",
        "About $3.40, at most $14.29. Replies that are kept from before cost nothing.",
        "Judging stops before it costs more than $3.",
      ].join("\n"),
    );
  });

  it("says of an editor's model whose it is, and that a plan is used", () => {
    assert.match(
      text({ llm: { model: "vscode:copilot/gpt-4o" } }),
      /^Prompts and answers go to copilot, through this editor: at most 200 requests to vscode:copilot\/gpt-4o\.\n.*\nThey count towards what your plan there allows\.$/,
    );
  });

  it("says so where the price is not known", () => {
    assert.match(text({}), /The price is not known/);
  });
});
