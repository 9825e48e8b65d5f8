import { basename } from "node:path";
import { alarmMessage, describeAlarm } from "../../protocol/alarms.ts";
import { filledIn } from "../../common/format.ts";
import { doubtful, readLineage } from "../../storage/lineage.ts";
import type { DamagedArtifact } from "../../storage/manifest.ts";
import { type ResolvedStage, inputKeys } from "../resolve.ts";
import type { ExecutorSettings } from "./executor.ts";

/** Most artifacts that an alarm names. */
const MOST_NAMED = 12;

/** Percent of an artifact's bytes between two reports, and bytes from which on checking one is reported. */
const [REPORT_PERCENT, LARGE_BYTES] = [5, 2 ** 28];

/**
 * Moves a stage's damaged artifact aside, so that it can be made again, and raises an alarm. Everything that was
 * computed from it while it may have been damaged is marked: it is not used any more, and the stages are made again by
 * the runs that come to them. What the run's stages are computed from may stand nowhere else than in its recipe. The
 * stage's workspace must be held.
 */
export async function putAside(
  { info, key, artifact }: ResolvedStage,
  damage: DamagedArtifact,
  {
    artifacts,
    report,
    stages,
  }: Pick<ExecutorSettings, "artifacts" | "report"> & {
    readonly stages: readonly ResolvedStage[];
  },
): Promise<void> {
  const known = new Map(stages.map((stage) => [stage.artifact.key, inputKeys(stage.inputs)]));
  const lineage = await readLineage(artifacts, known);
  const descendants = [...doubtful(lineage, [{ key: artifact.key, since: damage.since }])];
  // First of all: cut off before the artifact has moved, the next attempt finds the same again.
  for (const [name, from] of descendants) await artifacts.doubt(name, from);
  const aside = await artifacts.setAside(key);
  const values = [damage.file, damage.defect, aside === undefined ? artifact.key : basename(aside)];
  const [alone = "", withOthers = ""] = describeAlarm("damaged").seen;
  const seen =
    descendants.length === 0 ? filledIn(alone, values) : filledIn(withOthers, [...values, listed(descendants)]);
  report({ kind: "alarm", stage: info.id, step: 0, name: "damaged", message: alarmMessage("damaged", seen) });
}

function listed(descendants: readonly (readonly [name: string, from: string])[]): string {
  const names = descendants.slice(0, MOST_NAMED).map(([name]) => name);
  const more = descendants.length - names.length;
  return more === 0 ? names.join(", ") : `${names.join(", ")}, … (${more})`;
}

/** Reports the check of a large artifact as the stage's progress, in percent. */
export function checkProgress(
  stage: string,
  report: ExecutorSettings["report"],
): (doneBytes: number, totalBytes: number) => void {
  let next = 0;
  return (doneBytes, totalBytes) => {
    if (totalBytes < LARGE_BYTES) return;
    const percent = Math.floor((100 * doneBytes) / totalBytes);
    if (percent < next) return;
    next = percent + REPORT_PERCENT;
    report({ kind: "progress", stage, step: percent, total: 100 });
  };
}
