import { isHubName } from "../config/paths.ts";
import type { CheckpointConfig, RunConfig } from "../config/index.ts";
import { type Progress, hubCheckpoint } from "../data/index.ts";

/** How files are got from the hub. */
export interface DownloadSettings {
  /** Called with the progress of downloads, in words. */
  readonly progress?: Progress | undefined;
  /** Downloads nothing. */
  readonly isOffline?: boolean | undefined;
}

/**
 * The config with its base model and its reward model in folders of this machine: those that it names on the hub are
 * downloaded, unless they are in the cache.
 *
 * @throws {DataError} when the hub does not give them.
 * @throws {DiskError}
 */
export async function withLocalCheckpoints(given: RunConfig, settings: DownloadSettings = {}): Promise<RunConfig> {
  const config = await withLocalBase(given, settings);
  const local = await localCheckpoint(config.reward.checkpoint, settings);
  return local === undefined ? config : { ...config, reward: { ...config.reward, ...local } };
}

/** The same for the base model alone. */
export async function withLocalBase(config: RunConfig, settings: DownloadSettings = {}): Promise<RunConfig> {
  const { model } = config;
  const local = "checkpoint" in model ? await localCheckpoint(model.checkpoint, settings) : undefined;
  return local === undefined ? config : { ...config, model: { ...model, ...local } };
}

async function localCheckpoint(
  name: string | undefined,
  settings: DownloadSettings,
): Promise<CheckpointConfig | undefined> {
  if (name === undefined || !isHubName(name)) return undefined;
  const { folder, pinned } = await hubCheckpoint(name, settings);
  return { checkpoint: folder, pinned };
}

/** The config for a run's description: what came from the hub by its commit, and not by where it lies. */
export function pinnedConfig(config: RunConfig): RunConfig {
  const { model, reward } = config;
  return {
    ...config,
    ...("checkpoint" in model && { model: byCommit(model) }),
    reward: byCommit(reward),
  };
}

function byCommit<T extends Partial<CheckpointConfig>>({ pinned, ...others }: T): Omit<T, "pinned"> {
  return pinned === undefined ? others : { ...others, checkpoint: pinned };
}

/** True if a config with its models in folders knows a commit of what was asked for by another name. */
export function isNewlyPinned(asked: RunConfig, { model, reward }: RunConfig): boolean {
  const isNew = (before: Partial<CheckpointConfig>, { pinned }: Partial<CheckpointConfig>): boolean =>
    pinned !== undefined && pinned !== before.checkpoint;
  return (
    isNew(asked.reward, reward) || ("checkpoint" in asked.model && "checkpoint" in model && isNew(asked.model, model))
  );
}
