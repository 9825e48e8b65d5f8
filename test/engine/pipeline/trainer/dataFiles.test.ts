import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import {
  type WrittenRecords,
  writePairsFile,
  writePromptsFile,
  writeSftFile,
} from "../../../../engine/pipeline/trainer/dataFiles.ts";
import { openRlhf } from "../../../../engine/cluster/openrlhf/index.ts";
import type { Message, SftExample } from "../../../../engine/protocol/conversation.ts";
import { PromptFormat, wordLevelTokenizer } from "../../../../engine/text/index.ts";
import { heldBytes } from "../../../heldBytes.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";

const tokenizer = wordLevelTokenizer(["say", "yes", "no", "please"]);
const eos = tokenizer.tokenOf(tokenizer.eos) ?? "";
const bare = new PromptFormat(tokenizer);
const chat = new PromptFormat(tokenizer, {
  text: "{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}",
  where: "chat_template.jinja",
});
const user = (content: string): Message => ({ role: "user", content });
const assistant = (content: string): Message => ({ role: "assistant", content });

/** The lines that a writer makes. */
async function written(
  write: (file: string) => Promise<WrittenRecords>,
): Promise<readonly [boolean, readonly unknown[]]> {
  return inTemporaryFolder(async (folder) => {
    const file = path.join(folder, "data.jsonl");
    await fs.writeFile(file, "of an earlier attempt\n");
    const { areConversations, count } = await write(file);
    const lines = (await fs.readFile(file, "utf8")).trim().split("\n");
    assert.equal(lines.length, count);
    return [areConversations, lines.map((line) => JSON.parse(line) as unknown)];
  });
}

describe("data files for OpenRLHF", () => {
  const from = "sft.jsonl";
  const by = openRlhf;

  it("have conversations for a model with a chat template, whatever form the examples have", async () => {
    const turns = [user("say"), assistant("no"), user("please"), assistant("yes")];
    const records = [
      { prompt: "say", response: "yes" },
      { messages: turns },
      { prompt: [user("say"), assistant("ye")], response: "s" },
    ];
    assert.deepEqual(await written((file) => writeSftFile(file, { records, format: chat, from, by })), [
      true,
      [
        { messages: [user("say"), assistant("yes")] },
        { messages: turns },
        { messages: [user("say"), assistant("yes")] },
      ],
    ]);
  });

  it("have texts for one without, ended as this engine ends them", async () => {
    const records = [{ prompt: "say", response: " yes" }];
    const [areConversations, lines] = await written((file) => writeSftFile(file, { records, format: bare, from, by }));
    assert.equal(areConversations, false);
    const [line] = lines as readonly { readonly prompt: string; readonly response: string }[];
    const { tokens } = bare.encodeExample({ prompt: "say", response: " yes" });
    // OpenRLHF tokenizes prompt and response as one text, with nothing put around it.
    assert.deepEqual(tokenizer.encode(`${line?.prompt}${line?.response}`), tokens);
    assert.ok(line?.response.endsWith(eos));
  });

  it("are written record by record, however many there are", async () => {
    let most = 0;
    function* records(): Generator<SftExample, undefined> {
      const before = heldBytes().heap;
      for (let number = 1; number <= 2_000; number++) {
        yield { prompt: "say", response: `${number}${" yes".repeat(2_000)}` };
        if (number % 500 === 0) most = Math.max(most, heldBytes().heap - before);
      }
    }
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "data.jsonl");
      const { count } = await writeSftFile(file, { records: records(), format: bare, from, by });
      assert.equal(count, 2_000);
      assert.ok((await fs.stat(file)).size > 12 * 2 ** 20);
    });
    assert.ok(most < 4 * 2 ** 20, `${most} bytes were held`);
  });

  it("have whole conversations or texts as chosen and rejected, with a margin in every line", async () => {
    const pair = { prompt: "say", chosen: { text: " yes", ended: true }, rejected: { text: " no", ended: false } };
    const [, [own]] = await written((file) => writePairsFile(file, { records: [pair], format: bare, from, by }));
    assert.deepEqual(own, { chosen: `say yes${eos}`, rejected: "say no", margin: 0 });
    const [areConversations, [turns]] = await written((file) =>
      writePairsFile(file, { records: [{ ...pair, margin: 2 }], format: chat, from, by }),
    );
    assert.ok(areConversations);
    assert.deepEqual(turns, {
      chosen: [user("say"), assistant(" yes")],
      rejected: [user("say"), assistant(" no")],
      margin: 2,
    });
  });

  it("have prompts, and none that OpenRLHF would put in another way", async () => {
    const write = (
      records: readonly (string | readonly Message[])[],
    ): Promise<readonly [boolean, readonly unknown[]]> =>
      written((file) => writePromptsFile(file, { records, format: chat, from, by }));
    assert.deepEqual(await write(["say", [user("please")]]), [
      true,
      [{ prompt: [user("say")] }, { prompt: [user("please")] }],
    ]);
    await assert.rejects(
      write([[user("say"), assistant("ye")]]),
      /sft\.jsonl: prompt 1: ends with an assistant's turn/,
    );
    await assert.rejects(write(["say", "say <image> please"]), /prompt 2: has <image> in it/);
    await assert.rejects(write(["say", `${eos}say`]), /record 2: some are conversations and some texts/);
  });
});
