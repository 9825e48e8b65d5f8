import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { LONGEST_NOTE } from "../../../../engine/protocol/verdicts.ts";
import { addVote, VoteBook, type VoteRecord, VOTES_FILE } from "../../../../engine/storage/formats/votes.ts";
import { inTemporaryFolder } from "../temporaryFolder.ts";

const ABOUT = { benchmark: "mine", a: "salsa", b: "ppo", seed: 1, index: 3, time: 1_790_000_000_000 };
const VOTE = { kind: "vote", ...ABOUT, vote: "a", judged: "tie", isBlind: true } as const satisfies VoteRecord;
const NOTE = { kind: "note", ...ABOUT, note: "neither is right" } as const satisfies VoteRecord;

async function read(folder: string): Promise<VoteBook> {
  const book = new VoteBook(folder);
  await book.update();
  return book;
}

describe("votes on a run's comparisons", () => {
  it("are none where nobody has voted", async () => {
    await inTemporaryFolder(async (folder) => {
      const book = await read(folder);
      assert.deepEqual([book.all(), book.revision, book.of(ABOUT)], [[], 0, undefined]);
    });
  });

  it("come back, the last vote and the last note of each comparison", async () => {
    await inTemporaryFolder(async (folder) => {
      addVote(folder, VOTE);
      addVote(folder, NOTE);
      addVote(folder, { ...VOTE, vote: "b", isBlind: false });
      addVote(folder, { ...VOTE, index: 4 });
      const book = await read(folder);
      const { time: _, ...about } = ABOUT;
      assert.deepEqual(book.of(ABOUT), {
        ...{ about, vote: "b", judged: "tie", isBlind: false, votedAt: 1 },
        ...{ note: "neither is right", notedAt: 2 },
      });
      assert.deepEqual([book.revision, book.all().length], [4, 2]);
      assert.equal(book.of({ ...ABOUT, seed: 2 }), undefined);
    });
  });

  it("are withdrawn by an empty one, and count from the next", async () => {
    await inTemporaryFolder(async (folder) => {
      for (const record of [VOTE, NOTE, { ...VOTE, vote: null }, { ...NOTE, note: "" }]) addVote(folder, record);
      const book = await read(folder);
      const { time: _, ...about } = ABOUT;
      assert.deepEqual(book.of(ABOUT), { about });
      addVote(folder, VOTE);
      await book.update();
      assert.equal(book.of(ABOUT)?.votedAt, 5);
    });
  });

  it("are seen by another window as they come, from any process", async () => {
    await inTemporaryFolder(async (folder) => {
      const [one, other] = [await read(folder), await read(folder)];
      addVote(folder, VOTE);
      await Promise.all([one.update(), other.update(), one.update()]);
      addVote(folder, { ...VOTE, index: 9 });
      await one.update();
      assert.deepEqual([one.revision, other.revision], [2, 1]);
    });
  });

  it("survive a crash in the middle of one, which loses that one alone", async () => {
    await inTemporaryFolder(async (folder) => {
      addVote(folder, VOTE);
      const whole = await fs.readFile(path.join(folder, VOTES_FILE));
      for (let length = 0; length <= whole.length; length++) {
        const torn = Buffer.concat([whole, whole.subarray(0, length)]);
        await fs.writeFile(path.join(folder, VOTES_FILE), torn);
        addVote(folder, { ...VOTE, index: 7, vote: "b" });
        const book = await read(folder);
        assert.deepEqual([book.of(ABOUT)?.vote, book.of({ ...ABOUT, index: 7 })?.vote], ["a", "b"], String(length));
        assert.equal(book.all().length, 2);
      }
    });
  });

  it("pass over lines that do not fit", async () => {
    await inTemporaryFolder(async (folder) => {
      const lines = [
        VOTE,
        { ...VOTE, vote: "c" },
        { ...VOTE, index: -1 },
        { ...VOTE, seed: 0.5 },
        { ...NOTE, note: "x".repeat(LONGEST_NOTE + 1) },
        { kind: "other" },
        ["__proto__"],
      ];
      await fs.writeFile(path.join(folder, VOTES_FILE), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      assert.deepEqual([(await read(folder)).all().length, (await read(folder)).revision], [1, 1]);
    });
  });

  it("begin again where the file was removed, and refuse a link in its place", async () => {
    await inTemporaryFolder(async (folder) => {
      addVote(folder, VOTE);
      const book = await read(folder);
      await fs.rm(path.join(folder, VOTES_FILE));
      await book.update();
      assert.deepEqual([book.all(), book.revision], [[], 0]);
      await fs.writeFile(path.join(folder, "elsewhere"), "");
      await fs.symlink(path.join(folder, "elsewhere"), path.join(folder, VOTES_FILE));
      assert.throws(() => addVote(folder, VOTE), { name: "DataError" });
      await assert.rejects(read(folder), { name: "DataError" });
      assert.equal(await fs.readFile(path.join(folder, "elsewhere"), "utf8"), "");
    });
  });

  it("refuse what nobody would read, and write nothing", async () => {
    await inTemporaryFolder(async (folder) => {
      const note = "x".repeat(LONGEST_NOTE + 1);
      assert.throws(() => addVote(folder, { ...NOTE, note }), {
        name: "DataError",
        message: /vote: note does not fit: .*; notes may have 10000 characters$/s,
      });
      assert.throws(() => addVote(folder, { ...VOTE, vote: "c" as "a" }), { name: "DataError" });
      await assert.rejects(fs.stat(path.join(folder, VOTES_FILE)), { code: "ENOENT" });
    });
  });

  it("refuse a file that is too large to be read", async () => {
    await inTemporaryFolder(async (folder) => {
      await fs.writeFile(path.join(folder, VOTES_FILE), "");
      await fs.truncate(path.join(folder, VOTES_FILE), 64 * 1024 * 1024 + 1);
      await assert.rejects(read(folder), { name: "DataError", message: /move it away to begin with new votes/ });
    });
  });
});
