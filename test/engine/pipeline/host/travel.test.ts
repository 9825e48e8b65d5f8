import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { folderFingerprint } from "../../../../engine/pipeline/fingerprints.ts";
import { Incoming, type TravellingUnit, unitsAt } from "../../../../engine/pipeline/host/travel.ts";
import { hostInputs } from "../../../../engine/pipeline/host/hostInputs.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { ownData } from "../ownData.ts";
import { resolved } from "../tinyRun.ts";

/** Takes a folder as one that has come from another machine. */
async function receive(root: string, { unit, files }: TravellingUnit): Promise<void> {
  const incoming = new Incoming(root);
  const hashes: Record<string, string> = {};
  for (const { file, bytes, chunks } of files) {
    await incoming.file({ unit, file, bytes }, chunks());
    const hash = createHash("sha256");
    for await (const chunk of chunks()) hash.update(chunk);
    hashes[file] = hash.digest("hex");
  }
  await incoming.keep({ unit, files: hashes });
}

describe("a checkpoint that was sent to another machine", () => {
  it("keeps its name there while it is as it came, and is sent again where somebody has changed it", () =>
    inTemporaryFolder(async (folder) => {
      const { units } = await hostInputs(resolved(await ownData(folder), folder));
      const sent = units.find(({ unit }) => unit.startsWith("inputs/checkpoint-"));
      assert.ok(sent !== undefined, units.map(({ unit }) => unit).join());
      const root = path.join(folder, "there", ".salsa");
      const copy = path.join(root, sent.unit);
      const name = path.basename(copy);
      await fs.mkdir(root, { recursive: true });
      assert.deepEqual(await unitsAt(root, [sent.unit]), []);
      await receive(root, sent);
      assert.equal(await folderFingerprint(copy), name);
      assert.deepEqual(await unitsAt(root, [sent.unit]), [sent.unit]);

      const weights = path.join(copy, "model.safetensors");
      const bytes = await fs.readFile(weights);
      await fs.writeFile(weights, bytes.fill(0, bytes.length - 4));
      assert.notEqual(await folderFingerprint(copy), name);
      assert.deepEqual(await unitsAt(root, [sent.unit]), []);
      await receive(root, sent);
      assert.equal(await folderFingerprint(copy), name);
      assert.notDeepEqual(await fs.readFile(weights), bytes);

      // Another folder of such a name is no copy that was sent.
      const own = path.join(folder, name);
      await fs.cp(path.join(folder, "base"), own, { recursive: true });
      assert.notEqual(await folderFingerprint(own), name);
    }));
});
