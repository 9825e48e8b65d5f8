import { usableFileName } from "../../config/usableName.ts";
import { REPORT_TARGETS, type ReportTarget } from "../../config/index.ts";
import { placeBelow } from "../../storage/places.ts";
import { listAt, readStart, readText } from "../../storage/reading.ts";
import { removeUnless } from "../../storage/writing.ts";
import { RUN_TAG } from "./mlflow.ts";
import { runOfWandb } from "./wandb.ts";

/** A folder of metrics for another tool: of one run, or of one of its stages. */
export interface TrackedFolder {
  /** From the folder of runs and artifacts: "mlflow/123/0123…". */
  readonly name: string;
  /** The run's id as a file's name: TensorBoard's folders are called so. */
  readonly run: string;
}

/** Bytes at the beginning of a W&B file that tell its run, and the longest tag of MLflow's that does. */
const WANDB_START = 32_768;
const LONGEST_TAG = 4096;

/**
 * The folders of metrics for other tools in a folder of runs and artifacts, as far as they tell their run.
 *
 * @param root - `.salsa`.
 * @throws {DataError} when something on the way is a link. @throws {DiskError}
 */
export async function trackedFolders(root: string): Promise<readonly TrackedFolder[]> {
  const all = await Promise.all(
    REPORT_TARGETS.map(async (target) => {
      const folders = await foldersOf(root, target);
      const runs = await Promise.all(folders.map((name) => RUN_OF[target](root, name)));
      return folders.flatMap((name, at): TrackedFolder[] => {
        const run = runs[at];
        return run === undefined ? [] : [{ name, run: usableFileName(run) }];
      });
    }),
  );
  return all.flat();
}

/** Those of one run. */
export async function trackedFoldersOf(root: string, run: string): Promise<readonly TrackedFolder[]> {
  const own = usableFileName(run);
  return (await trackedFolders(root)).filter((one) => one.run === own);
}

/**
 * Removes a folder of metrics, and that of its experiment with the last run of it.
 * @throws {DataError} when something on the way is a link. @throws {DiskError}
 */
export async function removeTracked(
  root: string,
  name: string,
  isNeeded: () => Promise<boolean> = () => Promise.resolve(false),
): Promise<void> {
  await removeUnless(placeBelow(root, name), isNeeded);
  const [tool, experiment = ""] = name.split("/");
  if (tool !== "mlflow") return;
  const home = placeBelow(root, `${tool}/${experiment}`);
  const left = await listAt(home);
  if (left.every((entry) => entry.name === "meta.yaml")) await removeUnless(home, isNeeded);
}

/** Names of the folders of a tool, of whatever run. */
async function foldersOf(root: string, target: ReportTarget): Promise<readonly string[]> {
  const own = await foldersIn(root, target);
  if (target !== "mlflow") return own;
  return (await Promise.all(own.map((experiment) => foldersIn(root, experiment)))).flat();
}

async function foldersIn(root: string, name: string): Promise<readonly string[]> {
  const entries = await listAt(placeBelow(root, name));
  return entries.filter((entry) => entry.isDirectory()).map((entry) => `${name}/${entry.name}`);
}

/** How a folder of each tool tells its run; undefined for what another program has put there. */
const RUN_OF: Readonly<Record<ReportTarget, (root: string, name: string) => Promise<string | undefined>>> = {
  tensorboard: (_root, name) => Promise.resolve(name.slice(name.indexOf("/") + 1)),
  mlflow: (root, name) => readText(placeBelow(root, `${name}/tags/${RUN_TAG}`), LONGEST_TAG),
  wandb: async (root, name) => {
    const entries = await listAt(placeBelow(root, name));
    const log = entries.find((entry) => /^run-\w+\.wandb$/.test(entry.name));
    return log && runOfWandb(await readStart(placeBelow(root, `${name}/${log.name}`), WANDB_START));
  },
};
