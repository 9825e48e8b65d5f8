import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { ownData } from "../../pipeline/ownData.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { refusal } from "./runFolders.ts";
import { startService } from "./serviceClient.ts";

describe("previews of data by the service", function () {
  this.timeout(120_000);

  it("only read, also where the workspace is not trusted, and download nothing there", async () => {
    await inTemporaryFolder(async (folder) => {
      const configFile = path.join(folder, "mine.salsa.json");
      const config = await ownData(folder);
      await fs.writeFile(configFile, JSON.stringify(config));
      const before = (await fs.readdir(folder)).sort();
      const client = startService();
      await client.ask("initialize", { protocol: 1, client: "test 1" });
      const opened = await client.ask("openPreview", { configFile, source: "preferences" });
      assert.deepEqual(
        opened.sources.map(({ name }) => name),
        ["sft", "preferences", "prompts", "benchmarks.mine", "benchmarks.other"],
      );
      assert.equal(opened.source.kind, "preferences");
      assert.equal(opened.seenBy, "mine.salsa.json");
      const { id } = opened;
      const page = await client.ask("previewPage", { id, offset: 0, limit: 3 });
      assert.deepEqual(
        page.rows.map(({ line, sequences }) => [line, sequences.length]),
        [
          [1, 2],
          [2, 2],
          [3, 2],
        ],
      );
      assert.deepEqual([page.total, page.isAll], [24, true]);
      assert.equal((await client.ask("previewCounts", { id })).sequences, 48);
      assert.equal((await client.ask("previewRow", { id, index: 4 })).line, 5);
      assert.deepEqual((await fs.readdir(folder)).sort(), before);
      await client.ask("closePreview", { id });
      await assert.rejects(client.ask("previewPage", { id, offset: 0, limit: 3 }), /no longer open; open it again/);
      const hub = { ...config, data: { ...(config["data"] as object), sft: "hf:owner/name@main" } };
      await fs.writeFile(configFile, JSON.stringify(hub));
      await assert.rejects(client.ask("openPreview", { configFile }), /hf:owner\/name@main: it is not in the cache/);
      await client.end();
    });
  });

  it("end where a tokenizer's pattern backtracks without end, and so do not keep others from being answered", async () => {
    await inTemporaryFolder(async (folder) => {
      const configFile = path.join(folder, "mine.salsa.json");
      const config = await ownData(folder);
      await fs.writeFile(configFile, JSON.stringify(config));
      const tokenizer = path.join(
        path.resolve(folder, (config["model"] as { checkpoint: string }).checkpoint),
        "tokenizer.json",
      );
      const content = JSON.parse(await fs.readFile(tokenizer, "utf8")) as object;
      // Behind each answer of the template, too, which is tokenized when the model is opened.
      const long = "{% for message in messages %}{{ message.content }}" + "a".repeat(100) + "{% endfor %}";
      await fs.writeFile(path.join(path.dirname(tokenizer), "chat_template.jinja"), long);
      const split = { type: "Split", pattern: { Regex: "(a+)+b" }, behavior: "Isolated", invert: false };
      await fs.writeFile(tokenizer, JSON.stringify({ ...content, pre_tokenizer: split }));
      const row = { prompt: "a".repeat(100), response: "b" };
      await fs.writeFile(path.join(folder, "sft.jsonl"), `${JSON.stringify(row)}\n`);
      const client = startService();
      try {
        await client.ask("initialize", { protocol: 1, client: "test 1" });
        const { id } = await client.ask("openPreview", { configFile, source: "sft" });
        const slow = /sft\.jsonl:1: takes the tokenizer more than 5 s; look at the patterns/;
        await assert.rejects(client.ask("previewPage", { id, offset: 0, limit: 3 }), refusal(1, "DataError", slow));
        assert.deepEqual(await client.ask("listRuns", {}), []);
      } finally {
        client.child.kill("SIGKILL");
        client.connection.dispose();
      }
    });
  });

  it("are of a file, too, as a config's base model or a folder's sees it, whether a config names it or not", async () => {
    await inTemporaryFolder(async (folder) => {
      const configFile = path.join(folder, "mine.salsa.json");
      const config = await ownData(folder);
      await fs.writeFile(configFile, JSON.stringify(config));
      const file = path.join(folder, "other.json");
      const said = { prompt: "reverse: city river." };
      await fs.writeFile(file, JSON.stringify([{ ...said, chosen: "river city", rejected: "city" }, said]));
      const { checkpoint } = config["model"] as { checkpoint: string };
      const client = startService();
      await client.ask("initialize", { protocol: 1, client: "test 1" });
      const pages = [];
      for (const seenBy of [{ configFile }, { model: path.resolve(folder, checkpoint) }]) {
        const opened = await client.ask("openPreview", { file, seenBy });
        assert.deepEqual(opened.sources, [{ name: "preferences", kind: "preferences", from: file }]);
        assert.equal(opened.seenBy, path.basename("model" in seenBy ? (seenBy.model ?? "") : configFile));
        pages.push(await client.ask("previewPage", { id: opened.id, offset: 0, limit: 5 }));
      }
      assert.deepEqual(
        pages[0]?.rows.map(({ line, fate }) => [line, fate]),
        [
          [1, "used"],
          [1, "refused"],
        ],
      );
      assert.deepEqual(pages[0], pages[1]);
      const task = path.join(folder, "task.salsa.json");
      await fs.writeFile(task, '{ "task": { "name": "miniinstruct" } }');
      const asked = client.ask("openPreview", { file, seenBy: { configFile: task } });
      await assert.rejects(asked, /task\.salsa\.json: trains its base model from nothing.*choose a config/);
      await client.end();
    });
  });

  it("name the columns of a file, and none of what is on the hub", async () => {
    await inTemporaryFolder(async (folder) => {
      const from = path.join(folder, "a.jsonl");
      await fs.writeFile(from, '{"question": "a", "meta": {"source": "b"}}\n');
      const client = startService();
      await client.ask("initialize", { protocol: 1, client: "test 1" });
      assert.deepEqual(await client.ask("columns", { from }), { columns: ["question", "meta", "meta.source"] });
      assert.deepEqual(await client.ask("columns", { from: "hf:owner/name@main" }), { columns: [] });
      await client.end();
    });
  });

  it("are closed one after the other where there are many", async () => {
    await inTemporaryFolder(async (folder) => {
      const configFile = path.join(folder, "mine.salsa.json");
      await fs.writeFile(configFile, JSON.stringify(await ownData(folder)));
      const client = startService();
      await client.ask("initialize", { protocol: 1, client: "test 1" });
      const ids: number[] = [];
      for (let n = 0; n < 4; n++) ids.push((await client.ask("openPreview", { configFile })).id);
      await assert.rejects(client.ask("previewCounts", { id: ids[0] ?? 0 }), /no longer open/);
      assert.equal((await client.ask("previewCounts", { id: ids[3] ?? 0 })).rows, 64);
      await client.end();
    });
  });
});
