import { checkClusterJobs } from "./clusterJobs.ts";
import { type ClusterConfig, clusterSchema } from "./cluster.ts";
import type { Complaint } from "./complaint.ts";
import { shown } from "./explain.ts";
import type { PartialConfig } from "./schema.ts";

/** An address that requests can be sent to, with nothing secret in it. */
const ADDRESS = /^https?:\/\/([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(\/[\w./~-]*)?$/;

/** Variables that may hold a token: no program loads code because of one. */
const TOKEN_NAME = /^[A-Z][A-Z0-9_]{0,80}_(API_KEY|AUTH_TOKEN)$/;

/** True for settings that a config may have: those of a run come from its record, which may be somebody else's. */
export function isUsableCluster(cluster: ClusterConfig): boolean {
  const { success, data } = clusterSchema.safeParse(cluster);
  return success && complaintsAbout(data, undefined).length === 0;
}

/** Everything that can be wrong with a cluster's settings beyond their types. */
export function checkCluster({ runtime }: PartialConfig): Complaint[] {
  return runtime?.cluster === undefined ? [] : complaintsAbout(runtime.cluster, runtime.backend);
}

function complaintsAbout(cluster: ClusterConfig, backend: string | undefined): Complaint[] {
  const at = (key: string, message: string, remedy: string): Complaint => ({
    ...{ path: ["runtime", "cluster", key], message, remedy },
  });
  const complaints = checkClusterJobs(cluster);
  const { address, tokenEnv, sharedFolder, gpus } = cluster;
  if (!ADDRESS.test(address)) {
    // The text itself stays out of the message: it may hold a password.
    const remedy = "write it like http://head:8265; a token goes into an environment variable, see tokenEnv";
    complaints.push(at("address", "is no address of http or https, or has a user, a password or a query", remedy));
  }
  if (tokenEnv !== undefined && !TOKEN_NAME.test(tokenEnv)) {
    const remedy =
      "use capital letters, digits and _, ending in _AUTH_TOKEN or _API_KEY; the token itself stays out of the config";
    complaints.push(at("tokenEnv", "is no name of a variable that may hold a token", remedy));
  }
  if (sharedFolder !== undefined && !/^\/[^\0]*$/.test(sharedFolder)) {
    const remedy = "write its whole path on the cluster's machines, such as /mnt/shared/salsa";
    complaints.push(at("sharedFolder", `must begin with /, got ${shown(sharedFolder)}`, remedy));
  }
  if (backend === "cuda" && gpus === 0) {
    complaints.push(at("gpus", 'is 0, and runtime.backend "cuda" needs a card', "set gpus to 1, or leave backend out"));
  }
  return complaints;
}
