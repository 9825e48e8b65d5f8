import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { parseConfig } from "../../../engine/config/index.ts";
import { PRESETS } from "../../../engine/config/presets.ts";
import { columnsOf } from "../../../engine/data/index.ts";
import { hooked } from "../storage/hookedDisk.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { type Outcome, salsa } from "./screen.ts";

const run = (folder: string, ...args: readonly string[]): Promise<Outcome> =>
  salsa(["new", ...args], { folder, pipeline: { columnsOf } });

/** A folder with a checkpoint and data, a cloned tool beside it, and nothing for a benchmark. */
async function fill(folder: string): Promise<void> {
  const files: Readonly<Record<string, string>> = {
    "models/base/config.json": "{}",
    "models/base/tokenizer.json": "{}",
    "models/base/model.safetensors": "",
    "data/chats.jsonl": '{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}\n',
    "data/pairs.jsonl": '{"prompt":"a","chosen":"b","rejected":"c"}\n',
    "data/prompts.jsonl": '{"prompt":"a"}\n',
    "data/broken.jsonl": "{",
    "node_modules/tool/test.jsonl": '{"prompt":"a"}\n',
    "package.json": "{}",
  };
  for (const [name, text] of Object.entries(files)) {
    await fs.mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await fs.writeFile(path.join(folder, name), text);
  }
}

describe("salsa new", () => {
  it("fills in the model and the data of a folder, and names what is missing", () =>
    inTemporaryFolder(async (folder) => {
      await fill(folder);
      const { code, stdout } = await run(folder);
      assert.equal(code, 0);
      assert.match(stdout, /still to be named in it: benchmark$/m);
      const file = path.join(folder, "my.salsa.json");
      const config = parseConfig(await fs.readFile(file, "utf8"), file);
      assert.equal(config.name, "my");
      assert.equal("checkpoint" in config.model && config.model.checkpoint, path.join(folder, "models/base"));
      const { sft, preferences, prompts } = config.data ?? assert.fail();
      const data = { sft, preferences, prompts };
      const of = { sft: "chats", preferences: "pairs", prompts: "prompts" };
      for (const [role, name] of Object.entries(of) as [keyof typeof of, string][]) {
        const source = data[role];
        assert.equal(typeof source === "object" ? source.from : source, path.join(folder, `data/${name}.jsonl`), role);
      }
    }));

  it("looks beside the config that it writes", () =>
    inTemporaryFolder(async (folder) => {
      await fill(path.join(folder, "work"));
      const { stdout } = await run(folder, "work/mine.salsa.json", "--json");
      const { config, found, missing } = JSON.parse(stdout) as Record<string, unknown>;
      assert.equal(config, path.join(folder, "work/mine.salsa.json"));
      assert.equal((found as Record<string, string>)["sft"], "data/chats.jsonl");
      assert.deepEqual(missing, ["benchmark"]);
    }));

  it("passes over a folder that cannot be listed", () =>
    inTemporaryFolder(async (folder) => {
      await fill(folder);
      await fs.mkdir(path.join(folder, "closed"));
      const { result, calls } = await hooked(
        {
          operation: "readdir",
          at: (file) => file === path.join(folder, "closed"),
          before: () => Promise.reject(Object.assign(new Error("EACCES"), { code: "EACCES", syscall: "scandir" })),
        },
        () => run(folder),
      );
      assert.equal(calls, 1);
      assert.match(result.stdout, /sft: data\/chats\.jsonl/);
      assert.equal(result.code, 0);
    }));

  for (const { name } of PRESETS) {
    it(`starts from ${name}`, () =>
      inTemporaryFolder(async (folder) => {
        assert.equal((await run(folder, "a", "--from", name)).code, 0);
        const file = path.join(folder, "a.salsa.json");
        assert.equal(parseConfig(await fs.readFile(file, "utf8"), file).name, "a");
      }));
  }

  for (const named of ["", ".", "data/", ".salsa.json"]) {
    it(`writes no config that is hidden: ${JSON.stringify(named)}`, () =>
      inTemporaryFolder(async (folder) => {
        await fs.mkdir(path.join(folder, "data"));
        const { code, stderr } = await run(folder, named);
        assert.deepEqual([code, await fs.readdir(folder, { recursive: true })], [2, ["data"]]);
        assert.match(stderr, /\.salsa\.json: has no name that is looked for; give the config one/);
      }));
  }

  it("says of a folder that is not there to make it first", () =>
    inTemporaryFolder(async (folder) => {
      const { code, stderr } = await run(folder, path.join("sub", "mine"));
      assert.equal(code, 2);
      assert.ok(stderr.includes(`${path.join(folder, "sub")}: there is no such folder; make it first`), stderr);
    }));

  it("writes over nothing, and names the starts that there are", () =>
    inTemporaryFolder(async (folder) => {
      await fs.writeFile(path.join(folder, "my.salsa.json"), "mine");
      const taken = await run(folder);
      assert.equal(taken.code, 2);
      assert.match(taken.stderr, /my\.salsa\.json: is there already; give another name/);
      assert.equal(await fs.readFile(path.join(folder, "my.salsa.json"), "utf8"), "mine");
      const unknown = await run(folder, "b", "--from", "gpt");
      assert.equal(unknown.code, 2);
      assert.match(unknown.stderr, /miniinstruct/);
    }));
});
