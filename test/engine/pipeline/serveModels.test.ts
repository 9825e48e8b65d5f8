import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { generateResponses } from "../../../engine/pipeline/index.ts";
import { readModels } from "../../../engine/storage/formats/models.ts";
import { post } from "../serving/server/served.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { runTiny, tiny } from "./tinyRun.ts";
import { salsaProgram } from "../../program.ts";

const MAIN = salsaProgram();

interface Serving {
  readonly baseUrl: string;
  readonly models: readonly { readonly name: string; readonly folder: string }[];
}

describe("the process that serves a run's models", function () {
  this.timeout(120_000);

  it("answers greedily as salsa generate does, for each model by its name, and ends at an interrupt", () =>
    inTemporaryFolder(async (folder) => {
      const run = await runTiny(tiny(), folder);
      const models = (await readModels(run.folder)) ?? [];
      const sfts = models.filter(({ product }) => product.startsWith("sft-"));
      assert.equal(sfts.length, 2);
      const id = path.basename(run.folder);
      const directory = path.dirname(path.dirname(run.folder));
      const named = sfts.map(({ product }) => `${id}:${product}`);
      const args = [MAIN, "serve-model", ...named, "--port", "0", "--directory", directory, "--threads", "1", "--json"];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      const closed = once(child, "close");
      try {
        const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
        const { baseUrl, models: served } = JSON.parse(line) as Serving;
        assert.deepEqual(
          served.map(({ name }) => name),
          ["sft-1", "sft-2"],
        );
        const prompts = ["reverse: city river time.", "reverse: time."];
        for (const { name, folder: checkpoint } of served) {
          const expected = await generateResponses({
            ...{ checkpoint, prompts, seed: 0, signal: new AbortController().signal },
            sampling: { temperature: 0, topK: 0, topP: 1, maxNewTokens: 12 },
          });
          const answers = await Promise.all(
            prompts.map(async (content) => {
              const asked = { model: name, messages: [{ role: "user", content }], temperature: 0, max_tokens: 12 };
              const response = await post(`${baseUrl}/chat/completions`, asked);
              const body = (await response.json()) as { choices: readonly { message: { content: string } }[] };
              return body.choices[0]?.message.content.trim();
            }),
          );
          assert.deepEqual(
            answers,
            expected.map(({ response }) => response),
          );
        }
      } finally {
        child.kill("SIGINT");
      }
      assert.deepEqual(await closed, [0, null]);
    }));

  it("ends with the process that has started it, if asked to", () =>
    inTemporaryFolder(async (folder) => {
      const run = await runTiny(tiny(), folder);
      const [model] = (await readModels(run.folder)) ?? [];
      assert.ok(model);
      const args = [MAIN, "serve-model", `m=${model.folder}`, "--port", "0", "--with-parent", "--json"];
      // A parent that starts the server, passes on what it says, and is killed.
      const parent = spawn(
        process.execPath,
        [
          "--input-type=module",
          "--eval",
          `import { spawn } from "node:child_process";
           const child = spawn(process.execPath, ${JSON.stringify(args)}, { stdio: ["ignore", "pipe", "inherit"] });
           child.stdout.once("data", (line) => console.log(JSON.stringify({ line: String(line) })));
           setInterval(() => undefined, 1000);`,
        ],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      const [line] = (await once(createInterface({ input: parent.stdout }), "line")) as [string];
      const { line: said } = JSON.parse(line) as { readonly line: string };
      const { baseUrl } = JSON.parse(said) as Serving;
      assert.equal((await fetch(`${baseUrl}/models`)).status, 200);
      parent.kill("SIGKILL");
      await once(parent, "close");
      while (
        await fetch(`${baseUrl}/models`).then(
          () => true,
          () => false,
        )
      );
    }));
});
