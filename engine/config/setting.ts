import * as z from "zod";
import { MOST_LETTERS, USABLE_NAME } from "./usableName.ts";

/** Texts for people about a setting: in the editor, the docs table and error remedies. */
export interface SettingDocs {
  readonly description: string;
  /** Unit of the value, such as "tokens"; leave out for pure numbers and words. */
  readonly unit?: string;
  /** Where the default comes from: "SALSA, appendix A.3". */
  readonly source?: string;
  /** The default where it depends on other settings: "every SFT". */
  readonly otherwise?: string;
}

/** A text that editors offer to write, as VS Code's JSON service reads it: `${1:word}` is filled in, "^2" stands for a bare 2. */
export interface Snippet {
  readonly label: string;
  readonly description: string;
  readonly body: unknown;
}

/** A setting with a fixed default; its range is in `schema`. */
export function setting<S extends z.ZodType>(
  schema: S,
  fallback: z.util.NoUndefined<z.output<S>>,
  docs: SettingDocs,
): z.ZodDefault<S> {
  return schema.default(fallback).meta({ ...docs });
}

/** A setting that may be left out: off, or derived from others as `docs.otherwise` says. */
export function optionalSetting<S extends z.ZodType>(schema: S, docs: SettingDocs): z.ZodOptional<S> {
  return schema.optional().meta({ ...docs });
}

/** A setting that must be written. */
export function requiredSetting<S extends z.ZodType>(schema: S, docs: SettingDocs): S {
  return schema.meta({ ...docs });
}

/** One of several words, in the order of `meanings`, which say what each does. */
export function choice<V extends string>(meanings: Readonly<Record<V, string>>): z.ZodEnum<{ [K in V]: K }> {
  return z.enum(wordsOf(meanings)).meta({ meanings });
}

/** One of several things that describe themselves, by name, in the order of their list. */
export function choiceAmong<const L extends readonly { readonly name: string; readonly description: string }[]>(
  list: L,
): z.ZodEnum<{ [K in L[number]["name"]]: K }> {
  const meanings = Object.fromEntries(list.map(({ name, description }) => [name, description]));
  return choice<L[number]["name"]>(meanings as Readonly<Record<L[number]["name"], string>>);
}

/** The words of a choice, in their order. */
export function wordsOf<V extends string>(meanings: Readonly<Record<V, string>>): readonly V[] {
  return Object.keys(meanings) as V[];
}

/** A schema with texts that editors offer for it. */
export function withSnippets<S extends z.ZodType>(schema: S, snippets: readonly Snippet[]): S {
  return schema.meta({ snippets });
}

/** A group of settings; unknown keys are errors. */
export function section<S extends z.core.$ZodLooseShape>(
  shape: S,
  description: string,
): z.ZodObject<S, z.core.$strict> {
  return z.strictObject(shape).meta({ description });
}

/** A schema's shape without its defaults, for settings that an arm may override and otherwise inherits. */
export type Overrides<S> = {
  [K in keyof S]: S[K] extends z.ZodDefault<infer T extends z.ZodType> ? z.ZodOptional<T> : S[K];
};

/** Takes the defaults off a shape, so that a setting left out stays out. */
export function overrides<S extends Readonly<Record<string, z.ZodType>>>(shape: S): Overrides<S> {
  const bare = Object.entries(shape).map(([key, schema]) => {
    if (!(schema instanceof z.ZodDefault)) return [key, schema];
    const { description = "" } = schema.meta() ?? {};
    const docs = { description, otherwise: `as in rlhf.${key}`, ...unitOf(schema) };
    return [key, optionalSetting(schema.unwrap() as z.ZodType, docs)];
  });
  return Object.fromEntries(bare) as Overrides<S>;
}

/** A whole number of at least `least`. */
export function count(least = 1): z.ZodInt {
  return z.int().min(least);
}

/** A number from 0 to 1. */
export function share(): z.ZodNumber {
  return z.number().min(0).max(1);
}

/** A number that is not negative; by custom 0 turns the setting off. */
export function nonNegative(): z.ZodNumber {
  return z.number().min(0);
}

/** A name of a model, a soup or an arm: it becomes a file name. */
export function modelName(): z.ZodString {
  return z.string().max(MOST_LETTERS).regex(USABLE_NAME);
}

/** A file or folder, relative to the config's folder. */
export function filePath(): z.ZodString {
  return z.string().min(1);
}

/** A random seed. */
export function seed(): z.ZodInt {
  return count(0);
}

function unitOf(schema: z.ZodType): { unit?: string } {
  const unit = schema.meta()?.["unit"];
  return typeof unit === "string" ? { unit } : {};
}
