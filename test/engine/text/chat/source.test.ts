import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Json } from "../../../../engine/storage/json.ts";
import { Tokenizer, chatTemplateSource, wordLevelTokenizer } from "../../../../engine/text/index.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";

/** A tokenizer whose tokenizer_config.json has this as its chat template. */
function withTemplate(chat_template: Json): Tokenizer {
  const { tokenizer, settings } = wordLevelTokenizer(["one"]).files;
  return new Tokenizer({ tokenizer, settings: { ...settings, chat_template } });
}

describe("the chat template of a checkpoint", () => {
  it("stands in tokenizer_config.json, as a text or as the default of several, unless there is a file", () =>
    inTemporaryFolder(async (folder) => {
      const found = async (chat_template: Json): Promise<string | undefined> =>
        (await chatTemplateSource(folder, withTemplate(chat_template)))?.text;
      const several = [
        { name: "tool_use", template: "tools" },
        { name: "default", template: "plain" },
      ];
      assert.equal(await found("text"), "text");
      assert.equal(await found(several), "plain");
      assert.equal(await found(null), undefined);
      await fs.writeFile(path.join(folder, "chat_template.jinja"), "file");
      assert.equal(await found(several), "file");
    }));

  it("is refused by its place where there is no default, or it is something else", () =>
    inTemporaryFolder(async (folder) => {
      const place = `${path.join(folder, "tokenizer_config.json")}: chat_template: `;
      for (const [chat_template, what] of [
        [[{ name: "rag", template: "a" }], "is one of several (rag), none of which is the default; put the wanted one"],
        [[{ name: "default" }], "is a list with something else than named templates; make it a text, or a list"],
        [3, "is neither a text nor a list of named ones; make it a text, or a list"],
      ] as const) {
        await assert.rejects(chatTemplateSource(folder, withTemplate(chat_template)), (error: Error) => {
          assert.equal(error.name, "ChatTemplateError");
          return error.message.startsWith(`${place}the chat template ${what}`);
        });
      }
    }));
});
