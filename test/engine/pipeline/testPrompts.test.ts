import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { readRunConfig } from "../../../engine/server/configFile.ts";
import { runPipeline } from "../../../engine/pipeline/index.ts";
import { writeReport } from "../../../engine/pipeline/report/index.ts";
import { ConfigError } from "../../../engine/protocol/errors.ts";
import type { RunEvent } from "../../../engine/protocol/events.ts";
import { TEST_PROMPTS, TEST_PROMPTS_FILE } from "../../../engine/protocol/testPrompts.ts";
import { readAnswers } from "../../../engine/storage/formats/answers.ts";
import { withService } from "../server/service/serviceClient.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { type TinyRun, artifactHashes, artifactOf, computed, keysOf, tableFiles, tiny } from "./tinyRun.ts";

const OWN = "reverse: red green blue.";
const FOREIGN = "What is the capital of France?";
const LONG = `reverse: ${"red ".repeat(200)}.`;

/** Runs the config that stands in a folder, as the command line does. */
async function runFile(folder: string, prompts?: readonly string[]): Promise<TinyRun> {
  const file = path.join(folder, "tiny.salsa.json");
  await fs.writeFile(file, JSON.stringify(tiny({ soups: {}, arms: { ppo: { reference: "sft-1" } } })));
  const lines = prompts?.map((prompt) => `${JSON.stringify({ prompt })}\n`);
  if (lines !== undefined) await fs.writeFile(path.join(folder, TEST_PROMPTS_FILE), lines.join(""));
  const config = await readRunConfig(file);
  const events: RunEvent[] = [];
  const { signal } = new AbortController();
  const runsRoot = config.runtime.directory;
  const result = await runPipeline({ config, configFile: file, runsRoot, signal, report: (one) => events.push(one) });
  return { ...result, config, events };
}

describe("test prompts beside a config", function () {
  this.timeout(120_000);

  it("are answered by every model, and change no other stage, table or byte", async () => {
    await inTemporaryFolder(async (folder) => {
      const plain = await runFile(folder);
      const before = await artifactHashes(plain.config.runtime.directory);
      const tested = await runFile(folder, [OWN, FOREIGN, LONG]);
      const models = ["base", "sft-1", "sft-2", "ppo"];
      assert.deepEqual(
        computed(tested),
        models.map((model) => `${model} on ${TEST_PROMPTS}`),
        "nothing else is made",
      );
      const keys = keysOf(tested);
      for (const [stage, key] of keysOf(plain)) assert.equal(keys.get(stage), key, stage);
      assert.deepEqual(await tableFiles(tested.folder), await tableFiles(plain.folder));
      const after = await artifactHashes(plain.config.runtime.directory);
      for (const [file, hash] of before) assert.equal(after.get(file), hash, file);

      const answers = await readAnswers(artifactOf(tested, `ppo on ${TEST_PROMPTS}`));
      assert.deepEqual(
        answers.map(({ question, gold }) => [question, gold === undefined]),
        [
          [OWN, false],
          [FOREIGN, true],
        ],
        "a prompt of the task has its true score, and what the model cannot see is left out",
      );
      const notes = tested.events.flatMap((event) => (event.kind === "note" ? [event.message] : []));
      assert.equal(notes.filter((note) => note.startsWith("not answered: the test prompt")).length, models.length);

      const report = await fs.readFile(await writeReport(tested.folder), "utf8");
      const section = report.slice(report.indexOf("## Test prompts"), report.indexOf("## How to make it again"));
      assert.ok(section.includes(`**Prompt:** ${FOREIGN}`) && section.includes("| ppo |"), section);
      assert.ok(!(await fs.readFile(await writeReport(plain.folder), "utf8")).includes("## Test prompts"));

      await withService(async ({ ask }) => {
        const source = { kind: "answers", benchmark: TEST_PROMPTS } as const;
        const page = await ask("samples", { folder: tested.folder, source, offset: 0, limit: 10 });
        assert.deepEqual([page.columns, page.rows.map(({ prompt }) => prompt)], [models, [OWN, FOREIGN]]);
      });

      const again = await runFile(folder, [OWN, FOREIGN, LONG]);
      assert.deepEqual(computed(again), []);
    });
  });

  it("are refused before anything runs where a line does not fit, with file and line", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "tiny.salsa.json");
      await fs.writeFile(file, JSON.stringify(tiny()));
      await fs.writeFile(path.join(folder, TEST_PROMPTS_FILE), '{"prompt":"a"}\n{"promt":"b"}\n');
      await assert.rejects(readRunConfig(file), (error) => {
        assert.ok(error instanceof ConfigError);
        const [first] = error.issues;
        assert.deepEqual([first?.file, first?.line], [path.join(folder, TEST_PROMPTS_FILE), 2]);
        return true;
      });
    });
  });
});
