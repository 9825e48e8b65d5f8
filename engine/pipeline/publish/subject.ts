import { basename, dirname, join, resolve } from "node:path";
import { DataError } from "../../protocol/errors.ts";
import { CHECKPOINT_MARKS } from "../../config/paths.ts";
import { type ModelPlace, readModels } from "../../storage/formats/models.ts";
import { listRuns, runPath } from "../../storage/runFolder.ts";
import { inputExistsSync } from "../../storage/inputs.ts";
import { type RunFacts, readFacts } from "../report/facts.ts";

/** A checkpoint to be published, and what is known of it. */
export interface Subject {
  /** The checkpoint's. */
  readonly folder: string;
  /** For headings: "salsa", "seed-2/salsa", or the folder's name. */
  readonly name: string;
  /** The run that made or took it, and its place there; absent for one from elsewhere. */
  readonly made?: { readonly model: ModelPlace; readonly facts: RunFacts };
}

/** True for a folder that holds a checkpoint. */
export function isCheckpoint(folder: string): boolean {
  return CHECKPOINT_MARKS.some((name) => inputExistsSync(join(folder, name)));
}

/**
 * A checkpoint by its folder. One among a root's artifacts is described by the newest run that knows it.
 * @throws {DataError} when a run's files cannot be read.
 */
export async function checkpointSubject(folder: string): Promise<Subject> {
  const whole = resolve(folder);
  const root = dirname(dirname(whole));
  if (basename(dirname(whole)) === "artifacts") {
    const runs = await Promise.all((await listRuns(root)).map((run) => madeIn(runPath(root, run), whole)));
    const known = runs.flatMap((one) => one ?? []).sort((a, b) => b.updated - a.updated);
    const [newest] = known;
    if (newest !== undefined) return { folder: whole, name: nameOf(newest.model), made: newest };
  }
  return { folder: whole, name: basename(whole) };
}

/** Undefined where the run has no such model, or cannot be read: another one may know it. */
async function madeIn(
  run: string,
  folder: string,
): Promise<(NonNullable<Subject["made"]> & { readonly updated: number }) | undefined> {
  try {
    const model = (await readModels(run))?.find((one) => one.folder === folder);
    if (model === undefined) return undefined;
    const facts = await readFacts(run);
    return { model, facts, updated: facts.state.updatedAt ?? 0 };
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
}

/**
 * A model of a finished run.
 *
 * @param run - The run's folder.
 * @param wanted - Its name there; left out where the run has one arm.
 * @throws {DataError} when there is no such model, there are several, or the run's list names a folder elsewhere.
 */
export async function runSubject(run: string, wanted: string | undefined): Promise<Subject> {
  const facts = await readFacts(run);
  const models = await readModels(run);
  if (models === undefined) {
    const remedy = "let it finish (salsa resume), or give the checkpoint's folder";
    throw new DataError(`the run is ${facts.state.status} and has no list of models yet`, { file: run, remedy });
  }
  const arms = new Set(Object.keys(facts.config.arms));
  const fitting = models.filter((model) =>
    wanted === undefined ? arms.has(model.product) : nameOf(model) === wanted || model.product === wanted,
  );
  const [model, ...others] = fitting;
  const names = (list: readonly ModelPlace[]): string => list.map(nameOf).slice(0, 20).join(", ");
  if (model === undefined) {
    const what = wanted === undefined ? "no arm is among its models" : `it has no model ${JSON.stringify(wanted)}`;
    throw new DataError(what, { file: run, remedy: `name one after a colon, RUN:MODEL: ${names(models)}` });
  }
  if (others.length > 0) {
    const remedy = `name one after a colon, RUN:MODEL: ${names(fitting)}`;
    throw new DataError(`it has ${fitting.length} models that may be meant`, { file: run, remedy });
  }
  // A run may come from somebody else, and its list may name any folder of this machine.
  if (dirname(model.folder) !== resolve(dirname(dirname(facts.folder)), "artifacts")) {
    const remedy = "give the folder of that checkpoint itself, if it is to be published";
    throw new DataError(`${nameOf(model)} was not made by this run`, { file: run, remedy });
  }
  return { folder: model.folder, name: nameOf(model), made: { model, facts } };
}

/** Unique within a run. */
function nameOf({ product, seed }: ModelPlace): string {
  return seed === undefined ? product : `seed-${seed}/${product}`;
}
