import { TASKS } from "../../../engine/evaluation/tasks/index.ts";
import { append, put } from "./edits.ts";
import type { Fix, FixContext } from "./fix.ts";
import { t } from "../../localize.ts";
import { nodeAt } from "./tree.ts";

/** Fix factories that add missing settings. */
export const additions: readonly ((context: FixContext) => Fix[])[] = [firstConfig, source, checkpoint, missing, seed];

/** `start with { "preset": "miniinstruct" }`: there is nothing to correct. */
function firstConfig({ tree, finding }: FixContext): Fix[] {
  if (!finding.remedy.startsWith("start with ")) return [];
  const text = '{\n  "preset": "miniinstruct"\n}\n';
  return [{ title: t("Use the demo preset"), changes: [{ start: 0, end: tree.text.length, text }], isPreferred: true }];
}

/** Neither task nor data. */
function source({ tree, finding }: FixContext): Fix[] {
  if (finding.code !== "missingSetting" || finding.path.length > 0 || tree.root?.type !== "object") return [];
  const files = { sft: "sft.jsonl", preferences: "preferences.jsonl", prompts: "prompts.jsonl" };
  const hasPreset = nodeAt(tree, ["preset"]) !== undefined;
  const preset: Fix[] = hasPreset
    ? []
    : [{ title: t("Use the demo preset"), changes: put(tree, ["preset"], "miniinstruct") }];
  const tasks = TASKS.map(({ name, title }, i) => ({
    title: t("Add the built-in task {0}", title),
    changes: put(tree, ["task"], { name }),
    isPreferred: i === 0,
  }));
  return [...tasks, { title: t("Add data files of your own"), changes: put(tree, ["data"], files) }, ...preset];
}

/** `add "checkpoint": a Hugging Face folder` */
function checkpoint({ tree, finding }: FixContext): Fix[] {
  if (!finding.remedy.startsWith('add "checkpoint"')) return [];
  return [{ title: t('Add "checkpoint"'), changes: put(tree, ["model", "checkpoint"], "checkpoint") }];
}

/** `add it, one of "uniform", "linear": …` or `add it, a string: …` */
function missing({ tree, finding }: FixContext): Fix[] {
  const [, words] = /^add it, (.*?): /.exec(finding.remedy) ?? [];
  const key = finding.path.at(-1);
  if (words === undefined || key === undefined) return [];
  const choices = [...words.matchAll(/"([^"]*)"/g)].map(([, word = ""]) => word);
  const isFile = finding.path[0] === "data" && words === "a string";
  const values = isFile ? [`${key}.jsonl`] : choices;
  return values.map((value) => ({
    title: t("Add {0}", `"${key}": ${JSON.stringify(value)}`),
    changes: put(tree, finding.path, value),
    isPreferred: values.length === 1,
  }));
}

/** `add a seed to sft.seeds` */
function seed({ tree, finding }: FixContext): Fix[] {
  const seeds = nodeAt(tree, ["sft", "seeds"]);
  if (!finding.remedy.startsWith("add a seed to sft.seeds") || seeds?.type !== "array") return [];
  const next = Math.max(0, ...(seeds.children ?? []).map(({ value }) => Number(value))) + 1;
  return [{ title: t("Add seed {0} to sft.seeds", next), changes: append(tree, ["sft", "seeds"], next) }];
}
