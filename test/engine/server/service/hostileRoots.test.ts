import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { readRunFacts } from "../../../../engine/server/service/runFacts.ts";
import { writeReport } from "../../../../engine/pipeline/index.ts";
import { HAS_PIPES, putLink, putPipe } from "../../storage/hostile.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { finishedEvents, refusal, stamped, writeRun } from "./runFolders.ts";
import { withService } from "./serviceClient.ts";

const isLink = refusal(1, "DataError", /is a link, which is neither read nor written; put what it leads to/);

/** A root with a run, and what must stay beside it; the key of the run's artifact is the attacker's choice. */
interface Scene {
  readonly root: string;
  readonly run: string;
  readonly outside: string;
}

const KEY = "precious";

/** @returns Names of everything that is outside in the end, sorted. */
async function withScene(work: (scene: Scene) => Promise<void>, key = KEY): Promise<readonly string[]> {
  return inTemporaryFolder(async (folder) => {
    const outside = path.join(folder, "outside");
    await fs.mkdir(path.join(outside, KEY, "deeper"), { recursive: true });
    await fs.writeFile(path.join(outside, KEY, "deeper", "thesis.txt"), "years");
    const run = await writeRun(folder, "one-1", { events: finishedEvents("one-1", key) });
    await work({ root: path.join(folder, ".salsa"), run, outside });
    return (await fs.readdir(outside, { recursive: true })).sort();
  });
}

const UNTOUCHED = [KEY, `${KEY}/deeper`, `${KEY}/deeper/thesis.txt`].map((name) => path.join(name));

describe("deleting a run of somebody else's", function () {
  for (const linked of ["artifacts", `artifacts/${KEY}`, `artifacts/.work-${KEY}`, "records", `records/${KEY}`]) {
    it(`refuses, says where, and removes nothing: ${linked} is a link`, async () => {
      const left = await withScene(async ({ root, run, outside }) => {
        const target = linked.includes("/") ? path.join(outside, KEY) : outside;
        await putLink(path.join(root, linked), target);
        await withService(async ({ ask }) => {
          await assert.rejects(ask("sizeOf", { folder: run }), isLink);
          await assert.rejects(ask("deleteRun", { folder: run, artifacts: true }), isLink);
          assert.ok((await fs.readdir(run)).includes("run.json"));
          assert.ok(!(await fs.readdir(run)).includes("lock"));
        });
      });
      assert.deepEqual(left, UNTOUCHED);
    });
  }

  for (const linked of ["runs", "runs/two-1"]) {
    it(`refuses where ${linked} is a link`, async () => {
      const left = await withScene(async ({ root, run, outside }) => {
        const moved = path.join(outside, "..", "moved");
        await fs.rename(linked === "runs" ? path.dirname(run) : run, moved);
        await putLink(path.join(root, linked), moved);
        const folder = linked === "runs" ? run : path.join(root, linked);
        await withService(async ({ ask }) => {
          for (const artifacts of [true, false]) {
            await assert.rejects(ask("deleteRun", { folder, artifacts }), /is a link|there is no run here/);
          }
        });
        const found = linked === "runs" ? path.join(moved, "one-1") : moved;
        assert.deepEqual((await fs.readdir(found)).sort(), ["events.jsonl", "run.json", "tables"]);
      });
      assert.deepEqual(left, UNTOUCHED);
    });
  }

  it("takes no key that is a way out, and removes links without what they lead to", async () => {
    const left = await withScene(async ({ root, run, outside }) => {
      await putLink(path.join(run, "tables", "away"), outside);
      await putLink(path.join(run, "round"), root);
      await withService(async ({ ask }) => {
        const { artifacts, runBytes } = await ask("sizeOf", { folder: run });
        assert.deepEqual(artifacts, []);
        assert.ok(runBytes < 100_000);
        await ask("deleteRun", { folder: run, artifacts: true });
        await assert.rejects(fs.stat(run), { code: "ENOENT" });
      });
    }, "../../outside/precious");
    assert.deepEqual(left, UNTOUCHED);
  });

  for (const name of ["..", ".", "../runs/two-1", "./../data"]) {
    it(`takes no way out for the copy of an input that a cluster's order names: inputs/${name}`, async () => {
      await inTemporaryFolder(async (folder) => {
        const root = path.join(folder, ".salsa");
        const run = await writeRun(folder, "one-1", { events: finishedEvents("one-1") });
        await writeRun(folder, "two-1", { events: finishedEvents("two-1", "sft-0123456789abcdef") });
        const record = path.join(root, "records", "base-0123456789abcdef");
        for (const made of [record, path.join(root, "inputs", "sft-other"), path.join(root, "data")])
          await fs.mkdir(made, { recursive: true });
        await fs.writeFile(path.join(record, "attempt-1.order.json"), JSON.stringify({ at: `inputs/${name}` }));
        await withService(async ({ ask }) => {
          const { artifacts } = await ask("sizeOf", { folder: run });
          assert.deepEqual(artifacts, [path.join("records", path.basename(record))]);
          await ask("deleteRun", { folder: run, artifacts: true });
        });
        assert.deepEqual(await fs.readdir(path.join(root, "runs")), ["two-1"]);
        assert.deepEqual(await fs.readdir(path.join(root, "inputs")), ["sft-other"]);
        assert.ok((await fs.readdir(root)).includes("data"));
      });
    });
  }

  it("names the folders that would go, by their real paths", async () => {
    await inTemporaryFolder(async (folder) => {
      await writeRun(folder, "one-1", { events: finishedEvents("one-1", "base-1") });
      await fs.mkdir(path.join(folder, ".salsa", "artifacts", "base-1"), { recursive: true });
      await fs.mkdir(path.join(folder, ".salsa", "records", "base-1"), { recursive: true });
      await putLink(path.join(folder, "elsewhere", ".salsa"), path.join(folder, ".salsa"));
      await withService(async ({ ask }) => {
        const size = await ask("sizeOf", { folder: path.join(folder, "elsewhere", ".salsa", "runs", "one-1") });
        assert.equal(size.root, await fs.realpath(path.join(folder, ".salsa")));
        assert.equal(size.run, path.join("runs", "one-1"));
        assert.deepEqual(size.artifacts, [path.join("artifacts", "base-1"), path.join("records", "base-1")]);
      });
    });
  });
});

