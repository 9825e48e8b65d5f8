import { PRESETS } from "./presets.ts";
import type { Snippet } from "./setting.ts";

/** Files that a config needs when no task makes its data. */
const DATA = {
  sft: "${1:data/sft.jsonl}",
  preferences: "${2:data/preferences.jsonl}",
  prompts: "${3:data/prompts.jsonl}",
  benchmarks: { "${4:test}": "${5:data/test.jsonl}" },
};

const OF_TWO = ["${1:sft-1}", "${2:sft-2}"];

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

/** The built-in task. */
export const TASK_SNIPPETS: readonly Snippet[] = [
  {
    label: "MiniInstruct",
    description: "Data is generated, and true scores are known",
    body: { name: "miniinstruct" },
  },
];

/** One soup. */
export const SOUP_SNIPPETS: readonly Snippet[] = [
  { label: "Uniform soup", description: "The mean of every SFT", body: { method: "uniform" } },
  {
    label: "Linear soup",
    description: "A point on the line between two SFTs (SALSA, equation 3)",
    body: { method: "linear", of: OF_TWO, alpha: "^${3:0.5}" },
  },
  {
    label: "Greedy soup",
    description: "SFTs are added while the held-out score improves",
    body: { method: "greedy", score: "${1|gold,loss,reward|}" },
  },
  { label: "Learned soup", description: "Mixing weights trained on held-out loss", body: { method: "learned" } },
  {
    label: "Spherical soup",
    description: "A point on the arc between two SFTs",
    body: { method: "slerp", of: OF_TWO, alpha: "^${3:0.5}" },
  },
  {
    label: "Model stock",
    description: "Between the base and the mean of its SFTs, as their agreement says",
    body: { method: "modelStock", of: ["base", ...OF_TWO] },
  },
];

/** One arm. */
export const ARM_SNIPPETS: readonly Snippet[] = [
  {
    label: "SALSA",
    description: "Held to a soup (SALSA, equation 4)",
    body: { reference: "${1:soup}", beta: "^${2:0.01}" },
  },
  {
    label: "PPO",
    description: "Held to the SFT it starts from (SALSA, equation 2)",
    body: { reference: "${1:sft-1}" },
  },
  { label: "MKL", description: "Held to several SFTs at once (SALSA, equation 5)", body: { reference: OF_TWO } },
  {
    label: "Several β",
    description: "The β that does best on the validation split is kept",
    body: { reference: "${1:soup}", beta: ["^${2:0.01}", "^${3:0.05}", "^${4:0.2}"] },
  },
];

/** Soups and arms with their names. */
export const SOUPS_SNIPPETS = named(SOUP_SNIPPETS, "soup");
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
function named(snippets: readonly Snippet[], name: string): readonly Snippet[] {
  return snippets.map((snippet) => ({ ...snippet, body: { [`\${9:${name}}`]: snippet.body } }));
}
