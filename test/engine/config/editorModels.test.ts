import assert from "node:assert/strict";
import { isFree, judgingCost, judgingCostTexts, parseConfig } from "../../../engine/config/index.ts";
import { editorModelOf } from "../../../engine/protocol/editorModels.ts";
import { ConfigError } from "../../../engine/protocol/errors.ts";

const parse = (evaluation: object): ReturnType<typeof parseConfig> =>
  parseConfig(JSON.stringify({ task: { name: "miniinstruct" }, evaluation }), "run.salsa.json");

const complaintsOf = (evaluation: object): readonly string[] => {
  try {
    parse(evaluation);
  } catch (error) {
    if (error instanceof ConfigError) return error.issues.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
};

describe("models of the editor's in a config", () => {
  it("are named by vendor, and id or family", () => {
    assert.deepEqual(editorModelOf("vscode:copilot/gpt-4o"), { vendor: "copilot", name: "gpt-4o" });
    assert.deepEqual(editorModelOf("vscode:own/org/model 2"), { vendor: "own", name: "org/model 2" });
    for (const none of ["gpt-4o", "vscode:", "vscode:copilot", "vscode:copilot/", "vscode:/x", "vscode: a/b"]) {
      assert.equal(editorModelOf(none), undefined, none);
    }
  });

  it("judge, sit on panels and answer, without an address", () => {
    const model = "vscode:copilot/gpt-4o";
    assert.deepEqual(complaintsOf({ judge: "llm", llm: { model } }), []);
    assert.deepEqual(complaintsOf({ judge: "panel", panel: { members: [{ model }, "gold"] } }), []);
    assert.deepEqual(complaintsOf({ contestants: { editor: { model } } }), []);
  });

  it("are complained about where they are misspelled, or have what only servers have; servers need an address", () => {
    assert.deepEqual(complaintsOf({ judge: "llm", llm: { model: "vscode:gpt-4o" } }), [
      "evaluation.llm.model: is not an address of an editor's model",
    ]);
    const keyed = { model: "vscode:copilot/gpt-4o", baseUrl: "http://x", keyVariable: "X_API_KEY" };
    assert.deepEqual(complaintsOf({ judge: "llm", llm: keyed }), [
      "evaluation.llm.baseUrl: would change nothing: the editor asks its own models",
      "evaluation.llm.keyVariable: would change nothing: the editor asks its own models",
    ]);
    const message = "is missing";
    assert.deepEqual(complaintsOf({ judge: "llm", llm: { model: "gpt" } }), [`evaluation.llm.baseUrl: ${message}`]);
    assert.deepEqual(complaintsOf({ judge: "panel", panel: { members: ["gold", { model: "gpt" }] } }), [
      `evaluation.panel.members[1].baseUrl: ${message}`,
    ]);
    assert.deepEqual(complaintsOf({ contestants: { gpt: { model: "gpt" } } }), [
      `evaluation.contestants.gpt.baseUrl: ${message}`,
    ]);
  });

  it("are agreed to beforehand, since what is judged leaves the machine; what they cost is up to a plan", () => {
    const costs = judgingCost(parse({ judge: "llm", llm: { model: "vscode:copilot/gpt-4o" } }));
    assert.equal(isFree(costs), false);
    assert.match(
      judgingCostTexts(costs, undefined)[0] ?? "",
      /^judging sends prompts and answers to copilot, through a window of VS Code: at most \d+ requests to vscode:copilot\/gpt-4o, .*; they count in what your plan there allows\./,
    );
  });
});
