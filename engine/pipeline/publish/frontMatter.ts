import type { ModelSource } from "./sources.ts";

/** A card's metadata of a model, for the hub. */
export interface FrontMatter {
  readonly licence: string | undefined;
  readonly base: ModelSource | undefined;
  readonly data: readonly ModelSource[];
  readonly kind: "language" | "reward" | "adapter";
  readonly tags: readonly string[];
}

/**
 * The YAML at the top of a card, with the fields that the hub knows.
 *
 * The relation to the base is `finetune` for soups, too: the hub's `merge` lists the models that were merged, and the
 * ingredients of a soup are fine-tunes that only this machine has. There is no `model-index`: it is for scores of public
 * benchmarks, and a win rate is one model's over another by a judge of the run's own. What is not known is left out.
 */
export function frontMatter({ licence, base, data, kind, tags }: FrontMatter): string {
  const isOnHub = base?.hub !== undefined;
  const datasets = [...new Set(data.flatMap(({ hub }) => hub ?? []))];
  return [
    "---",
    ...(licence === undefined ? [] : [`license: ${scalar(licence)}`]),
    ...(isOnHub ? [`base_model: ${scalar(base.hub)}`, `base_model_relation: ${RELATIONS[kind]}`] : []),
    ...(datasets.length === 0 ? [] : ["datasets:", ...datasets.map((name) => `- ${scalar(name)}`)]),
    `library_name: ${kind === "adapter" ? "peft" : "transformers"}`,
    `pipeline_tag: ${kind === "reward" ? "text-classification" : "text-generation"}`,
    "tags:",
    ...tags.map((tag) => `- ${scalar(tag)}`),
    "---",
  ].join("\n");
}

const RELATIONS = { language: "finetune", reward: "finetune", adapter: "adapter" } as const;

/** JSON's strings are YAML's, and need no thought about what a word might mean otherwise. */
function scalar(text = ""): string {
  const isPlain = /^[a-z][\w./-]*$/i.test(text) && !/^(?:true|false|yes|no|on|off|null|y|n)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}
