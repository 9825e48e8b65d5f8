import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { SamplePage, SampleQuery } from "../../../../engine/protocol/samples.ts";
import { SLICE } from "../../../../engine/server/service/rolloutFiles.ts";
import { RunRollouts } from "../../../../engine/server/service/rollouts.ts";
import { heldBytes } from "../../../heldBytes.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { writeRun } from "./runFolders.ts";
import { withService } from "./serviceClient.ts";

const SAMPLES = 200_000;
/** Bytes that a file is read in at a time: what is read may be past a bound by as many. */
const CHUNK = 2 ** 20;
/** Rows of a page, as the view asks for them. */
const LIMIT = 60;

/** Writes two arms' rollouts of a long training. @returns Bytes of the file. */
async function writeMany(folder: string): Promise<number> {
  const file = await fs.open(path.join(folder, "samples.jsonl"), "w");
  const numbers = JSON.stringify([-0.125, -2.5, -0.25]);
  const lists = ["logprobs", "kl", "rewards", "advantages", "values"].map((name) => `"${name}":${numbers}`).join(",");
  const text = "river city summer time forest island night music ".repeat(3);
  for (let at = 0; at < SAMPLES;) {
    let lines = "";
    for (const end = at + 10_000; at < end; at++) {
      const row = at >> 1;
      lines += `{"stage":"${at % 2 === 0 ? "ppo" : "salsa"}","step":${1 + (row >> 6)},"prompt":"prompt ${row}: ${text}","response":"response ${at}: ${text}","ended":true,"score":${(row * 7919) % 1009},"tokens":["a","b","c"],${lists}}\n`;
    }
    await file.write(lines);
  }
  const { size } = await file.stat();
  await file.close();
  return size;
}

/** Bytes that are read from files while something works: of that, a busy machine changes nothing. */
async function bytesRead<T>(
  file: string,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly bytes: number }> {
  const handle = await fs.open(file);
  const table = Object.getPrototypeOf(handle) as { read: (...args: unknown[]) => Promise<{ bytesRead: number }> };
  await handle.close();
  const { read } = table;
  let bytes = 0;
  table.read = async function (...args) {
    const result = await read.apply(this, args);
    bytes += result.bytesRead;
    return result;
  };
  try {
    return { result: await work(), bytes };
  } finally {
    table.read = read;
  }
}

describe("the samples of a run with very many", function () {
  this.timeout(60_000);

  it("are indexed a slice an answer, whole texts of which are held nowhere", async () => {
    await inTemporaryFolder(async (folder) => {
      const size = await writeMany(folder);
      const file = path.join(folder, "samples.jsonl");
      const before = heldBytes();
      const rollouts = new RunRollouts(folder);
      const shares: number[] = [];
      for (let share = 0; share < 1; shares.push(share)) {
        const { result, bytes } = await bytesRead(file, () => rollouts.advance());
        share = result;
        assert.ok(bytes <= SLICE + CHUNK, `${bytes} bytes for one answer`);
      }
      assert.ok(shares.length >= 3, `the file has ${size} bytes`);
      assert.deepEqual(
        shares,
        shares.toSorted((a, b) => a - b),
      );
      assert.equal(shares.at(-1), 1);

      const ask = async (more: Partial<SampleQuery>): Promise<SamplePage> =>
        (await rollouts.current()).page({ folder, source: { kind: "rollouts" }, offset: 0, limit: LIMIT, ...more });
      // Each page reads its own lines, and others that stand between them.
      for (const order of ["newest", "recorded", "lowest", "spread"] as const) {
        const { result, bytes } = await bytesRead(file, () => ask({ order }));
        assert.equal(result.total, SAMPLES / 2);
        assert.equal(result.rows.length, LIMIT);
        assert.ok(bytes <= LIMIT * 2 ** 16, `${order}: ${bytes} bytes for one page`);
      }
      const after = heldBytes();
      const each = (after.heap - before.heap + after.buffers - before.buffers) / SAMPLES;
      assert.ok(each < 150, `${Math.round(each)} bytes a sample, each of which has 300 characters`);
      assert.deepEqual(
        (await ask({ order: "newest" })).rows[0]?.responses.map((one) => one?.text.split(":")[0]),
        ["response 199936", "response 199937"],
      );
    });
  });

  it("come from the service with how much is read before, to whoever is patient, and whole to others", async () => {
    await inTemporaryFolder(async (folder) => {
      const run = await writeRun(folder, "long-1");
      await writeMany(run);
      await withService(async ({ ask }) => {
        await ask("setRoots", { roots: [path.join(folder, ".salsa")] });
        const query = { folder: run, source: { kind: "rollouts" }, offset: 0, limit: 1 } as const;
        const first = await ask("samples", { ...query, isPatient: true });
        assert.ok(first.progress !== undefined && first.progress > 0 && first.progress < 1);
        assert.deepEqual(first.rows, []);
        const { total, progress } = await ask("samples", query);
        assert.deepEqual([total, progress], [SAMPLES / 2, undefined]);
        assert.equal((await ask("samples", { ...query, isPatient: true })).total, SAMPLES / 2);
      });
    });
  });

  it("are searched a slice an answer, too, and further only if somebody asks", async () => {
    await inTemporaryFolder(async (folder) => {
      await writeMany(folder);
      const file = path.join(folder, "samples.jsonl");
      const search = await new RunRollouts(folder).current();
      const query = { folder, source: { kind: "rollouts" }, offset: 0, limit: LIMIT } as const;
      const other = { ...query, text: "Prompt 99999:", isPatient: true } as const;
      const { result: begun, bytes } = await bytesRead(file, () =>
        search.page({ ...query, text: "x", isPatient: true }),
      );
      assert.ok(bytes <= SLICE + CHUNK, `${bytes} bytes for one answer`);
      assert.ok(begun.progress !== undefined && begun.progress < 1);
      assert.deepEqual(begun.rows, []);
      const { result: found, bytes: whole } = await bytesRead(file, async () => {
        for (;;) {
          const page = await search.page(other);
          if (page.progress === undefined) return page;
        }
      });
      assert.deepEqual(
        found.rows.map(({ prompt }) => prompt.split(":")[0]),
        ["prompt 99999"],
      );
      // The search that nobody asks for any more has read nothing beside this one.
      const { size } = await fs.stat(file);
      assert.ok(whole <= size + 10 * CHUNK, `${whole} of ${size} bytes`);
      const { bytes: again } = await bytesRead(file, () => search.page({ ...other, offset: 1 }));
      assert.equal(again, 0);
      // One that is not patient waits for all of it.
      assert.equal((await search.page({ ...query, text: "response 199999:" })).total, 1);
    });
  });
});
