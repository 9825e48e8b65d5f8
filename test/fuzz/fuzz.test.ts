import assert from "node:assert/strict";
import { READERS } from "./readers/index.ts";
import { fuzz } from "./run.ts";

/** Inputs of each reader; `npm run fuzz` tries as many as there is time for. */
const COUNT = 150;

describe("damaged and hostile input", () => {
  for (const reader of READERS) {
    it(`neither stops nor misleads the reader of ${reader.name}`, async function () {
      this.timeout(120_000);
      const { failures } = await fuzz(reader, { seed: 1, from: 0, count: COUNT, seconds: 0 });
      assert.deepEqual(failures, []);
    });

    it(`leaves the corpus of ${reader.name} readable`, async () => {
      const { taken, done } = await fuzz(reader, { seed: 1, from: 0, count: reader.corpus.length, seconds: 0 });
      assert.equal(taken, done);
    });
  }
});
