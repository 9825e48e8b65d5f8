import { isDeepStrictEqual } from "node:util";
import { ownValue } from "../../engine/common/dictionary.ts";
import { configAt, nameWith, parseConfig, type RunConfig } from "../../engine/config/index.ts";
import { pathText } from "../../engine/config/locate.ts";
import { folderOf, resolvePath } from "../../engine/config/paths.ts";
import { type ConfigPath, isRecord, without } from "../../engine/config/walk.ts";
import { ConfigError } from "../../engine/protocol/errors.ts";

/** An arm of a run, and the β to take of several. */
export interface ChosenArm {
  readonly arm: string;
  readonly beta: number;
}

/** Where a promoted config comes from and goes to. */
export interface Promotion extends ChosenArm {
  /** Id of the run. */
  readonly run: string;
  /** The new file: paths of data and models below its folder are counted from there. */
  readonly file: string;
}

/**
 * A config that makes one arm of a run again, alone and with one β: it says what differs from the defaults, and is read as
 * what the run had.
 *
 * @throws {ConfigError} where the run's config is none that this version reads.
 */
export function promotedConfig(config: RunConfig, { arm, beta, run, file }: Promotion): string {
  const full = relativeTo(`${resolvePath(folderOf(file), ".")}/`, asWritten(aloneOf(config, { arm, beta })));
  const text = JSON.stringify(shortest(full, file), null, 2);
  // Configs are project files that speakers of different languages share, so their comments are in English.
  return `// Arm ${arm} of the run ${run}, with β ${beta}: everything else is as it was there.\n${text}\n`;
}

/** A config with one of its arms, and the soups and comparisons that go with it. */
function aloneOf(swept: RunConfig, { arm, beta }: ChosenArm): RunConfig {
  const found = swept.arms[arm];
  if (found === undefined) throw new TypeError(`the run has no arm ${arm}`);
  const { own, config } = unswept(swept, arm, found);
  const soups = neededSoups(config, [own.init, ...own.reference]);
  const { contestants } = config.evaluation as { contestants?: Readonly<Record<string, unknown>> };
  const gone = new Set([...Object.keys(config.arms), ...Object.keys(config.soups)]);
  for (const name of [arm, ...Object.keys(soups), ...Object.keys(contestants ?? {})]) gone.delete(name);
  const pairs = config.evaluation.pairs.filter((pair) => !pair.some((name) => gone.has(name)));
  const left = pairs.length > 0 ? pairs : ([[arm, own.init]] as const);
  // Test prompts stand in a file of their own.
  const { testPrompts: _testPrompts, ...rest } = config;
  return {
    ...rest,
    soups,
    arms: { [arm]: { ...own, betas: [beta] } },
    evaluation: { ...config.evaluation, pairs: left },
  };
}

/** The config by which an arm is made: SFTs of its values have the names that they have without grids, and others are gone. */
function unswept(
  swept: RunConfig,
  arm: string,
  own: RunConfig["arms"][string],
): { readonly own: RunConfig["arms"][string]; readonly config: RunConfig } {
  const { sweep = {}, arms, soups, reward, evaluation, ...rest } = configAt(swept, arm);
  const nameOf = (name: string): string => {
    const of = ownValue(sweep, name)?.of;
    const isOwn = of === undefined || Object.hasOwn(arms, name) || Object.hasOwn(soups, name);
    return !isOwn && nameWith(arm, of, sweep) === name ? of : name;
  };
  const isThere = (name: string): boolean =>
    Object.hasOwn(arms, name) || Object.hasOwn(soups, name) || !Object.hasOwn(sweep, nameOf(name));
  const pairs = evaluation.pairs.filter((pair) => pair.every(isThere));
  return {
    own: { ...own, init: nameOf(own.init), reference: own.reference.map(nameOf) },
    config: {
      ...rest,
      arms,
      reward: { ...reward, init: nameOf(reward.init) },
      soups: Object.fromEntries(
        Object.entries(soups).map(([name, soup]) => [name, { ...soup, of: soup.of.map(nameOf) }]),
      ),
      evaluation: { ...evaluation, pairs: pairs.map(([ours, theirs]) => [nameOf(ours), nameOf(theirs)]) },
    },
  };
}

/** Soups by some names, and those that they are mixed from. */
function neededSoups({ soups }: RunConfig, names: readonly string[]): RunConfig["soups"] {
  const needed = new Set(names);
  for (const name of needed) for (const one of soups[name]?.of ?? []) needed.add(one);
  return Object.fromEntries(Object.entries(soups).filter(([name]) => needed.has(name)));
}

/** A resolved config under the names that config files have. */
function asWritten({ name: _name, sft, model, reward, arms, ...rest }: RunConfig): Record<string, unknown> {
  const { duration, ...sftRest } = sft;
  const { pinned: _modelPinned, ...modelRest } = { pinned: undefined, ...model };
  const { pinned: _rewardPinned, ...rewardRest } = reward;
  const written = {
    ...rest,
    model: modelRest,
    sft: { ...sftRest, ...duration },
    reward: rewardRest,
    arms: Object.fromEntries(
      Object.entries(arms).map(([arm, { betas, reference, ...settings }]) => [
        arm,
        { reference: single(reference), beta: single(betas), ...settings },
      ]),
    ),
  };
  // Without settings that are there and undefined.
  return JSON.parse(JSON.stringify(written)) as Record<string, unknown>;
}

function single<T>(list: readonly T[]): T | readonly T[] {
  return list.length === 1 && list[0] !== undefined ? list[0] : list;
}

/** Paths below a folder as counted from it. @param folder - Ends with a slash. */
function relativeTo(folder: string, value: unknown): unknown {
  if (typeof value === "string") return value.startsWith(folder) ? value.slice(folder.length) : value;
  if (Array.isArray(value)) return value.map((one) => relativeTo(folder, one));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, relativeTo(folder, one)]));
}

/** The settings without which the config would be read as something else. */
function shortest(full: unknown, file: string): unknown {
  let kept = withEffect(full, file);
  const meant = parseConfig(JSON.stringify(kept), file);
  for (const path of pathsOf(kept)) {
    const less = without(kept, [path]);
    if (less !== undefined && isReadAs(less, meant, file)) kept = less;
  }
  return kept;
}

/** Without settings that mean nothing beside the others: a run keeps them, and a config must not have them. */
function withEffect(full: unknown, file: string): unknown {
  try {
    parseConfig(JSON.stringify(full), file);
    return full;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const idle = new Set(
      error.issues.filter(({ message }) => message.startsWith("has no effect")).map(({ path }) => path),
    );
    const found = pathsOf(full).filter((path) => idle.has(pathText(path)));
    if (found.length === 0) throw error;
    return withEffect(without(full, found), file);
  }
}

/** Sections before what is in them: most go as a whole. */
function pathsOf(value: unknown, path: ConfigPath = []): readonly ConfigPath[] {
  if (!isRecord(value)) return path.length === 0 ? [] : [path];
  const inner = Object.entries(value).flatMap(([key, one]) => pathsOf(one, [...path, key]));
  return path.length === 0 ? inner : [path, ...inner];
}

function isReadAs(written: unknown, meant: RunConfig, file: string): boolean {
  try {
    return isDeepStrictEqual(parseConfig(JSON.stringify(written), file), meant);
  } catch {
    return false; // it needs what was left out
  }
}
