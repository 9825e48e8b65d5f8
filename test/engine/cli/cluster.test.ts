import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { PipelineModule } from "../../../engine/cli/pipeline.ts";
import type { ClusterFacts } from "../../../engine/protocol/clusterFacts.ts";
import { type DoctorCheck, readDoctorOutput } from "../../../engine/protocol/toolOutput.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { type Outcome, salsa } from "./screen.ts";

const LOCAL = { address: "http://127.0.0.1:8265", tokenEnv: "LAB_AUTH_TOKEN" };
const FAR = { ...LOCAL, address: "http://head:8265" };
const OK: DoctorCheck = { name: "Ray", state: "ok", detail: "2.60.0 at http://127.0.0.1:8265" };
const MISSING: DoctorCheck = { name: "machines", state: "missing", detail: "no card", remedy: "set gpus to 0" };

describe("salsa cluster", () => {
  let asked: number;

  async function look(
    cluster: object | undefined,
    args: readonly string[],
    findings: DoctorCheck[],
    facts?: ClusterFacts,
  ): Promise<Outcome> {
    const lookAtCluster: PipelineModule["lookAtCluster"] = ({ runtime, progress }) => {
      asked += 1;
      progress(`asking ${runtime.cluster.address}`);
      return Promise.resolve({ findings, ...(facts && { cluster: facts }) });
    };
    return inTemporaryFolder(async (folder) => {
      const config = { preset: "miniinstruct", ...(cluster && { runtime: { cluster } }) };
      await fs.writeFile(path.join(folder, "a.salsa.json"), JSON.stringify(config));
      return salsa(["cluster", "a.salsa.json", ...args], { folder, pipeline: { lookAtCluster } });
    });
  }

  beforeEach(() => (asked = 0));

  it("prints what it finds, with remedies, and fails if something is missing", async () => {
    const { code, stdout, stderr } = await look(LOCAL, [], [OK, MISSING]);
    assert.equal(code, 1);
    assert.match(stdout, /ok {2}Ray .*2\.60\.0[^]*NO {2}machines .*no card\n *set gpus to 0/);
    assert.equal(stderr, "asking http://127.0.0.1:8265\n");
    const json = await look(LOCAL, ["--json"], [OK]);
    assert.equal(json.code, 0);
    assert.deepEqual(JSON.parse(json.stdout), { ok: true, findings: [OK] });
    const facts = {
      ...{ address: LOCAL.address, version: "2.60.0", free: { cpus: 96, gpus: 3 } },
      machines: [{ count: 2, cpus: 96, gpus: 8, accelerator: "A100" }],
    };
    const printed: unknown = JSON.parse((await look(LOCAL, ["--json"], [OK, MISSING], facts)).stdout);
    assert.deepEqual(readDoctorOutput(printed), { ok: false, findings: [OK, MISSING], cluster: facts });
  });

  it("sends a token to another machine only when somebody agrees", async () => {
    const refused = await look(FAR, [], [OK]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /the token in LAB_AUTH_TOKEN is sent there[^]*add --yes/);
    assert.equal(asked, 0);
    assert.equal((await look(FAR, ["--yes"], [OK])).code, 0);
  });

  it("says what to add to a config that names no cluster", async () => {
    const { code, stderr } = await look(undefined, [], []);
    assert.equal(code, 2);
    assert.match(stderr, /names no cluster; add "runtime": \{ "cluster"/);
  });
});
