import { createHash } from "node:crypto";
import { join } from "node:path";
import { appendTo, makeFoldersTo, overwrite } from "../../storage/writing.ts";
import type { TrackedStage, Tracker } from "./tracker.ts";

/** `mlflow.entities.RunStatus`: RUNNING, FINISHED, KILLED. */
const STATUS = { running: 1, finished: 3, stopped: 5 } as const;
const ACTIVE = "active";
/** Tag, and file of it, that names the run. */
export const RUN_TAG = "salsa.run";
/** Of files that runs have beside their metrics: there are none, and the folder may be moved. */
const NO_ARTIFACTS = "artifacts";

/**
 * A file store of MLflow: an experiment for each config's name, a run for each stage, named `<run> <stage>`, with our metrics
 * by their paths. `mlflow ui --backend-store-uri file:FOLDER` shows it; recent releases want MLFLOW_ALLOW_FILE_STORE=true.
 */
export const mlflow: Tracker = {
  name: "mlflow",
  open(folder, about) {
    const { experiment, run, stage, facts, startedAt } = about;
    const experimentId = digits(experiment);
    const runId = createHash("sha256")
      .update(JSON.stringify([experiment, run, stage]))
      .digest("hex")
      .slice(0, 32);
    const home = join(folder, experimentId);
    const own = join(home, runId);
    const name = `${run} ${stage}`;
    overwrite(
      join(home, "meta.yaml"),
      yaml({
        artifact_location: NO_ARTIFACTS,
        creation_time: startedAt,
        experiment_id: experimentId,
        last_update_time: startedAt,
        lifecycle_stage: ACTIVE,
        name: experiment,
      }),
    );
    const describe = (status: number, endTime: number | null): void =>
      overwrite(
        join(own, "meta.yaml"),
        yaml({
          artifact_uri: NO_ARTIFACTS,
          end_time: endTime,
          entry_point_name: "",
          experiment_id: experimentId,
          lifecycle_stage: ACTIVE,
          run_id: runId,
          run_name: name,
          run_uuid: runId,
          source_name: "salsa",
          source_type: 4,
          source_version: "",
          start_time: startedAt,
          status,
          tags: [],
          user_id: "",
        }),
      );
    // MLflow takes a folder without these for none of a run.
    for (const part of ["metrics", "params", "tags", "artifacts"]) makeFoldersTo(join(own, part));
    describe(STATUS.running, null);
    for (const [tag, value] of Object.entries(tagsOf(about))) overwrite(join(own, "tags", tag), value);
    for (const [param, value] of Object.entries(facts)) overwrite(join(own, "params", param), value);
    return {
      log(step, time, values) {
        for (const [metric, value] of Object.entries(values)) {
          const text = `${Math.round(time)} ${value ?? "nan"} ${step}\n`;
          appendTo(join(own, "metrics", ...keyOf(metric)), Buffer.from(text));
        }
      },
      end: (time, status) => describe(STATUS[status], Math.round(time)),
    };
  },
};

function tagsOf({ run, stage }: TrackedStage): Readonly<Record<string, string>> {
  return {
    "mlflow.runName": `${run} ${stage}`,
    "mlflow.source.name": "salsa",
    "mlflow.source.type": "LOCAL",
    [RUN_TAG]: run,
    "salsa.stage": stage,
  };
}

/** Experiments are known by numbers. */
function digits(name: string): string {
  return BigInt(`0x${createHash("sha256").update(name).digest("hex").slice(0, 14)}`).toString();
}

/**
 * The key of a metric, which is a path: its first part, by which MLflow groups, and the rest. `objective/kl` is no folder of
 * `objective/kl/sft-1`.
 */
function keyOf(metric: string): readonly [group: string, name: string] {
  const [first = "", ...rest] = metric.split("/").map(keyPart);
  return rest.length === 0 ? ["other", first] : [first, rest.join(".")];
}

/** Keys of MLflow have letters, digits and `_ - . : space`; neither `.` nor `..` is a part of one. */
function keyPart(part: string): string {
  const usable = part.replaceAll(/[^\p{L}\p{N}_. :-]+/gu, "_").replace(/^\.+$/, "_");
  return usable === "" ? "_" : usable;
}

/** YAML of one level; JSON's texts and numbers are YAML's. */
function yaml(values: Readonly<Record<string, string | number | null | readonly string[]>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join("");
}
