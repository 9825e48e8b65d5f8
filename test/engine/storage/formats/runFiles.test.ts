import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type ModelPlace, modelsFile, readModels } from "../../../../engine/storage/formats/models.ts";
import { readDescription, readRunnable } from "../../../../engine/storage/formats/runDescription.ts";
import { parseSampleHead, readLastSamples } from "../../../../engine/storage/formats/samples.ts";
import { writeRun } from "../../server/service/runFolders.ts";
import { inTemporaryFolder } from "../temporaryFolder.ts";

describe("models.json", () => {
  it("keeps product, kind, seed and folder of each model, wherever the root is moved", async () => {
    await inTemporaryFolder(async (folder) => {
      const run = path.join(folder, ".salsa", "runs", "a-1");
      await fs.mkdir(run, { recursive: true });
      const artifact = path.join(folder, ".salsa", "artifacts", "rlhf-00");
      const places: ModelPlace[] = [
        { product: "odd/name (β 1) on x", kind: "rlhf", seed: 2, folder: artifact },
        { product: "base", kind: "base", folder: "/elsewhere/base" },
      ];
      assert.equal(await readModels(run), undefined);
      const { name, content } = modelsFile(run, places);
      await fs.writeFile(path.join(run, name), content);
      assert.deepEqual(await readModels(run), places);
      await fs.rename(path.join(folder, ".salsa"), path.join(folder, "moved"));
      const [first] = (await readModels(path.join(folder, "moved", "runs", "a-1"))) ?? [];
      assert.equal(first?.folder, path.join(folder, "moved", "artifacts", "rlhf-00"));
    });
  });

  it("of an older version is read, with kinds by the folders' names", async () => {
    await inTemporaryFolder(async (folder) => {
      const old = { base: "../../artifacts/base-0", "seed-2/salsa": "../../artifacts/choice-1", reward: "/r/reward-2" };
      await fs.writeFile(path.join(folder, "models.json"), JSON.stringify(old));
      const artifacts = path.resolve(folder, "../../artifacts");
      assert.deepEqual(await readModels(folder), [
        { product: "base", kind: "base", folder: path.join(artifacts, "base-0") },
        { product: "salsa", kind: "choice", seed: 2, folder: path.join(artifacts, "choice-1") },
        { product: "reward", kind: "reward", folder: "/r/reward-2" },
      ]);
    });
  });

  it("of a version that is not known is refused", async () => {
    await inTemporaryFolder(async (folder) => {
      await fs.writeFile(path.join(folder, "models.json"), '{"version":3,"models":[]}');
      await assert.rejects(readModels(folder), {
        name: "DataError",
        message: /models\.json: read: field version does not fit: .*; resume the run, which writes it again$/,
      });
    });
  });
});

describe("run.json", () => {
  it("is read as far as it fits: a config of another version is left out, and the rest is there", async () => {
    await inTemporaryFolder(async (folder) => {
      const run = await writeRun(folder, "a-1", {
        record: { git: { commit: "c", branch: "b", dirty: true, diff: "" } },
      });
      const { config, salsa, git } = await readRunnable(run);
      assert.deepEqual([config.name, salsa, git?.commit], ["a", "0.1.0", "c"]);
      const newer = await writeRun(folder, "b-1", { record: { config: { name: "b" }, salsa: "9.0.0", git: 1 } });
      const read = await readDescription(newer);
      assert.deepEqual([read.config, read.salsa, read.git, read.cpu], [undefined, "9.0.0", undefined, "y"]);
      await assert.rejects(readRunnable(newer), {
        name: "DataError",
        message: /run\.json: lacks a config that this version can read; start the run again from its config/,
      });
    });
  });

  it("is reported when it is not there or damaged", async () => {
    await inTemporaryFolder(async (folder) => {
      await assert.rejects(readDescription(folder), {
        name: "DataError",
        message: /run\.json: read: no such file; check/,
      });
      await fs.writeFile(path.join(folder, "run.json"), "[");
      await assert.rejects(readDescription(folder), { name: "DataError", message: /run\.json: read: not JSON; start/ });
      await fs.writeFile(path.join(folder, "run.json"), "[]");
      await assert.rejects(readDescription(folder), { name: "DataError", message: /does not fit/ });
    });
  });
});

describe("samples.jsonl", () => {
  const sample = (step: number, response: string): string =>
    JSON.stringify({ stage: "ppo", step, prompt: "p", response, ended: true, score: 1, tokens: [], logprobs: [] });

  it("gives the rollouts of the last kept step, also where a stage went back, but for a line that is cut short", async () => {
    await inTemporaryFolder(async (folder) => {
      assert.deepEqual(await readLastSamples(folder), []);
      const file = path.join(folder, "samples.jsonl");
      const lines = [sample(1, "a"), sample(6, "b"), '{"note":1}', sample(1, "c"), sample(1, "d")];
      await fs.writeFile(file, `${lines.join("\n")}\n${sample(1, "cut").slice(0, -8)}`);
      assert.deepEqual(
        (await readLastSamples(folder)).map(({ response }) => response),
        ["c", "d"],
      );
    });
  });

  it("passes over single rollouts of followed prompts that come after a step that kept several", async () => {
    await inTemporaryFolder(async (folder) => {
      const lines = [sample(1, "a"), sample(6, "b"), sample(6, "c"), sample(8, "followed")];
      await fs.writeFile(path.join(folder, "samples.jsonl"), `${lines.join("\n")}\n`);
      const last = async (): Promise<readonly string[]> =>
        (await readLastSamples(folder)).map(({ response }) => response);
      assert.deepEqual(await last(), ["b", "c"]);
      // The stage went back to a step before those.
      await fs.appendFile(path.join(folder, "samples.jsonl"), `${sample(3, "again")}\n`);
      assert.deepEqual(await last(), ["again"]);
    });
  });

  it("counts the tokens of a line however its arrays are spaced", () => {
    for (const numbers of ["[]", "[ ]", "[\t\r]", "[ -1]", "[-1 , -2]"]) {
      const { length } = JSON.parse(numbers) as readonly number[];
      const tokens = JSON.stringify(Array.from({ length }, () => "a"));
      const line = sample(1, "a").replace(/"tokens".*$/, `"tokens":${tokens},"logprobs":${numbers}}`);
      assert.equal(parseSampleHead(Buffer.from(line))?.nTokens, length, line);
    }
  });
});
