import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { planPipeline, writeReport } from "../../../engine/pipeline/index.ts";
import type { PlannedData } from "../../../engine/protocol/dataCounts.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { ownData } from "./ownData.ts";
import { type Written, resolved, runTiny } from "./tinyRun.ts";

/** Words of the task: as many tokens. */
const words = (n: number): string => Array.from({ length: n }, () => "city").join(" ");

/** Adds a record behind the second of a file, on its third line. */
async function insert(file: string, record: object): Promise<void> {
  const lines = (await fs.readFile(file, "utf8")).split("\n");
  await fs.writeFile(file, [...lines.slice(0, 2), JSON.stringify(record), ...lines.slice(2)].join("\n"));
}

/** Records that nothing can be learned from, by the source it is put into. */
const USELESS: readonly {
  readonly name: string;
  readonly record: object;
  readonly reason: string;
  readonly says: RegExp;
}[] = [
  {
    name: "sft",
    record: { prompt: words(20), response: "city" },
    reason: "noResponseToken",
    says: /no response token is left within 16 tokens: its prompt takes 20; raise sft\.maxLength/,
  },
  {
    name: "preferences",
    record: { prompt: "copy: city.", chosen: `${words(16)} river`, rejected: `${words(16)} time` },
    reason: "sameAnswers",
    says: /chosen and rejected are the same, once cut at 16 tokens; raise reward\.maxLength/,
  },
  {
    name: "preferences",
    record: { prompt: "copy: city.", chosen: "city", rejected: "city" },
    reason: "sameAnswers",
    says: /chosen and rejected are the same; correct one of them/,
  },
  {
    name: "prompts",
    record: { prompt: words(200) },
    reason: "overlongPrompt",
    says: /the prompt has 200 tokens, which leaves no room for an answer: the model sees \d+; shorten it/,
  },
  {
    name: "sft",
    record: { prompt: "Quelle soupe?", response: "Une moyenne des poids." },
    reason: "unknownTokens",
    says: /the tokenizer does not know 7 of its 9 tokens; choose a model for such text in model\.checkpoint, or take it out/,
  },
  {
    name: "preferences",
    record: { prompt: "Quelle soupe?", chosen: "Une moyenne des poids.", rejected: "Aucune" },
    reason: "unknownTokens",
    says: /the tokenizer does not know \d+ of its \d+ tokens/,
  },
  {
    name: "mine",
    record: { prompt: words(200) },
    reason: "overlongPrompt",
    says: /the prompt has 200 tokens/,
  },
];

