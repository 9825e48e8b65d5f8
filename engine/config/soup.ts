import * as z from "zod";
import { SOUPS, type SoupSettings, needOf, recipeOf } from "../soup/index.ts";
import type { SoupFacts } from "../soup/recipe.ts";
import { modelName, optionalSetting, section, withSnippets } from "./setting.ts";
import type { Snippet } from "./setting.ts";
import { named } from "./snippets.ts";

const of = optionalSetting(z.array(modelName()).min(2), {
  description: "Models to mix, base or SFTs by name",
  otherwise: "every SFT",
});

type Variant<M extends string, S extends z.core.$ZodLooseShape> = z.ZodObject<
  { method: z.ZodLiteral<M>; of: typeof of } & S,
  z.core.$strict
>;
type Variants<L> = {
  -readonly [K in keyof L]: L[K] extends {
    readonly method: infer M extends string;
    readonly settings: infer S extends z.core.$ZodLooseShape;
  }
    ? Variant<M, S>
    : never;
};

const variants = SOUPS.map(({ method, description, source, settings }) =>
  section({ method: z.literal(method).meta({ description }), of, ...settings }, `${description} (${source})`),
) as unknown as Variants<typeof SOUPS>;

/** One soup, as editors offer it. */
export const SOUP_SNIPPETS: readonly Snippet[] = SOUPS.map(({ title, description, source, method, snippet }) => ({
  label: title,
  description: `${description} (${source})`,
  body: { method, ...snippet },
}));

/** Soups with their names, as editors offer them. */
export const SOUPS_SNIPPETS = named(SOUP_SNIPPETS, "soup");

/** Ways to make a soup: one variant for each recipe. */
export const soupSchema = withSnippets(z.discriminatedUnion("method", variants), SOUP_SNIPPETS).meta({
  description: "How one soup is made",
});

/** Soups by name, each usable as a reference or a start. */
export const soupsSchema = withSnippets(z.record(modelName(), soupSchema), SOUPS_SNIPPETS);

/** A soup as people write it, defaults filled in. */
export type WrittenSoup = z.output<typeof soupSchema>;

/** Soups where a config writes none. */
export const DEFAULT_SOUPS = { soup: { method: "uniform" } } as const satisfies Readonly<Record<string, WrittenSoup>>;

/** How one soup is made: every default resolved, the models named. */
export type SoupConfig = SoupSettings & { readonly of: readonly string[] };

/** Fills in settings that follow from the rest of the config. */
export function resolveSoup({ of: _of, method, ...settings }: WrittenSoup, facts: SoupFacts): SoupConfig {
  // The recipe of a method resolves its settings: they belong together.
  return { ...recipeOf(method).resolve(settings, facts), method, of: facts.of } as SoupConfig;
}

/** True for a soup whose members the reward model chooses. */
export function isByReward({ of, ...settings }: SoupConfig): boolean {
  const need = needOf(settings, of.length);
  return need.on === "responses" && need.by === "reward";
}
