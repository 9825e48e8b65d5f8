/** Which of a folder's files are wanted. */
export interface Pick {
  /** A part of the data set, as the hub has it: a folder, or the beginning of files' names. */
  readonly config?: string | undefined;
  /** Such as `train` or `test_prefs`. */
  readonly split?: string | undefined;
}

const ENDINGS = /\.(jsonl|ndjson|json|parquet|jsonl\.gz|ndjson\.gz|json\.gz)$/i;
/** Facts that the hub and its library keep beside data. */
const FACTS = /(^|\/)(dataset_infos?|dataset_dict|state|metadata|config)\.json$/i;
/** Ends the name of a file that is one of several: `-1`, or `-00000-of-00003` with a hash maybe. */
const SHARD = /[-_.]\d+(-of-\d+)?(-[0-9a-f]{8,})?$/i;

/** True for names of data files, by their endings. */
export function isDataName(name: string): boolean {
  return ENDINGS.test(name) && !FACTS.test(name);
}

/** The files that are wanted, or the reason why there are none. */
export type Picked =
  | { readonly names: readonly string[] }
  | { readonly what: string; readonly remedy: string; readonly names?: undefined };

/**
 * Of a folder's files, by their paths within it, those of a config and a split.
 *
 * A file belongs to a config if a folder above it has that name, or its own name begins with it; to a split if a folder
 * above it has that name, or its own name, without the number of a shard, is or ends with it. Where no split is asked for
 * and there are several, `train` is taken, for training on a test split is what nobody wants.
 */
export function pickFiles(paths: readonly string[], { config, split }: Pick): Picked {
  const data = paths.filter(isDataName).sort();
  if (data.length === 0) return { what: "holds no .jsonl, .json or .parquet files", remedy: "name the right folder" };
  const ofConfig = config === undefined ? data : data.filter((path) => isOfConfig(path, config));
  if (ofConfig.length === 0) {
    return { what: `has no config ${JSON.stringify(config)}`, remedy: `its files: ${someOf(data)}` };
  }
  const splits = [...new Set(ofConfig.map(splitOf))].sort();
  if (split !== undefined) {
    const names = ofConfig.filter((path) => isOfSplit(path, split));
    if (names.length > 0) return { names };
    return { what: `has no split ${JSON.stringify(split)}`, remedy: `it has ${someOf(splits)}` };
  }
  const train = ofConfig.filter((path) => isOfSplit(path, "train"));
  if (train.length > 0) return { names: train };
  const hasSplits = splits.some((name) => /^(train|test|validation|valid|val|dev|eval)([_.-]|$)/i.test(name));
  if (!hasSplits || splits.length === 1) return { names: ofConfig };
  return { what: "has several splits", remedy: `set split to one of ${someOf(splits)}` };
}

function isOfConfig(path: string, config: string): boolean {
  const parts = path.split("/");
  return parts.slice(0, -1).includes(config) || stemOf(path).startsWith(config);
}

function isOfSplit(path: string, split: string): boolean {
  const stem = stemOf(path);
  if (path.split("/").slice(0, -1).includes(split) || stem === split) return true;
  return stem.endsWith(split) && /[-_.]/.test(stem.charAt(stem.length - split.length - 1));
}

/** The name of a file without folder, ending and shard. */
function stemOf(path: string): string {
  return path
    .slice(path.lastIndexOf("/") + 1)
    .replace(ENDINGS, "")
    .replace(SHARD, "");
}

/** The split of a file, as far as its name says: that of its folder where the file is a mere shard. */
function splitOf(path: string): string {
  const stem = stemOf(path);
  const [, folder = stem] = /([^/]+)\/[^/]*$/.exec(path) ?? [];
  return /^(data|part|shard|\d*)$/i.test(stem) ? folder : stem;
}

function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 12).join(", ");
  return names.length > 12 ? `${shown}, … (${names.length})` : shown;
}
