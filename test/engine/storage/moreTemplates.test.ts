import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { pickCheckpoint } from "../../../engine/data/hub/checkpoint.ts";
import { saveAdapter } from "../../../engine/pipeline/adapterFolder.ts";
import { loadModel, saveModel } from "../../../engine/pipeline/modelFolder.ts";
import { makeSoup } from "../../../engine/pipeline/checkpointWork.ts";
import { carryTokenizer, checkpointContents } from "../../../engine/storage/checkpoints.ts";
import { moreTemplates } from "../../../engine/storage/moreTemplates.ts";
import { PromptFormat, chatTemplateSource, wordLevelTokenizer } from "../../../engine/text/index.ts";
import { adapterParameters } from "../../../engine/models/index.ts";
import { PICO, picoWeights } from "../models/pico.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

const FOLDER = "additional_chat_templates";
const NAMES = [`${FOLDER}/rag.jinja`, `${FOLDER}/tool_use.jinja`];
const tokenizer = wordLevelTokenizer(["reverse", "city"]);

/** A checkpoint as transformers saves one with several chat templates. */
async function withTemplates(folder: string): Promise<string> {
  const base = path.join(folder, "base");
  await saveModel(base, { config: PICO, weights: picoWeights(), tokenizer });
  await fs.writeFile(path.join(base, "chat_template.jinja"), "{{ messages[0].content }}");
  await fs.mkdir(path.join(base, FOLDER));
  for (const name of NAMES) await fs.writeFile(path.join(base, name), `${name} {{ bos_token }}\n`);
  await fs.writeFile(path.join(base, FOLDER, "notes.txt"), "mine");
  await fs.writeFile(path.join(base, FOLDER, ".hidden.jinja"), "mine");
  return base;
}

describe("further chat templates of a checkpoint", () => {
  it("leave the default what it is, and have to have one, as in transformers", async () => {
    await inTemporaryFolder(async (folder) => {
      const base = await withTemplates(folder);
      assert.equal((await chatTemplateSource(base, tokenizer))?.text, "{{ messages[0].content }}");
      const named = path.join(base, NAMES[0] ?? "");
      assert.match((await chatTemplateSource(base, tokenizer, named))?.text ?? "", /^additional_chat_templates\/rag/);
      await fs.rm(path.join(base, "chat_template.jinja"));
      const message =
        /is one of several \(rag, tool_use\), none of which is the default; put the wanted one into a file/;
      await assert.rejects(chatTemplateSource(base, tokenizer), message);
    });
  });

  it("belong to it: they are listed, downloaded, and carried along, byte for byte, by all that is made of it", async () => {
    await inTemporaryFolder(async (folder) => {
      const base = await withTemplates(folder);
      assert.deepEqual(
        (await checkpointContents(base)).filter((name) => name.includes("/")),
        NAMES,
      );
      const picked = pickCheckpoint(["config.json", "model.safetensors", ...NAMES, `${FOLDER}/../x.jinja`]);
      assert.deepEqual(picked.names, ["config.json", ...NAMES, "model.safetensors"]);

      const [model, other, adapter, soup] = ["model", "other", "adapter", "soup"].map((name) =>
        path.join(folder, name),
      );
      assert.ok(model !== undefined && other !== undefined && adapter !== undefined && soup !== undefined);
      const { config, weights, ...rest } = await loadModel(base);
      await saveModel(model, { ...rest, config, weights });
      const shape = { rank: 2, alpha: 4, targets: ["q_proj"] } as const;
      const tensors = [...adapterParameters({ ...PICO, adapter: shape })].map(([name, [rows = 0, columns = 0]]) => {
        return [name, { shape: [rows, columns], data: new Float32Array(rows * columns) }] as const;
      });
      const format = new PromptFormat(tokenizer);
      await saveAdapter(adapter, { adapter: shape, weights: new Map(tensors), format, base, head: "language" });
      await makeSoup({ method: "uniform", of: [base, model], out: soup, signal: new AbortController().signal });
      for (const made of [model, adapter, soup]) {
        assert.deepEqual((await fs.readdir(path.join(made, FOLDER))).sort(), ["rag.jinja", "tool_use.jinja"], made);
        for (const name of NAMES)
          assert.deepEqual(await fs.readFile(path.join(made, name)), await fs.readFile(path.join(base, name)));
      }
      // One that has none leaves none of another's.
      await saveModel(other, { config: PICO, weights: picoWeights(), tokenizer });
      await carryTokenizer(other, model);
      assert.deepEqual(await moreTemplates(model), []);
      await assert.rejects(fs.stat(path.join(model, FOLDER)));
    });
  });

  it("are refused where they are no templates by size or number", async () => {
    await inTemporaryFolder(async (folder) => {
      const base = await withTemplates(folder);
      const large = path.join(base, FOLDER, "large.jinja");
      await fs.writeFile(large, "x".repeat(2 ** 20 + 1));
      await assert.rejects(moreTemplates(base), /a chat template of 1048577 bytes; take out/);
      await fs.rm(large);
      for (let n = 0; n < 100; n++) await fs.writeFile(path.join(base, FOLDER, `t${n}.jinja`), "");
      await assert.rejects(moreTemplates(base), /102 further chat templates/);
    });
  });
});
