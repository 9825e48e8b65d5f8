import { join, resolve, sep } from "node:path";
import { DataError } from "../../protocol/errors.ts";
import type { ModelArtifact } from "../../protocol/service.ts";
import { readIfThere } from "../../storage/disk.ts";
import { isJsonObject } from "../../storage/json.ts";
import { folderBytes } from "./folderSize.ts";
import { artifactFolder } from "./stageArtifacts.ts";
import type { TrackedRun } from "./trackedRun.ts";

/** Where each model's checkpoint is, by its name; written when a run has finished. */
const MODELS_FILE = "models.json";
/** Kinds of stages that make a model, as artifact keys begin. */
const MAKERS: ReadonlySet<string> = new Set(["base", "sft", "reward", "soup", "rlhf", "choice"]);

/**
 * The models of a run: all of a finished one, and what there is so far of another.
 * @throws {DataError} when models.json holds something else.
 */
export async function modelsOf(run: TrackedRun): Promise<readonly ModelArtifact[]> {
  const places = (await listedModels(run.folder)) ?? modelsSoFar(run);
  const artifacts = join(run.root, "artifacts") + sep;
  return Promise.all(
    places.map(async ([name, folder]) => {
      // A file that came from elsewhere may name any folder: only those of models are gone through.
      const isModel = folder.startsWith(artifacts) || folder === givenBase(run);
      const bytes = isModel ? await folderBytes(folder) : undefined;
      const isPolicy = name.split("/").at(-1) !== "reward";
      return { name, folder, exists: bytes !== undefined, bytes: bytes ?? 0, isPolicy };
    }),
  );
}

type ModelPlace = readonly [name: string, folder: string];

async function listedModels(folder: string): Promise<readonly ModelPlace[] | undefined> {
  const file = join(folder, MODELS_FILE);
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  const remedy = "resume the run, which writes it again";
  let places: unknown;
  try {
    places = JSON.parse(text);
  } catch (cause) {
    throw new DataError("is not JSON", { file, remedy }, { cause });
  }
  if (!isJsonObject(places)) throw new DataError("is no JSON object", { file, remedy });
  return Object.entries(places).flatMap(([name, place]) =>
    typeof place === "string" ? [[name, resolve(folder, place)] as const] : [],
  );
}

/** What finished stages have made; the candidates for an arm's β are not among the run's models. */
function modelsSoFar(run: TrackedRun): readonly ModelPlace[] {
  const { root, brief } = run;
  const made = brief.stages.filter(
    ({ key, status, id: name }) =>
      MAKERS.has(key.split("-")[0] ?? "") &&
      (status === "finished" || status === "cached") &&
      !/ \(β [^)]*\)$/.test(name),
  );
  const base = givenBase(run);
  return [
    ...(base === undefined ? [] : [["base", base] as const]),
    ...made.map((stage) => [stage.id, artifactFolder(root, stage)] as const),
  ];
}

/** The base model's folder, where the config names one. */
function givenBase({ record }: TrackedRun): string | undefined {
  const model = record.config?.model;
  return model !== undefined && "checkpoint" in model ? resolve(model.checkpoint) : undefined;
}
