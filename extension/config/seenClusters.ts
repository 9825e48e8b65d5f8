import { type SeenCluster, readSeenClusters } from "../../engine/protocol/clusterFacts.ts";
import type { Memory } from "../runs/selection.ts";

/** Clusters that a workspace remembers; those seen longest ago are let go. */
const MOST = 20;
const KEY = "salsa.clusters";

/** The cluster at an address, as it was last seen; nobody asks it for this. */
export function seenCluster(memory: Pick<Memory, "get">, wanted: string): SeenCluster | undefined {
  return readSeenClusters(memory.get(KEY)).find(({ address }) => address === wanted);
}

/** Keeps a cluster for the workspace, in place of what was there at its address. */
export async function rememberCluster(memory: Memory, cluster: SeenCluster): Promise<void> {
  const others = readSeenClusters(memory.get(KEY)).filter(({ address }) => address !== cluster.address);
  await memory.update(KEY, [cluster, ...others].slice(0, MOST));
}
