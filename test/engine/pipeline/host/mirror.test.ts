import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { Mirror } from "../../../../engine/pipeline/host/mirror.ts";
import { RunFolder } from "../../../../engine/storage/runFolder.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";

const EVENT = { kind: "stageStarted", stage: "base", key: "base-0", name: "b", cached: false, time: 1, sequence: 0 };
const DEEP = `{"step":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;

/** A log of a run's folder after a host's news, or the error that they ended in. */
async function taken(re: "events" | "samples", lines: string): Promise<{ text: string; error?: Error }> {
  return inTemporaryFolder(async (root) => {
    const log = await RunFolder.open(root, "one-1");
    const record = { version: 1, host: "box", run: "one-1", isStarted: true, ownEvents: 0 } as const;
    const mirror = new Mirror({ log, root, record, report: () => undefined, checkpoints: new Map() });
    const bytes = Buffer.from(lines);
    // oxlint-disable-next-line typescript/require-await -- an iterator as a connection is one
    const body = (async function* () {
      yield bytes;
    })();
    try {
      await mirror.take({ reply: { re, bytes: bytes.length }, body });
      return { text: await fs.readFile(path.join(log.folder, `${re}.jsonl`), "utf8") };
    } catch (error) {
      return { text: "", error: error as Error };
    } finally {
      await log.close();
    }
  });
}

describe("news of a run on a host", () => {
  for (const [what, line] of [
    ["no JSON", '{"kind":"met'],
    ["no object", "[1]"],
    ["nested deep", DEEP],
  ] as const) {
    it(`names the host whose events are ${what}`, async () => {
      const { error } = await taken("events", `${JSON.stringify(EVENT)}\n${line}\n`);
      assert.equal(error?.name, "DataError");
      assert.match(error.message, /^box: sends a record without a kind; run the same version on both machines/);
    });

    it(`passes over samples that are ${what}, as readers of the log there do`, async () => {
      const { text } = await taken("samples", `{"step":1}\n${line}\n\n{"step":2}\n`);
      assert.equal(text, '{"step":1}\n{"step":2}\n');
    });
  }
});
