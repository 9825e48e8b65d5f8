import type { RunProvenance } from "../../protocol/service.ts";
import { isJsonObject } from "../../storage/json.ts";
import { configOf } from "./runFacts.ts";
import type { TrackedRun } from "./trackedRun.ts";

/** What a run was made from, as its run.json tells. @throws {DataError} when that cannot be read. */
export function provenanceOf(run: TrackedRun): RunProvenance {
  const { folder, record: facts, brief } = run;
  const { record } = facts;
  const text = (name: string): string => {
    const value = record[name];
    return typeof value === "string" ? value : "";
  };
  const config = configOf(facts, folder);
  const { memoryBytes, git } = record;
  return {
    folder,
    id: run.id,
    config,
    configFile: facts.configFile,
    seeds: config.seeds,
    salsa: text("salsa"),
    node: text("node"),
    platform: text("platform"),
    cpu: text("cpu"),
    memoryBytes: typeof memoryBytes === "number" ? memoryBytes : 0,
    device: brief.device,
    ...(isJsonObject(git) && { git: gitOf(git) }),
  };
}

function gitOf({ commit, branch, dirty, diff }: Readonly<Record<string, unknown>>): NonNullable<RunProvenance["git"]> {
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  return { commit: text(commit), branch: text(branch), dirty: dirty === true, diff: text(diff) };
}
