import type { ConfigPath } from "../../../engine/config/walk.ts";
import { usableName } from "../../../engine/config/usableName.ts";
import { additions } from "./additions.ts";
import type { Fix, FixContext } from "./fix.ts";
import { applied, difference, inline, put, remove } from "./edits.ts";
import type { TextChange } from "./edits.ts";
import type { ConfigFinding, ConfigFindingCode } from "./finding.ts";
import { t } from "../../localize.ts";
import { keyOf, nodeAt, readTree, spanOf } from "./tree.ts";
import type { ConfigTree } from "./tree.ts";

/** Changes that remedy a finding, the likeliest first. */
export function fixesOf(context: FixContext): Fix[] {
  const fixes = MAKERS.flatMap((make) => make(context));
  return fixes.filter(({ changes }) => changes.length > 0);
}

/** The changes that put right every name of which only one can have been meant. */
export function spellingChanges(tree: ConfigTree, findings: readonly ConfigFinding[]): TextChange[] {
  return findings.flatMap((finding) => {
    const fixes = spelling({ tree, finding });
    return fixes.length === 1 ? [...(fixes[0]?.changes ?? [])] : [];
  });
}

const MAKERS: readonly ((context: FixContext) => Fix[])[] = [
  spelling,
  moves,
  values,
  known,
  numbers,
  otherSettings,
  untruncated,
  renamed,
  quotients,
  ...additions,
  removals,
];

/** `did you mean "beta"?` */
function spelling({ tree, finding }: FixContext): Fix[] {
  const [, list] = /^did you mean (.+)\?$/.exec(finding.remedy) ?? [];
  const words = list === undefined ? [] : quoted(list);
  return words.map((word) => ({
    title: t("Change to {0}", JSON.stringify(word)),
    changes: written(tree, finding, word),
    isPreferred: words.length === 1,
  }));
}

/** `it belongs at rlhf.beta` */
function moves({ tree, finding }: FixContext): Fix[] {
  const [, place] = /^it belongs at ([\w.]+)$/.exec(finding.remedy) ?? [];
  const value = nodeAt(tree, finding.path);
  if (place === undefined || value === undefined) return [];
  const target = place.split(".");
  const rest = readTree(applied(tree.text, remove(tree, finding.path)));
  if (nodeAt(rest, target) !== undefined) return [];
  const source = tree.text.slice(value.offset, value.offset + value.length);
  const added = put(rest, target, MOVED).map((change) => ({
    ...change,
    text: change.text.replace(JSON.stringify(MOVED), () => source),
  }));
  const changes = [difference(tree.text, applied(rest.text, added))];
  return [{ title: t("Move to {0}", place), changes, isPreferred: true }];
}

/** Stands for a value that is moved as it is written, with its comments. */
const MOVED = "moved";

/** `use 2.5e-5`, `use "loss" or "reward"`, `use one of 1, 2, 4`, `… "uniform", "linear", got "x"` */
function values({ tree, finding }: FixContext): Fix[] {
  const { message, remedy } = finding;
  const [, list] =
    /^use (?:one of )?((?:"[^"]*"|-?[\d.]+(?:e[+-]?\d+)?)(?:(?:, | or )(?:"[^"]*"|-?[\d.]+))*)/.exec(remedy) ?? [];
  const [, choice] = / must be (?:one of )?(".*"), got /.exec(message) ?? [];
  const isSpelling = remedy.startsWith("did you mean");
  const options = list ?? (isSpelling ? undefined : choice);
  if (options === undefined || nodeAt(tree, finding.path) === undefined) return [];
  const found = [...options.matchAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.]*(?:e[+-]?\d+)?/g)].map(
    ([one]) => JSON.parse(one) as unknown,
  );
  return found.map((value) => ({
    title: t("Change to {0}", JSON.stringify(value)),
    changes: put(tree, finding.path, value),
    isPreferred: found.length === 1 && list !== undefined,
  }));
}

/** `known here: base, sft-1, sft-2` */
function known({ tree, finding }: FixContext): Fix[] {
  const [, list] = /^known here: (.+)$/.exec(finding.remedy) ?? [];
  const isName = finding.code === "unknownModel" || finding.code === "unknownBenchmark";
  if (list === undefined || !isName || list.startsWith("none")) return [];
  return list.split(", ").map((name) => ({
    title: t("Change to {0}", JSON.stringify(name)),
    changes: written(tree, finding, name),
  }));
}

/** A number in quotes. */
function numbers({ tree, finding }: FixContext): Fix[] {
  const value = nodeAt(tree, finding.path)?.value as unknown;
  if (!/ must be a (whole )?number\b/.test(finding.message) || typeof value !== "string") return [];
  const number = value.trim() === "" ? NaN : Number(value);
  if (!Number.isFinite(number)) return [];
  return [{ title: t("Change to {0}", number), changes: put(tree, finding.path, number), isPreferred: true }];
}

