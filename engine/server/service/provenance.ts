import type { RunProvenance } from "../../protocol/service.ts";
import { configOf } from "./runFacts.ts";
import type { TrackedRun } from "./trackedRun.ts";

/** The origin of a run, as its run.json has it. @throws {DataError} when that cannot be read. */
export async function provenanceOf(run: TrackedRun): Promise<RunProvenance> {
  const { folder, id, brief } = run;
  const described = await run.described();
  const config = configOf(described, folder);
  const { configFile } = described.facts;
  const { salsa = "", node = "", platform = "", cpu = "", memoryBytes = 0, git } = described.description ?? {};
  return {
    ...{ folder, id, config, configFile, seeds: config.seeds },
    ...{ salsa, node, platform, cpu, memoryBytes, device: brief.device },
    ...(git !== undefined && { git }),
  };
}
