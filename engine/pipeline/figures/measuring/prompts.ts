import { dirname } from "node:path";
import { type RunConfig, type SourceConfig, VALIDATION } from "../../../config/index.ts";
import type { Question } from "../../../protocol/conversation.ts";
import { DataError } from "../../../protocol/errors.ts";
import { benchmarkPrompts, validationPrompts } from "../../corpus.ts";
import { readData } from "../../fingerprints.ts";
import { withLocalCheckpoints } from "../../hubCheckpoints.ts";
import { viewOf } from "../../modelView.ts";

/**
 * The first prompts of a run's benchmark, or of its validation split.
 * @throws {DataError} when the run has no benchmark of that name, or its data is not there.
 */
export async function promptsOfRun(
  config: RunConfig,
  { folder, name, n }: { readonly folder: string; readonly name: string; readonly n: number },
): Promise<readonly Question[]> {
  const { benchmarks } = config.evaluation;
  if (name !== VALIDATION && !benchmarks.includes(name)) {
    const remedy = `use one of ${[VALIDATION, ...benchmarks].join(", ")}`;
    throw new DataError(`there are no prompts called ${JSON.stringify(name)}`, { file: config.name, remedy });
  }
  const file = await fileOf(name === VALIDATION ? config.data?.prompts : config.data?.benchmarks[name], {
    config,
    folder,
  });
  const source = { task: config.task, file };
  if (name !== VALIDATION)
    return (await benchmarkPrompts(source, { benchmark: name, prompts: n })).map(({ prompt }) => prompt);
  const { validationPrompts: most } = config.evaluation;
  return (await validationPrompts({ ...source, validationPrompts: most })).slice(0, n);
}

/** A source prepared as in the run; nothing is downloaded for it. */
async function fileOf(
  source: SourceConfig | undefined,
  { config, folder }: { readonly config: RunConfig; readonly folder: string },
): Promise<string | undefined> {
  if (source === undefined) return undefined;
  const view = await viewOf(await withLocalCheckpoints(config, { isOffline: true }));
  const root = dirname(dirname(folder));
  return (await readData(source, { kind: "prompts", root, view, isOffline: true })).file.path;
}
