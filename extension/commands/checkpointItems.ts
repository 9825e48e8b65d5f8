import type { ModelArtifact } from "../../engine/protocol/service.ts";
import { label } from "../label.ts";
import { t } from "../localize.ts";
import { formatFileSize } from "../../engine/common/format.ts";

/** The models of a run. */
export interface RunModels {
  readonly id: string;
  readonly models: readonly ModelArtifact[];
}

/** A model on disk, with its display name. */
export interface Checkpoint {
  readonly folder: string;
  readonly name: string;
}

/** A checkpoint to pick. */
export interface CheckpointItem {
  readonly label: string;
  readonly description: string;
  readonly checkpoint: Checkpoint;
}

/** A heading and the checkpoints under it. */
export interface CheckpointGroup {
  readonly heading: string;
  readonly items: readonly CheckpointItem[];
}

/**
 * Checkpoints by run, newest run first. Runs share cached checkpoints: each is listed once, under the newest run that
 * has it.
 */
export function checkpointGroups(
  runs: readonly RunModels[],
  fits: (model: ModelArtifact) => boolean,
): CheckpointGroup[] {
  const seen = new Set<string>();
  return runs.flatMap(({ id, models }) => {
    const items = models.flatMap((model): CheckpointItem[] => {
      if (!model.exists || !fits(model) || seen.has(model.folder)) return [];
      seen.add(model.folder);
      return [
        {
          label: label(model.name),
          description: formatFileSize(model.bytes),
          checkpoint: { folder: model.folder, name: model.name },
        },
      ];
    });
    return items.length === 0 ? [] : [{ heading: label(t("Models of {0}", id)), items }];
  });
}
