import { arch, cpus, platform, totalmem } from "node:os";
import { type GitState, gitState } from "./git/index.ts";

/** A result's origin: enough to reproduce it. */
export interface Provenance {
  readonly salsa: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly memoryBytes: number;
  /** The repository that the config lies in; absent outside of one. */
  readonly git?: GitState;
}

/** Describes this machine, this program and the git state of the config's folder. */
export async function provenance(version: string, folder: string): Promise<Provenance> {
  const git = await gitState(folder);
  return {
    salsa: version,
    node: process.version,
    platform: `${platform()}-${arch()}`,
    cpu: cpus()[0]?.model ?? "unknown",
    memoryBytes: totalmem(),
    ...(git === undefined ? {} : { git }),
  };
}
