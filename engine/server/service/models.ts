import { resolve, sep, join } from "node:path";
import { isDone } from "../../protocol/runProgress.ts";
import type { ModelArtifact } from "../../protocol/service.ts";
import { readChoice } from "../../storage/formats/choice.ts";
import { type ModelPlace, readModels } from "../../storage/formats/models.ts";
import { folderBytes } from "./folderSize.ts";
import { artifactFolder } from "./stageArtifacts.ts";
import type { TrackedRun } from "./trackedRun.ts";

/** Kinds of stages that make a model. */
const MAKERS: ReadonlySet<string> = new Set(["base", "sft", "reward", "soup", "rlhf", "choice"]);

/**
 * The models of a run: all of a finished one, and those that there are so far of another.
 * @throws {DataError} when models.json does not fit.
 */
export async function modelsOf(run: TrackedRun): Promise<readonly ModelArtifact[]> {
  const places = (await readModels(run.folder)) ?? modelsSoFar(run);
  const artifacts = join(run.root, "artifacts") + sep;
  return Promise.all(
    places.map(async ({ product, kind, seed, folder }) => {
      // A file that came from elsewhere may name any folder: only those of models are gone through.
      const isModel = folder.startsWith(artifacts) || folder === givenBase(run);
      const bytes = isModel ? await folderBytes(folder) : undefined;
      const choice = isModel && kind === "choice" ? await readChoice(folder) : undefined;
      return {
        name: seed === undefined ? product : `seed-${seed}/${product}`,
        ...{ product, kind },
        ...(seed !== undefined && { seed }),
        ...(choice !== undefined && { beta: choice.chosen }),
        ...{ folder, exists: bytes !== undefined, bytes: bytes ?? 0, isPolicy: kind !== "reward" },
      };
    }),
  );
}

/** The results of finished stages; the candidates for an arm's β are not among the run's models. */
function modelsSoFar(run: TrackedRun): readonly ModelPlace[] {
  const { root, brief } = run;
  const made = brief.stages.filter((stage) => MAKERS.has(stage.kind) && stage.role === "result" && isDone(stage));
  const base = givenBase(run);
  return [
    ...(base === undefined ? [] : [{ product: "base", kind: "base", folder: base }]),
    ...made.map((stage) => {
      const { product, kind, seed } = stage;
      return { product, kind, ...(seed !== undefined && { seed }), folder: artifactFolder(root, stage) };
    }),
  ];
}

/** The base model's folder, where the config names one. */
function givenBase({ record }: TrackedRun): string | undefined {
  const model = record.description?.config?.model;
  return model !== undefined && "checkpoint" in model ? resolve(model.checkpoint) : undefined;
}
