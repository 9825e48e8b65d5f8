import type { ClusterConfig } from "./cluster.ts";

/** True if a cluster's token is sent to another machine: then a person must agree, for a config may be somebody else's. */
export function sendsToken({ address, tokenEnv }: Pick<ClusterConfig, "address" | "tokenEnv">): boolean {
  return tokenEnv !== undefined && !/^https?:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?(\/|$)/.test(address);
}

/** Where stages run and a token goes, for a person to agree to. */
export function clusterText({ address, tokenEnv = "" }: Pick<ClusterConfig, "address" | "tokenEnv">): string {
  return `Stages run on the Ray cluster at ${address}; the token in ${tokenEnv} is sent there`;
}
