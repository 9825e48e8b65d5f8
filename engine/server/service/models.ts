import { dirname, join, resolve } from "node:path";
import { isHubName } from "../../config/paths.ts";
import { isOnOtherMachine } from "../../common/childEnvironment.ts";
import { isDone } from "../../protocol/runProgress.ts";
import type { ModelArtifact } from "../../protocol/service.ts";
import { makesModel } from "../../protocol/stages.ts";
import { readChoice } from "../../storage/formats/choice.ts";
import { inputExists, inputFiles } from "../../storage/inputs.ts";
import { type ModelPlace, readModels } from "../../storage/formats/models.ts";
import { folderBytes } from "./folderSize.ts";
import type { DescribedRun } from "./runFacts.ts";
import { artifactFolder } from "./stageArtifacts.ts";
import type { TrackedRun } from "./trackedRun.ts";

/**
 * The models of a run: all of a finished one, and those that there are so far of another.
 * @throws {DataError} when models.json does not fit.
 */
export async function modelsOf(run: TrackedRun): Promise<readonly ModelArtifact[]> {
  const base = givenBase(await run.described(), run.folder);
  const places = (await readModels(run.folder)) ?? modelsSoFar(run, base);
  const artifacts = resolve(run.root, "artifacts");
  return Promise.all(
    places.map(async ({ product, kind, seed, folder }) => {
      // A file that came from elsewhere may name any folder: only those of models are gone through.
      const isMade = dirname(folder) === artifacts;
      const bytes = isMade ? await folderBytes(folder) : folder === base ? await inputBytes(folder) : undefined;
      const choice = isMade && kind === "choice" ? await readChoice(folder) : undefined;
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

/** Bytes of a checkpoint that was given; undefined when it is not there. Its config may name any folder. */
async function inputBytes(folder: string): Promise<number | undefined> {
  if (!(await inputExists(join(folder, "config.json")))) return undefined;
  return (await inputFiles(folder)).reduce((sum, { size }) => sum + size, 0);
}

/** The results of finished stages; the candidates for an arm's β are not among the run's models. */
function modelsSoFar({ root, brief }: TrackedRun, base: string | undefined): readonly ModelPlace[] {
  const made = brief.stages.filter((stage) => makesModel(stage) && stage.role === "result" && isDone(stage));
  return [
    ...(base === undefined ? [] : [{ product: "base", kind: "base", folder: base }]),
    ...made.map((stage) => {
      const { product, kind, seed } = stage;
      return { product, kind, ...(seed !== undefined && { seed }), folder: artifactFolder(root, stage) };
    }),
  ];
}

/** The base model's folder, where the config names one; none on a server, which looking at it would connect to. */
function givenBase({ description }: DescribedRun, run: string): string | undefined {
  const model = description?.config?.model;
  if (model === undefined || !("checkpoint" in model)) return undefined;
  if (isHubName(model.checkpoint)) return undefined; // its folder is in models.json, once the run has ended
  const folder = resolve(model.checkpoint);
  return isOnOtherMachine(folder, run, process.platform) ? undefined : folder;
}
