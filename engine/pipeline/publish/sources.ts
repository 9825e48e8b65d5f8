import { basename, dirname, join } from "node:path";
import type { RunConfig, SourceConfig } from "../../config/index.ts";
import { CachedRepository } from "../../data/hub/cache.ts";
import { hubEnvironment } from "../../data/hub/environment.ts";
import { isLicence, statedLicence } from "../../data/hub/licences.ts";
import { hubReference, snapshotOf } from "../../data/hub/reference.ts";
import { isOnOtherMachine } from "../../common/childEnvironment.ts";
import { readAdapterSettings } from "../../storage/adapterFolders.ts";
import { inputExistsSync, readInput } from "../../storage/inputs.ts";

/** Where something that a model was made from is, as far as it is known. */
export interface ModelSource {
  /** "SFT", "preferences". */
  readonly use: string;
  /** "owner/name" on the hub. */
  readonly hub?: string;
  /** For people; of a local file or folder only its own name, since its path is nobody's business. */
  readonly name: string;
  /** Branch or tag as the config has it. */
  readonly revision?: string;
  /** The commit that it stood for when it was downloaded to this machine. */
  readonly commit?: string;
  readonly licence?: string;
}

/** Largest README.md whose licence is looked for, in bytes. */
const MOST_README_BYTES = 1024 * 1024;

/** The data of a run, each source once for each use. */
export async function dataSources({ data, task }: RunConfig): Promise<readonly ModelSource[]> {
  if (task !== undefined || data === undefined) return [];
  const uses: readonly (readonly [use: string, source: SourceConfig | undefined])[] = [
    ["SFT", data.sft],
    ["reward model's pairs", data.preferences],
    ["RLHF prompts", data.prompts],
    ...Object.entries(data.benchmarks).map(([name, source]) => [`benchmark ${name}`, source] as const),
  ];
  return Promise.all(
    uses.flatMap(([use, source]) =>
      source === undefined ? [] : [dataSource(use, typeof source === "string" ? source : source.from)],
    ),
  );
}

async function dataSource(use: string, from: string): Promise<ModelSource> {
  if (!from.startsWith("hf:")) return { use, name: basename(from) };
  const reference = hubReference(from);
  const { name, revision } = reference;
  const commit = await new CachedRepository((await hubEnvironment()).cache, reference).commitOf(revision);
  const stated = await statedLicence({ kind: "dataset", name, revision: commit ?? revision });
  return { use, hub: name, name, revision, ...(commit && { commit }), ...(stated && { licence: stated.licence }) };
}

/** The base model of a run; undefined for one that it has made from nothing. */
export async function baseSource({ model }: RunConfig): Promise<ModelSource | undefined> {
  if (!("checkpoint" in model)) return undefined;
  const { checkpoint } = model;
  if (!checkpoint.startsWith("hf:")) return folderSource(checkpoint);
  const { name, revision } = hubReference(checkpoint, "model");
  return hubSource(name, revision);
}

/**
 * The base model that an adapter's own settings name: what loads it looks nowhere else.
 * @throws {CheckpointError} when they cannot be read.
 */
export async function adapterBaseSource(folder: string): Promise<ModelSource> {
  const { base, revision = "main" } = await readAdapterSettings(folder);
  // As transformers has it: a folder of that name goes before the hub.
  const isName = /^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(base) && !inputExistsSync(join(base, "config.json"));
  return isName ? hubSource(base, revision) : folderSource(base);
}

async function hubSource(name: string, revision: string): Promise<ModelSource> {
  const stated = await statedLicence({ kind: "model", name, revision });
  const commit = /^[0-9a-f]{40}$/.test(revision) ? { commit: revision } : {};
  return { use: BASE, hub: name, name, revision, ...commit, ...(stated && { licence: stated.licence }) };
}

async function folderSource(folder: string): Promise<ModelSource> {
  const own = isOnOtherMachine(folder, process.cwd(), process.platform) ? undefined : await ownLicence(folder);
  const snapshot = snapshotOf(folder);
  if (snapshot === undefined) return { use: BASE, name: basename(folder), ...(own !== undefined && { licence: own }) };
  const source = await hubSource(snapshot.name, snapshot.commit);
  return own === undefined ? source : { ...source, licence: own };
}

const BASE = "base model";

/** The licence in the front matter of a checkpoint's own card. */
async function ownLicence(folder: string): Promise<string | undefined> {
  const card = await readInput(join(folder, "README.md"), MOST_README_BYTES).catch(() => undefined);
  const [, front = ""] = /^---\r?\n([^]*?)\r?\n---/.exec(card?.toString("utf8") ?? "") ?? [];
  const [, licence = ""] = /^license:[ \t]*["']?([\w.-]+)["']?[ \t]*$/m.exec(front) ?? [];
  return isLicence(licence) ? licence : undefined;
}

/** A config as others may see it: of paths on this machine only their last part. */
export function publicConfig(config: RunConfig): unknown {
  const shown = (value: unknown): unknown => {
    if (typeof value === "string") return isPath(value) ? basename(value.replaceAll("\\", "/")) : value;
    if (Array.isArray(value)) return value.map(shown);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shown(one)]));
  };
  return shown(config);
}

function isPath(text: string): boolean {
  return /^(?:\/|[A-Za-z]:[\\/]|\\\\|~\/)/.test(text) && dirname(text) !== text;
}