/** Fixes from remedies that name a value, mostly of another setting. */
function otherSettings({ tree, finding }: FixContext): Fix[] {
  const section = finding.path.slice(0, -1);
  const set = (path: ConfigPath, value: unknown): Fix => ({
    title: t('Set "{0}" to {1}', String(path.at(-1)), inline(value)),
    changes: put(tree, path, value),
    isPreferred: true,
  });
  const { remedy } = finding;
  const [, batchSize] = /^use a batchSize of (\d+)/.exec(remedy) ?? [];
  if (batchSize !== undefined) return [set([...section, "batchSize"], Number(batchSize))];
  if (remedy.startsWith("set scoreScaling to true")) return [set([...section, "scoreScaling"], true)];
  if (remedy.startsWith("set evaluation.validationPrompts")) return [set(["evaluation", "validationPrompts"], 256)];
  const [, of] = /such as (\[.*\])$/.exec(remedy) ?? [];
  if (of !== undefined) return [set(finding.path, JSON.parse(of))];
  if (!remedy.includes('method "uniform"')) return [];
  return [
    {
      title: t("Use the mean of all: method {0}", '"uniform"'),
      changes: [...put(tree, [...section, "method"], "uniform"), ...removed(tree, finding.path)],
    },
  ];
}

function untruncated({ tree, finding }: FixContext): Fix[] {
  if (finding.code !== "truncation") return [];
  const value = finding.path.at(-1) === "topK" ? 0 : 1;
  const changes = put(tree, finding.path, value);
  return [{ title: t('Set "{0}" to {1}', String(finding.path.at(-1)), value), changes, isPreferred: true }];
}

/** Replaces a name by a usable one, without the disallowed characters. */
function renamed({ tree, finding }: FixContext): Fix[] {
  if (!finding.message.includes("is not a usable name")) return [];
  const node = nodeAt(tree, finding.path);
  const name = node && ((keyOf(node) ?? node).value as unknown);
  const isValue = finding.message.includes(", got ");
  const before = isValue ? (node?.value as unknown) : name;
  if (typeof before !== "string") return [];
  const usable = usableName(before);
  if (usable === "") return [];
  const changes = isValue ? put(tree, finding.path, usable) : written(tree, finding, usable);
  return [{ title: t("Change to {0}", JSON.stringify(usable)), changes, isPreferred: true }];
}

/** Weights that do not add up to 1, divided by their sum. */
function quotients({ tree, finding }: FixContext): Fix[] {
  if (finding.code !== "weights") return [];
  const weights = (nodeAt(tree, finding.path)?.children ?? []).map(({ value }) => Number(value));
  const sum = weights.reduce((total, one) => total + one, 0);
  if (sum === 0 || !Number.isFinite(sum)) return [];
  const changes = put(
    tree,
    finding.path,
    weights.map((one) => Number((one / sum).toPrecision(6))),
  );
  return [{ title: t("Divide the weights by their sum"), changes, isPreferred: true }];
}

/** Codes of findings that are resolved by removing the setting. */
const REMOVABLE: ReadonlySet<ConfigFindingCode> = new Set(["unknownSetting", "alternatives", "repeated"]);

function removals({ tree, finding }: FixContext): Fix[] {
  const { code, path, remedy, message } = finding;
  const isDefault = remedy.startsWith("leave it out for the default");
  if (!REMOVABLE.has(code) && !isDefault) return [];
  const [, fallback] = /^leave it out for the default (.+?)(?: \(.*\))?$/.exec(remedy) ?? [];
  const key = String(path.at(-1));
  const title = isDefault
    ? t("Remove {0}, for the default {1}", key, fallback ?? "")
    : t("Remove {0}", typeof path.at(-1) === "number" ? t("the second") : JSON.stringify(key));
  const [, other] = /is given together with (\w+)$/.exec(message) ?? [];
  const others = other === undefined ? [] : [[...path.slice(0, -1), other]];
  return [
    { title, changes: removed(tree, path) },
    ...others.map((one) => ({ title: t("Remove {0}", JSON.stringify(other)), changes: removed(tree, one) })),
  ];
}

function removed(tree: ConfigTree, path: ConfigPath): TextChange[] {
  return nodeAt(tree, path) === undefined ? [] : remove(tree, path);
}

/** Another word for the key or the value that a finding underlines, if it is written here and not in a preset. */
function written(tree: ConfigTree, { path, span }: ConfigFinding, word: string): TextChange[] {
  const value = nodeAt(tree, path);
  if (value === undefined) return [];
  const node = [keyOf(value), value].find((one) => one?.offset === span.start);
  return node === undefined ? [] : [{ ...spanOf(node), text: JSON.stringify(word) }];
}

function quoted(text: string): string[] {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"/g)].map(([one]) => JSON.parse(one) as string);
}
