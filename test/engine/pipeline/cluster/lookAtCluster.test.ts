import assert from "node:assert/strict";
import { type ClusterLook, lookAtCluster } from "../../../../engine/pipeline/cluster/lookAtCluster.ts";
import { startDashboard } from "../../cluster/ray/dashboard.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { resolved, tiny } from "../tinyRun.ts";

async function lookAt(address: string): Promise<ClusterLook> {
  return inTemporaryFolder((folder) => {
    // No machine has as many cores: the look ends before a job is ordered.
    const { runtime } = resolved(tiny({ runtime: { cluster: { address, cpus: 500 } } }), folder);
    return lookAtCluster({
      ...{ runtime: { ...runtime, cluster: runtime.cluster ?? assert.fail() }, env: {}, progress: () => undefined },
      signal: new AbortController().signal,
    });
  });
}

describe("a look at a cluster", () => {
  it("keeps what it has, also where no stage fits: machines by kind, those with the most cards first", async () => {
    const dashboard = await startDashboard({
      machines: [
        { CPU: 16, memory: 1 },
        { CPU: 96, GPU: 8, "accelerator_type:A100": 1 },
        { CPU: 32, GPU: 8 },
        { CPU: 96, GPU: 8, "accelerator_type:A100": 1 },
      ],
      usage: { CPU: [40.5, 240], GPU: [21, 24] },
    });
    const { findings, cluster } = await lookAt(dashboard.address);
    dashboard.close();
    assert.deepEqual(
      findings.map(({ name, state }) => `${name} ${state}`),
      ["Ray ok", "machines missing"],
    );
    assert.deepEqual(cluster, {
      ...{ address: dashboard.address, version: "2.60.0", free: { cpus: 199.5, gpus: 3 } },
      machines: [
        { count: 2, cpus: 96, gpus: 8, accelerator: "A100" },
        { count: 1, cpus: 32, gpus: 8 },
        { count: 1, cpus: 16, gpus: 0 },
      ],
    });
  });

  it("has nothing to keep where nobody answers", async () => {
    const { findings, ...kept } = await lookAt("http://127.0.0.1:9");
    assert.deepEqual([findings.length, kept], [1, {}]);
  });
});