describe("checks of data with the tokenizer", function () {
  this.timeout(120_000);

  const inData = (work: (folder: string, written: Written) => Promise<void>): Promise<void> =>
    inTemporaryFolder(async (folder) => {
      const written = await ownData(folder);
      const cut = (section: string): Written => ({ ...(written[section] as Written), maxLength: 16 });
      await work(folder, { ...written, sft: cut("sft"), reward: cut("reward") });
    });
  const plan = async (written: Written, folder: string): Promise<readonly PlannedData[]> => {
    let data: readonly PlannedData[] = [];
    const onData = (found: readonly PlannedData[]): void => void (data = found);
    await planPipeline(resolved(written, folder), { runsRoot: path.join(folder, ".salsa"), onData });
    return data;
  };
  const fileOf = (name: string): string => `${name}.jsonl`;

  for (const { name, record, reason, says } of USELESS) {
    it(`of ${name} refuse a path with what nothing can be learned from (${reason}), with file and line`, async () => {
      await inData(async (folder, written) => {
        await insert(path.join(folder, fileOf(name)), record);
        const refused = (error: Error): boolean =>
          error.message.startsWith(`${path.join(folder, fileOf(name))}:3: `) &&
          says.test(error.message) &&
          error.message.includes('write {"from": …, "unusable": "drop"} in place of the path');
        await assert.rejects(plan(written, folder), refused);
        await assert.rejects(runTiny(written, folder), refused);
      });
    });

    it(`of ${name} leave it out of a source and count it (${reason}), unless it is to be refused`, async () => {
      await inData(async (folder, written) => {
        await insert(path.join(folder, fileOf(name)), record);
        const given = written["data"] as Written;
        const from = (more: Written): Written => {
          const source = { from: fileOf(name), ...more };
          const data =
            name === "mine"
              ? { ...given, benchmarks: { ...(given["benchmarks"] as Written), mine: source } }
              : { ...given, [name]: source };
          return { ...written, data };
        };
        const counted = (await plan(from({}), folder)).find(({ from: file }) => file.endsWith(fileOf(name)));
        assert.equal(counted?.unusable[reason], 1);
        const refused = new RegExp(`${name}\\.jsonl:3: `);
        await assert.rejects(plan(from({ unusable: "refuse" }), folder), refused);
        // Records that would end a training in the middle cannot be kept.
        const canBeKept = reason === "sameAnswers" || reason === "unknownTokens";
        if (!canBeKept) await assert.rejects(plan(from({ unusable: "keep" }), folder), refused);
        else {
          const kept = (await plan(from({ unusable: "keep" }), folder)).find(({ from: file }) =>
            file.endsWith(fileOf(name)),
          );
          assert.equal(kept?.unusable[reason], 1);
        }
      });
    });
  }

  it("count duplicates and empty turns of a path, of which nothing is left out, in plan, log and report", async () => {
    await inData(async (folder, written) => {
      const file = path.join(folder, "sft.jsonl");
      const [first = ""] = (await fs.readFile(file, "utf8")).split("\n");
      const unlike = Array.from({ length: 10 }, (_, n) => JSON.stringify({ prompt: words(n + 1), response: "city" }));
      await fs.writeFile(file, [...unlike, first, first, '{"prompt":" ","response":"city"}'].join("\n"));
      const counted = (all: readonly PlannedData[]): object | undefined => all.find(({ from }) => from === file);
      const counts = { kind: "sft", read: 13, used: 13, validation: 0, unusable: { duplicate: 1, emptyTurn: 1 } };
      assert.deepEqual(counted(await plan(written, folder)), { from: file, ...counts });
      const run = await runTiny(written, folder);
      const started = run.events.find(({ kind }) => kind === "runStarted");
      assert.ok(started?.kind === "runStarted");
      assert.deepEqual(counted(started.data ?? []), { from: file, ...counts });
      const report = await fs.readFile(await writeReport(run.folder), "utf8");
      assert.match(report, /13 read, 13 used; 1 duplicates; 1 with an empty turn/);
    });
  });

  it("say how many such lines a file has", async () => {
    await inData(async (folder, written) => {
      await insert(path.join(folder, "prompts.jsonl"), { prompt: words(200) });
      await fs.appendFile(path.join(folder, "prompts.jsonl"), `${JSON.stringify({ prompt: words(300) })}\n`);
      await assert.rejects(plan(written, folder), /prompts\.jsonl:3: .*\(the first of 2 such records among 62\)/);
    });
  });

  it("refuse a token that the embedding lacks, with file, line, token and remedy, whatever is to be dropped", async () => {
    await inData(async (folder, written) => {
      const file = path.join(folder, "base", "tokenizer.json");
      const tokenizer = JSON.parse(await fs.readFile(file, "utf8")) as {
        added_tokens: { id: number }[];
        model: { vocab: Record<string, number> };
      };
      const id = Math.max(...Object.values(tokenizer.model.vocab)) + 1;
      const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
      const added = [...tokenizer.added_tokens, { id, content: "<new>", ...flags }];
      await fs.writeFile(file, JSON.stringify({ ...tokenizer, added_tokens: added }));
      await plan(written, folder); // nobody uses it
      await insert(path.join(folder, "sft.jsonl"), { prompt: "copy: <new>.", response: "city" });
      const refused = new RegExp(
        `sft\\.jsonl:3: the token "<new>" has id ${id}, and the model's embedding has ${id} rows; resize the embeddings`,
      );
      await assert.rejects(plan(written, folder), refused);
      const data = { ...(written["data"] as Written), sft: { from: "sft.jsonl", unusable: "drop" } };
      await assert.rejects(plan({ ...written, data }, folder), refused);
    });
  });

  it("are made again where file, template, tokenizer or lengths have changed, and else remembered", async () => {
    await inData(async (folder, written) => {
      const root = path.join(folder, ".salsa");
      const known = path.join(root, "data", "known");
      await plan(written, folder);
      await assert.rejects(fs.stat(root), "a plan leaves nothing behind where no run has been");
      await fs.mkdir(root);
      await plan(written, folder);
      const names = (await fs.readdir(known)).sort();
      assert.equal(names.length, 5, "one for each file");
      const contents = (): Promise<string[]> =>
        Promise.all(names.map((name) => fs.readFile(path.join(known, name), "utf8")));
      const before = await contents();
      await plan(written, folder);
      assert.deepEqual(await contents(), before);
      const long = { prompt: words(20), response: "city" };
      await insert(path.join(folder, "sft.jsonl"), long);
      await assert.rejects(plan(written, folder), /sft\.jsonl:3: no response token/);
      const longer = { ...written, sft: { ...(written["sft"] as Written), maxLength: 30 } };
      await plan(longer, folder);
      await assert.rejects(plan(written, folder), /sft\.jsonl:3: no response token/);
    });
  });
});
