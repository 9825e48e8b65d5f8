/** Kind of a cluster's failure, for those who act on it. */
export type ClusterFault =
  /** Nothing answers there, or not in time. */
  | "unreachable"
  /** The token is missing or wrong, or may not do that. */
  | "token"
  /** Something else than Ray's job server answers, or one of another age. */
  | "notRay"
  /** There is no such job or package. */
  | "missing"
  /** The cluster does not take a request. */
  | "refused"
  /** A machine of the cluster lacks what a stage needs. */
  | "worker";

/** A cluster that cannot be used; the message says which, what is wrong and what to do. */
export class ClusterError extends Error {
  override readonly name = "ClusterError";
  readonly fault: ClusterFault;
  /** The defect, without address and remedy. */
  readonly what: string;
  readonly remedy: string;
  constructor(
    what: string,
    { fault, server, remedy }: { readonly fault: ClusterFault; readonly server: string; readonly remedy: string },
    options?: ErrorOptions,
  ) {
    super(`Ray at ${server}: ${what}; ${remedy}`, options);
    this.fault = fault;
    this.what = what;
    this.remedy = remedy;
  }
}
