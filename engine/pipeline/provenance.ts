import { createHash } from "node:crypto";
import { arch, cpus, platform, totalmem } from "node:os";
import { dirname } from "node:path";
import { readInput } from "../storage/inputs.ts";
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
  /** SHA-256 of the config file: the run is its run still when it has been moved. Absent where there is no such file. */
  readonly configHash?: string;
}

/** Describes this machine, this program, the config file and the git state of its folder. */
export async function provenance(version: string, configFile: string): Promise<Provenance> {
  const git = await gitState(dirname(configFile));
  const bytes = await readInput(configFile).catch(() => undefined); // a run goes without
  return {
    salsa: version,
    node: process.version,
    platform: `${platform()}-${arch()}`,
    cpu: cpus()[0]?.model ?? "unknown",
    memoryBytes: totalmem(),
    ...(git === undefined ? {} : { git }),
    ...(bytes === undefined ? {} : { configHash: createHash("sha256").update(bytes).digest("hex") }),
  };
}
