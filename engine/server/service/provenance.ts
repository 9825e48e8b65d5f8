import type { RunProvenance } from "../../protocol/service.ts";
import { configOf } from "./runFacts.ts";
import type { TrackedRun } from "./trackedRun.ts";

/** The origin of a run, as its run.json has it. @throws {DataError} when that cannot be read. */
export function provenanceOf({ folder, id, record: facts, brief }: TrackedRun): RunProvenance {
  const config = configOf(facts, folder);
  const { salsa = "", node = "", platform = "", cpu = "", memoryBytes = 0, git } = facts.description ?? {};
  return {
    ...{ folder, id, config, configFile: facts.configFile, seeds: config.seeds },
    ...{ salsa, node, platform, cpu, memoryBytes, device: brief.device },
    ...(git !== undefined && { git }),
  };
}
