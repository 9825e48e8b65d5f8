import { dirname } from "node:path";
import { DataError } from "../../protocol/errors.ts";
import { Artifacts, isArtifactKey } from "../../storage/artifacts.ts";
import { readHostRecord } from "../../storage/formats/hostRecord.ts";
import { readRunnable } from "../../storage/formats/runDescription.ts";
import { readHistory } from "../../storage/runHistory.ts";
import { HostSession } from "./session.ts";
import { Incoming } from "./travel.ts";

/** Results that are to be copied from the host of a run. */
export interface PullRequest {
  /** The run's. */
  readonly folder: string;
  /** Names of models; all results unless given. */
  readonly models: readonly string[];
  /** Called before what takes a while. */
  readonly progress: (message: string) => void;
  readonly signal: AbortSignal;
}

/** A result that has been copied. */
export interface Pulled {
  readonly model: string;
  readonly folder: string;
}

/**
 * Copies results of a run from the machine that has made them: checkpoints, which stay there until they are asked for.
 *
 * @returns Those that were not here yet.
 * @throws {HostError} {DataError} {DiskError}
 */
export async function pullResults({ folder, models, progress, signal }: PullRequest): Promise<readonly Pulled[]> {
  const record = await readHostRecord(folder);
  if (record === undefined) {
    const remedy = "its results are here already";
    throw new DataError("was not made on another machine", { file: folder, remedy });
  }
  const root = dirname(dirname(folder));
  const { stages } = await readHistory(folder, { hasCurves: false });
  const made = stages.filter(({ key, status }) => isArtifactKey(key) && (status === "finished" || status === "cached"));
  const unknown = models.find((model) => made.every(({ product }) => product !== model));
  if (unknown !== undefined) {
    const remedy = `it has ${[...new Set(made.map(({ product }) => product))].join(", ")}`;
    throw new DataError(`has no finished result called ${unknown}`, { file: folder, remedy });
  }
  const artifacts = new Artifacts(root);
  const here = new Set(await artifacts.names());
  const wanted = made.filter(({ key, product }) => !here.has(key) && (models.length === 0 || models.includes(product)));
  if (wanted.length === 0) return [];
  const { configFile } = await readRunnable(folder);
  const session = await HostSession.open({ host: record.host, workspace: dirname(configFile), note: progress });
  const leave = (): void => session.close();
  signal.addEventListener("abort", leave);
  const incoming = new Incoming(root);
  try {
    for (const { key, product } of wanted) {
      progress(`copying ${product} from ${record.host}`);
      await session.tell({ do: "fetch", unit: `artifacts/${key}` });
      for (let isDone = false; !isDone;) {
        const { reply, body } = await session.next();
        if (reply.re === "file") await incoming.file(reply, body);
        if (reply.re === "keep") await incoming.keep(reply);
        isDone = reply.re === "done";
      }
    }
    return wanted.map(({ key, product }) => ({ model: product, folder: `${artifacts.folder}/${key}` }));
  } finally {
    signal.removeEventListener("abort", leave);
    session.close();
    await incoming.discard();
  }
}
