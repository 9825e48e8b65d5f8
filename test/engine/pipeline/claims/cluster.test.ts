import assert from "node:assert/strict";
import { identityOf } from "../../../../engine/compute/backends/choose.ts";
import type { RunConfig } from "../../../../engine/config/index.ts";
import { chooseBackend } from "../../../../engine/pipeline/backends.ts";
import { type ClaimRoles, findRoles } from "../../../../engine/pipeline/claims/roles.ts";
import { claimsConfig, writtenBetas } from "../../../../engine/pipeline/claims/seedConfig.ts";
import { seedResults } from "../../../../engine/pipeline/claims/seedResults.ts";
import { knownEvidence } from "../../../../engine/pipeline/claims/seedRun.ts";
import { claimsFolder, writeClaimSeed } from "../../../../engine/storage/formats/claimSeed.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { type Written, resolved, tiny } from "../tinyRun.ts";
import { CLAIM_ARMS, CLAIM_SOUPS } from "./claimArms.ts";

const CARD = { name: "cuda", revision: 1, build: "sm_90", precision: "bf16" } as const;
const RATES = { inDistribution: 50, outOfDistribution: 50 };

/** A config with all arms of the claims; on a cluster where its settings are given. */
function config(folder: string, cluster?: Written): RunConfig {
  const written = tiny({
    sft: { seeds: [1, 2, 3] },
    soups: CLAIM_SOUPS,
    rlhf: { beta: [0.1, 0.2], klController: "fixed" },
    arms: CLAIM_ARMS,
    evaluation: { benchmarks: ["inDistribution", "outOfDistribution"], judge: "gold" },
    runtime: cluster === undefined ? {} : { cluster: { address: "http://head:8265", ...cluster } },
  });
  return resolved(written, folder);
}

function rolesOf(of: RunConfig): ClaimRoles {
  const found = findRoles(of);
  assert.ok("roles" in found, JSON.stringify(found));
  return found.roles;
}

/** The key of a base seed's results. */
async function keyOf(of: RunConfig, backend?: typeof CARD): Promise<string> {
  const roles = rolesOf(of);
  const asked = claimsConfig(of, { roles, betas: writtenBetas(of, roles), seeds: [1] });
  return (await seedResults(asked, of.runtime.directory, backend)).key;
}

describe("the claims on a cluster", () => {
  it("find what a run there has made: by the backend of its machines, and by who has trained", async () => {
    await inTemporaryFolder(async (folder) => {
      const own = { trainer: { use: "own" } };
      const [here, there] = [await keyOf(config(folder)), await keyOf(config(folder, own), CARD)];
      assert.notEqual(there, here);
      assert.equal(await keyOf(config(folder, own)), here, "the same machine makes the same, wherever it stands");
      // As where the cards are too small for this engine.
      const { runtime, ...settings } = config(folder, own);
      const cluster = runtime.cluster ?? assert.fail();
      const trainer = { ...cluster.trainer, use: "openrlhf" as const };
      const large = { ...settings, runtime: { ...runtime, cluster: { ...cluster, trainer } } };
      assert.notEqual(await keyOf(large, CARD), there);
    });
  });

  it("know a base seed that was measured there, without asking, and none of another backend here", async () => {
    await inTemporaryFolder(async (folder) => {
      const of = config(folder, { trainer: { use: "own" } });
      const [roles, runsRoot] = [rolesOf(of), of.runtime.directory];
      const evidence = {
        ...{ seed: 1, rewards: { soup: 1, members: [1, 1] }, moreAgainstTwo: RATES, alphas: [], betas: [] },
        rates: { salsa: RATES, moreMembers: RATES, multiKl: RATES, startAtSoup: RATES, otherSft: RATES },
        smallBeta: { beta: 0.1, ppo: 0, salsa: 0 },
      };
      const kept = { key: await keyOf(of, CARD), betas: writtenBetas(of, roles), evidence, backend: CARD };
      await writeClaimSeed(runsRoot, claimsFolder(of.name), kept);
      const known = (one: RunConfig): ReturnType<typeof knownEvidence> =>
        knownEvidence({ config: one, configFile: `${folder}/tiny.salsa.json`, runsRoot, roles, seed: 1 });
      assert.deepEqual(await known(of), evidence);
      assert.notDeepEqual(CARD, identityOf(await chooseBackend(of.runtime)));
      assert.equal(await known(config(folder)), undefined);
    });
  });
});
