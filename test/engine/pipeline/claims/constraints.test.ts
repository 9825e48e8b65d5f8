import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parseConfig } from "../../../../engine/config/index.ts";
import { findRoles } from "../../../../engine/pipeline/claims/roles.ts";
import { knownEvidence, measureSeed } from "../../../../engine/pipeline/claims/seedRun.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { baseCheckpoint } from "../ownData.ts";
import { resolved } from "../tinyRun.ts";
import { CLAIM_ARMS, CLAIM_SOUPS } from "./claimArms.ts";

const FILE = new URL("../../../../examples/smollm2/claims.salsa.json", import.meta.url);
const CLAIMS = parseConfig(readFileSync(FILE, "utf8"), "/c/claims.salsa.json");

describe("the paper's claims on the task for real models", () => {
  it("have all their parts in the example's config", () => {
    const found = findRoles(CLAIMS);
    assert.ok("roles" in found, JSON.stringify(found));
    assert.deepEqual(
      found.roles.alphas.map(({ alpha }) => alpha),
      [0.25, 0.75],
    );
  });

  it("go through from a checkpoint with adapters, judged by the programs that check constraints", async () => {
    await inTemporaryFolder(async (folder) => {
      const written = {
        name: "little",
        task: { name: "constraints" },
        model: { checkpoint: await baseCheckpoint(folder), lora: { rank: 2, alpha: 4 } },
        sft: { seeds: [1, 2, 3], examples: 16, epochs: 1, batchSize: 8, learningRate: 1e-2, maxLength: 64 },
        reward: { pairs: 16, learningRate: 1e-2, maxLength: 64 },
        soups: CLAIM_SOUPS,
        rlhf: { iterations: 1, batchSize: 8, minibatchSize: 8, learningRate: 1e-2, beta: [0, 1e6], maxNewTokens: 8 },
        arms: CLAIM_ARMS,
        evaluation: {
          benchmarks: ["inDistribution", "outOfDistribution"],
          prompts: 8,
          validationPrompts: 4,
          judge: "gold",
          sampling: { temperature: 1, maxNewTokens: 8 },
        },
        runtime: { threads: 1 },
      };
      const config = resolved(written, folder);
      const found = findRoles(config);
      assert.ok("roles" in found);
      const runsRoot = config.runtime.directory;
      const request = { config, configFile: `${folder}/tiny.salsa.json`, runsRoot, roles: found.roles, seed: 1 };
      const work = { signal: new AbortController().signal, report: () => undefined };
      const evidence = await measureSeed(request, work);
      assert.deepEqual(await knownEvidence(request), evidence, "it is kept");
      const { inDistribution, outOfDistribution } = evidence.rates.salsa;
      for (const rate of [inDistribution, outOfDistribution]) assert.ok(rate >= 0 && rate <= 100);
      assert.equal(evidence.betas.length, 8);
    });
  }).timeout(120_000);
});