describe("looking at runs of somebody else's", function () {
  const table = { name: "zz", title: "Zz", columns: [{ header: "a", align: "left" }], rows: [["=1+1"]] };
  const withTables = (files: readonly string[]): object[] =>
    stamped([
      ...finishedEvents("one-1"),
      ...["zz", "winRates"].map((name) => ({ kind: "table", table: { ...table, name, files } })),
    ]);

  it("shows no file that a table's name or a link leads to", async () => {
    await inTemporaryFolder(async (folder) => {
      await fs.writeFile(path.join(folder, "secret.md"), "secret");
      const linked = await writeRun(folder, "linked-1", { events: withTables(["tables/winRates.json"]) });
      await putLink(path.join(linked, "tables", "winRates.json"), path.join(folder, "secret.md"));
      const named = await writeRun(folder, "named-1", { events: withTables(["tables/../../../../secret.md"]) });
      const removed = await writeRun(folder, "removed-1", { events: withTables(["tables/winRates.json"]) });
      await withService(async ({ ask }) => {
        await assert.rejects(ask("table", { folder: linked, name: "winRates", format: "markdown" }), isLink);
        await assert.rejects(
          ask("table", { folder: removed, name: "winRates", format: "csv" }),
          refusal(1, "DataError", /winRates\.json: the table's file has been removed/),
        );
        const { text } = await ask("table", { folder: named, name: "zz", format: "markdown" });
        assert.ok(text.includes("=1+1") && !text.includes("secret"), text);
      });
    });
  });

  it("passes on no table's file, in which formulas, markup and commands may stand for cells", async () => {
    const files = ["txt", "md", "csv", "json", "tex"].map((ending) => `tables/zz.${ending}`);
    await inTemporaryFolder(async (folder) => {
      const run = await writeRun(folder, "one-1", { events: withTables(files) });
      for (const file of files)
        await fs.writeFile(path.join(run, file), "=cmd|'/c calc'!A0 \\write18{calc} <img> \u001b[2J");
      await withService(async ({ ask }) => {
        for (const format of ["text", "markdown", "csv", "json", "latex"] as const) {
          const { text } = await ask("table", { folder: run, name: "zz", format });
          assert.ok(text.includes("=1+1") && !text.includes("calc"), text);
          if (format === "csv") assert.ok(text.includes("'=1+1"), text);
        }
      });
    });
  });

  it("writes no report through a link", async () => {
    const left = await withScene(async ({ run, outside }) => {
      await putLink(path.join(run, "report", "figures"), outside);
      await assert.rejects(writeReport(run), { name: "DataError", message: /figures: is a link/ });
      await fs.rm(path.join(run, "report"), { recursive: true });
      await putLink(path.join(run, "report"), outside);
      await assert.rejects(writeReport(run), { name: "DataError", message: /report: is a link/ });
    });
    assert.deepEqual(left, UNTOUCHED);
  });

  it("measures no folder that models.json or a config names", async () => {
    await inTemporaryFolder(async (folder) => {
      await fs.mkdir(path.join(folder, "home", "deep"), { recursive: true });
      await fs.writeFile(path.join(folder, "home", "deep", "letters"), "private");
      const run = await writeRun(folder, "one-1", { events: finishedEvents("one-1") });
      const places = ["../../../home", "../../artifacts/x/../../../home", "../../artifacts/x/deep"];
      const models = places.map((place, index) => ({ product: `m${index}`, kind: "choice", folder: place }));
      await fs.writeFile(path.join(run, "models.json"), JSON.stringify({ version: 2, models }));
      await putLink(path.join(folder, ".salsa", "artifacts", "x"), path.join(folder, "home"));
      await withService(async ({ ask }) => {
        const found = await ask("models", { folder: run });
        assert.deepEqual(
          found.map(({ exists, bytes }) => [exists, bytes]),
          places.map(() => [false, 0]),
        );
      });
    });
  });

  if (HAS_PIPES)
    it("lists runs with a pipe among their files, with the reason, and is not held up", async () => {
      await inTemporaryFolder(async (folder) => {
        for (const name of ["run.json", "events.jsonl", "lock", "tables/winRates.json"]) {
          const run = await writeRun(folder, `${path.basename(name).split(".")[0] ?? ""}-1`);
          await fs.rm(path.join(run, name), { force: true });
          await putPipe(path.join(run, name));
        }
        await writeRun(folder, "good-1", { events: finishedEvents("good-1") });
        await withService(async (client) => {
          await client.ask("setRoots", { roots: [path.join(folder, ".salsa")] });
          await client.until(() => client.runs.size === 5);
          for (const { id, problem } of client.runs.values()) {
            if (id === "good-1") assert.equal(problem, undefined);
            else assert.match(problem ?? "", /is a pipe, which is neither read nor written/, id);
          }
        });
      });
    });

  it("names a run.json that is larger than any run has, and keeps of others a few short texts", async () => {
    await inTemporaryFolder(async (folder) => {
      const large = await writeRun(folder, "large-1");
      await fs.writeFile(path.join(large, "run.json"), `{"extra":[${"[],".repeat(6_000_000)}0]}`);
      const padded = await writeRun(folder, "padded-1", { record: { git: { diff: "a".repeat(1_000_000) } } });
      const described = await readRunFacts(padded);
      assert.ok(JSON.stringify(described?.facts).length < 1000);
      assert.equal(described?.description?.git?.diff.length, 1_000_000);
      await withService(async (client) => {
        await client.ask("setRoots", { roots: [path.join(folder, ".salsa")] });
        await client.until(() => client.runs.size === 2);
        assert.match(client.runs.get(large)?.problem ?? "", /holds 18000013 bytes, more than the 16777216/);
        assert.equal(client.runs.get(padded)?.problem, undefined);
        assert.equal((await client.ask("provenance", { folder: padded })).git?.diff.length, 1_000_000);
      });
    });
  });

  it("lists a run among 5,000 folders and files that are none, without hanging over them", async () => {
    await inTemporaryFolder(async (folder) => {
      const run = await writeRun(folder, "one-1", { events: finishedEvents("one-1") });
      const runs = path.dirname(run);
      for (let first = 0; first < 5000; first += 500) {
        const some = Array.from({ length: 500 }, (_, index) => path.join(runs, `none-${first + index}`));
        await Promise.all(some.map((name, index) => (index % 2 === 0 ? fs.mkdir(name) : fs.writeFile(name, ""))));
      }
      await withService(async (client) => {
        await client.ask("setRoots", { roots: [path.join(folder, ".salsa")] });
        await client.until(() => client.runs.has(run)); // on an idle machine within half a second
      });
    });
  });
});
