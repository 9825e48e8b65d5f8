import assert from "node:assert/strict";
import type { PromptFormat } from "../../../engine/text/index.ts";
import { families, formatOf } from "./families.ts";

/** transformers encodes what the template says; where it says begin-of-text several times in front, or not at all, we differ. */
function withOneBos({ tokenizer }: PromptFormat, ids: readonly number[], addsBos: boolean): readonly number[] {
  return addsBos && ids[0] !== tokenizer.bos ? [tokenizer.bos ?? -1, ...ids] : ids;
}

describe("chat templates", () => {
  for (const [name, family] of Object.entries(families)) {
    const format = formatOf(name);
    for (const how of ["plain", "prompt", "continued"] as const) {
      it(`of the kind ${name} give the text and ids of apply_chat_template: ${how}`, () => {
        for (const { messages, ...outcomes } of family.cases) {
          const expected = outcomes[how];
          const options = { addGenerationPrompt: how === "prompt", continueFinalMessage: how === "continued" };
          if ("raises" in expected) {
            assert.throws(
              () => format.template.render(messages, options),
              (error: Error) => {
                assert.equal(error.name, "ChatTemplateError");
                return expected.raises === null || error.message.includes(expected.raises);
              },
            );
            continue;
          }
          const text = format.template.render(messages, options);
          assert.equal(text, expected.text);
          const ids = withOneBos(format, expected.ids, family.postProcessor !== null);
          assert.deepEqual(format.tokenizer.encodeRendered(text), ids, text);
        }
      });
    }
  }

  it("mark the tokens that transformers does where they have marks of their own", () => {
    const family = families["marked"];
    assert.ok(family !== undefined);
    const format = formatOf("marked");
    for (const { messages, mask } of family.cases) {
      if (messages.at(-1)?.role !== "assistant" || messages.at(-1)?.content === "") continue;
      const { learned } = format.encodeExample({ messages });
      assert.deepEqual([...(learned ?? [])], mask);
    }
  });
});
