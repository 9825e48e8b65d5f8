import type { RunSummary } from "../protocol/service.ts";

/** Most runs named in the error when none matches. */
const MOST_NAMED = 10;

/**
 * The run that a language model means: by folder, by id, or by name, of which the newest; the newest of all if none is
 * named.
 *
 * @param runs - Newest first.
 * @throws {Error} when there is none, with those there are: the model reads it and asks again.
 */
export function findRun(runs: readonly RunSummary[], named: string | undefined): RunSummary {
  const wanted = named?.trim() ?? "";
  const found =
    wanted === ""
      ? runs[0]
      : (runs.find(({ folder }) => folder === wanted) ??
        runs.find(({ id }) => id === wanted) ??
        runs.find(({ name }) => name === wanted));
  if (found !== undefined) return found;
  if (runs.length === 0) throw new Error("There are no runs in this workspace yet. salsa_startRun starts one.");
  const ids = runs.slice(0, MOST_NAMED).map(({ id }) => id);
  throw new Error(`There is no run ${JSON.stringify(named)}. The newest are ${ids.join(", ")}.`);
}
