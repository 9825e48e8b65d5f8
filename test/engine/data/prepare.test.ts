import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { Readable } from "node:stream";
import fc from "fast-check";
import { DigestSet } from "../../../engine/data/digests.ts";
import { shuffled } from "../../../engine/data/order.ts";
import { type PreparedData, prepare } from "../../../engine/data/prepare.ts";
import { countsText } from "../../../engine/protocol/dataCounts.ts";
import type { RecordKind } from "../../../engine/data/records.ts";
import { isKeptBack } from "../../../engine/data/select.ts";
import { AS_IT_IS, type DataSource } from "../../../engine/data/source.ts";
import { collect, inTemporaryFolder } from "../storage/temporaryFolder.ts";

interface Prepared extends PreparedData {
  readonly records: readonly Record<string, unknown>[];
}

interface Given {
  readonly kind?: RecordKind;
  readonly source?: Partial<DataSource>;
  readonly root?: string;
}

/** Prepares records that stand in a file. */
async function prepared(
  records: readonly object[],
  { kind = "sft", source = {}, root }: Given = {},
): Promise<Prepared> {
  return inTemporaryFolder(async (folder) => {
    const file = path.join(folder, "data.jsonl");
    await fs.writeFile(file, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    const result = await prepare({
      root: root ?? path.join(folder, ".salsa"),
      kind,
      source: { ...AS_IT_IS, from: file, unusable: "drop", ...source },
      files: [{ file, digest: String(records.length) }],
    });
    if (root === undefined) assert.equal((await fs.readdir(path.dirname(path.dirname(result.file)))).length, 1);
    assert.deepEqual((await fs.readdir(path.dirname(result.file))).sort(), ["manifest.json", "rows.jsonl"]);
    const lines = (await fs.readFile(result.file, "utf8")).split("\n").slice(0, -1);
    return { ...result, records: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
  });
}

const examples = (n: number): { prompt: string; response: string }[] =>
  Array.from({ length: n }, (_, i) => ({ prompt: `p${i}`, response: `r${i}` }));
const prompts = ({ records }: Prepared): unknown[] => records.map(({ prompt }) => prompt);

const PAIR = { prompt: "p", chosen: "c", rejected: "r" };

describe("prepared data", () => {
  it("leaves out duplicates, empty turns, and pairs of equal responses, and counts them by reason", async () => {
    const sft = await prepared([...examples(2), { prompt: "p0", response: "r0" }, { prompt: "p0", response: " \n" }]);
    assert.deepEqual(sft.counts, { read: 4, used: 2, validation: 0, unusable: { duplicate: 1, emptyTurn: 1 } });
    const pairs = await prepared([PAIR, { ...PAIR, chosen: "r" }, { ...PAIR, prompt: "" }], { kind: "preferences" });
    assert.deepEqual(pairs.counts.unusable, { emptyTurn: 1, sameAnswers: 1 });
    const user = { role: "user", content: "p" };
    const talks = [
      { messages: [user] },
      { messages: [{ role: "system", content: "" }, user, { role: "assistant", content: "r" }] },
    ];
    assert.deepEqual((await prepared(talks)).counts, { read: 2, used: 1, validation: 0, unusable: { noResponse: 1 } });
    const asked = await prepared([{ prompt: "a" }, { prompt: [{ role: "user", content: "a" }] }], { kind: "prompts" });
    assert.deepEqual(asked.counts.unusable, { duplicate: 1 });
    assert.equal(
      countsText({ ...sft.counts, read: 61_135, validation: 1 }),
      "61,135 read, 2 used (1 for validation); 1 duplicates; 1 with an empty turn",
    );
  });

  it("keeps them where asked to, and names the place of the first where they are refused", async () => {
    const records = [...examples(1), { prompt: "p", response: "" }, ...examples(1)];
    const kept = await prepared(records, { source: { unusable: "keep" } });
    assert.deepEqual(kept.records, records);
    assert.deepEqual(kept.counts.unusable, { duplicate: 1, emptyTurn: 1 });
    await assert.rejects(prepared(records, { source: { unusable: "refuse" } }), {
      name: "DataError",
      message: /data\.jsonl:2: is one of those with an empty turn; mend it, or set "unusable": "drop"/,
    });
  });

  it("passes rows over, and takes as many as asked for", async () => {
    const some = await prepared(examples(9), { source: { skip: 2, examples: 3 } });
    assert.deepEqual(prompts(some), ["p2", "p3", "p4"]);
    assert.equal(some.counts.read, 3);
  });

  it("is in the same order for the same seed, in another for another, and loses none", async () => {
    const [first, again, other] = [
      await prepared(examples(2000), { source: { shuffle: 1 } }),
      await prepared(examples(2000), { source: { shuffle: 1 } }),
      await prepared(examples(2000), { source: { shuffle: 2 } }),
    ];
    const inOrder = examples(2000).map(({ prompt }) => prompt);
    assert.deepEqual(first.records, again.records);
    assert.notDeepEqual(prompts(first), prompts(other));
    assert.notDeepEqual(prompts(first), inOrder);
    assert.deepEqual(prompts(first).sort(), inOrder.sort());
    // Spread evenly: of the first half, about half stood in the first half (binomial, 5 standard deviations).
    const early = prompts(first)
      .slice(0, 1000)
      .filter((prompt) => Number(String(prompt).slice(1)) < 1000);
    assert.ok(Math.abs(early.length - 500) < 5 * Math.sqrt(1000 / 4), String(early.length));
    const few = await prepared(examples(2000), { source: { shuffle: 1, examples: 10 } });
    assert.deepEqual(few.records, first.records.slice(0, 10));
    assert.equal(few.counts.used, 10);
  });

  it("is in the same order whether it fits into memory or not", async () => {
    await inTemporaryFolder(async (folder) => {
      const orders = [];
      for (const held of [1000, 1_000_000]) {
        // Not a generator: the rule wants an await in it.
        const lines = Readable.from(examples(500).map(({ prompt }) => prompt)) as AsyncIterable<string>;
        orders.push(await collect(shuffled(lines, { seed: 7, folder, held })));
      }
      assert.equal(new Set(orders[0]).size, 500);
      assert.deepEqual(orders[0], orders[1]);
      assert.deepEqual(await fs.readdir(folder), []);
    });
  });

  it("keeps a share of prompts back at the end, none of which is in the rest, in any order", async () => {
    const twice = [...examples(1000), ...examples(1000).map(({ prompt }) => ({ prompt, response: "other" }))];
    for (const shuffle of [undefined, 3]) {
      const { records, counts } = await prepared(twice, { source: { validation: 0.1, shuffle } });
      const [train, kept] = [records.slice(0, -counts.validation), records.slice(-counts.validation)];
      assert.ok(Math.abs(counts.validation - 200) < 100, String(counts.validation));
      assert.equal(counts.used, 2000);
      const trained = new Set(train.map(({ prompt }) => prompt));
      assert.deepEqual(
        kept.filter(({ prompt }) => trained.has(prompt)),
        [],
      );
    }
  });

  it("keeps the same prompts back whatever else there is", () => {
    const property = fc.property(fc.string(), fc.double({ min: 0, max: 1, noNaN: true }), (prompt, share) => {
      if (isKeptBack(prompt, share / 2)) assert.ok(isKeptBack(prompt, share));
      assert.ok(isKeptBack(prompt, 1) && !isKeptBack(prompt, 0));
    });
    fc.assert(property);
  });

  it("is refused where nothing is left", async () => {
    await assert.rejects(prepared([]), { name: "DataError", message: /no records; put one JSON object/ });
    await assert.rejects(prepared([{ prompt: "a", response: "" }]), { message: /none of its 1 records.*emptyTurn 1/ });
  });

  it("is made once, by the first that needs it", async () => {
    await inTemporaryFolder(async (root) => {
      const all = await Promise.all(
        [1, 2, 3].map(() => prepared(examples(300), { root, source: { shuffle: 1, from: "x" } }).catch(String)),
      );
      assert.equal(new Set(all.map((one) => (typeof one === "string" ? one : one.file))).size, 1);
    });
  });
});

describe("a set of digests", () => {
  it("is a set", () => {
    const property = fc.property(fc.array(fc.bigInt({ min: 0n, max: 3000n }), { maxLength: 3000 }), (digests) => {
      const set = new DigestSet();
      const known = new Set<bigint>();
      for (const digest of digests) {
        assert.equal(set.add(digest), !known.has(digest));
        known.add(digest);
      }
    });
    fc.assert(property, { numRuns: 30 });
  });
});
