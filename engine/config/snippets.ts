import { armKinds } from "./algorithms/index.ts";
import { PRESETS } from "./presets.ts";
import type { Snippet } from "./setting.ts";

/** Files that a config needs when no task makes its data. */
const DATA = {
  sft: "${1:data/sft.jsonl}",
  preferences: "${2:data/preferences.jsonl}",
  prompts: "${3:data/prompts.jsonl}",
  benchmarks: { "${4:test}": "${5:data/test.jsonl}" },
};

/** Whole configs: one for each preset, and one for data of your own. */
export const ROOT_SNIPPETS: readonly Snippet[] = [
  ...PRESETS.map(({ name, title, description, config }) => ({
    label: title,
    description,
    body:
      "task" in config
        ? { preset: name }
        : { preset: name, model: { checkpoint: "${6:path/to/a/hugging-face/folder}" }, data: DATA },
  })),
  {
    label: "Your own model and data",
    description: "SFT, reward model, soup, PPO and SALSA, on JSON-lines files",
    body: { model: { checkpoint: "${6:path/to/a/hugging-face/folder}" }, data: DATA },
  },
];

/** Where data is. */
export const DATA_SNIPPETS: readonly Snippet[] = [
  { label: "Data files", description: "SFT examples, preference pairs, prompts and a benchmark", body: DATA },
];

/** One arm: a kind each, and one with candidates for β. */
export const ARM_SNIPPETS: readonly Snippet[] = [
  ...armKinds().map(({ title, description, source, snippet }) => ({
    label: title,
    description: `${description} (${source})`,
    body: snippet,
  })),
  {
    label: "Several β",
    description: "The β that does best on the validation split is kept",
    body: { reference: "${1:soup}", beta: ["^${2:0.01}", "^${3:0.05}", "^${4:0.2}"] },
  },
];

/** Arms with their names. */
export const ARMS_SNIPPETS: readonly Snippet[] = [
  {
    label: "PPO and SALSA",
    description: "The paper's comparison: held to the SFT, and to a soup",
    body: { ppo: { reference: "${1:sft-1}" }, salsa: { reference: "${2:soup}", beta: "^${3:0.01}" } },
  },
];

/** Comparisons. */
export const PAIR_SNIPPETS: readonly Snippet[] = [
  {
    label: "One pair",
    description: "Win rates are of the first against the second",
    body: [["${1:salsa}", "${2:ppo}"]],
  },
];

/** Entries as the only ones of a section; their placeholders count on from the name's. */
export function named(snippets: readonly Snippet[], name: string): readonly Snippet[] {
  return snippets.map((snippet) => ({ ...snippet, body: { [`\${9:${name}}`]: snippet.body } }));
}
