import * as z from "zod";
import { NAME_RULE } from "./usableName.ts";
import { FIRST_CONFIG } from "./complaint.ts";
import type { Complaint } from "./complaint.ts";
import type { Inherited } from "./merge.ts";
import { suggest } from "./suggest.ts";
import { isSwept } from "./sweeps/sections.ts";
import { bare, defaultOf, docsOf, keysOf, schemaAt, settingsOf, valueAt, variantNames } from "./walk.ts";
import type { ConfigPath } from "./walk.ts";

/** A checked value and its schema, for putting zod's issues in our own words. */
export interface Checked {
  readonly schema: z.core.$ZodType;
  readonly value: unknown;
  /** The value of a setting that is left out, where the config or its preset says it. */
  readonly inherited?: (path: ConfigPath) => Inherited | undefined;
}

/** Turns zod's issues into complaints that say what is wrong, what came, and what to write instead. */
export function explain(issues: readonly z.core.$ZodIssue[], checked: Checked): Complaint[] {
  return issues.flatMap((issue) => explainOne(issue, checked));
}

/** `did you mean "beta"?`, or undefined when nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const near = suggest(word, candidates).map((candidate) => JSON.stringify(candidate));
  return near.length === 0 ? undefined : `did you mean ${near.join(" or ")}?`;
}

/** A value as it may stand in a message. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function explainOne(issue: z.core.$ZodIssue, checked: Checked): Complaint[] {
  const path = issue.path.map((key) => (typeof key === "number" ? key : String(key)));
  const value = valueAt(checked.value, path);
  const remedy = remedyFor(path, checked);
  const complaint = (message: string, instead = remedy): Complaint[] => [{ path, message, remedy: instead }];
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey([...path, key], checked));
  if (value === undefined) return complaint("is missing", missingRemedy(issue, path, checked));
  switch (issue.code) {
    case "invalid_key":
      return [{ path, message: "is not a usable name", remedy: NAME_RULE, atKey: true }];
    case "invalid_format":
      return complaint(`is not a usable name, got ${shown(value)}`, NAME_RULE);
    case "too_small":
    case "too_big":
      return complaint(sizeMessage(issue, value));
    case "invalid_value":
      return complaint(`must be ${oneOf(issue.values)}, got ${shown(value)}`, wordRemedy(value, issue.values, remedy));
    case "invalid_union":
      return explainUnion(issue, { path, value, remedy }, checked);
    case "invalid_type":
    case "invalid_element":
    case "not_multiple_of":
    case "custom":
      return complaint(`must be ${typeWords(schemaAt(checked.schema, path, checked.value))}, got ${shown(value)}`);
  }
}

function explainUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  at: { path: ConfigPath; value: unknown; remedy: string },
  checked: Checked,
): Complaint[] {
  const { path, value, remedy } = at;
  if ("options" in issue) {
    const options = issue.options as unknown[];
    const message = `must be ${oneOf(options)}, got ${shown(value)}`;
    return [{ path, message, remedy: wordRemedy(value, options, `it means: ${choiceAt(path, checked)}`) }];
  }
  // The branch whose own type fits is the one that was meant; its complaint says more than "fits none".
  const meant = issue.errors.find(
    (branch) => !branch.some((one) => one.path.length === 0 && one.code === "invalid_type"),
  );
  if (meant !== undefined) {
    return explain(
      meant.map((one) => ({ ...one, path: [...path, ...one.path] })),
      checked,
    );
  }
  return [
    {
      path,
      message: `must be ${typeWords(schemaAt(checked.schema, path, checked.value))}, got ${shown(value)}`,
      remedy,
    },
  ];
}

function unknownKey(path: ConfigPath, checked: Checked): Complaint {
  return {
    path,
    message: "is not a setting",
    get remedy() {
      return keyRemedy(path, checked);
    },
    atKey: true,
  };
}

function keyRemedy(path: ConfigPath, checked: Checked): string {
  const key = String(path.at(-1));
  const parent = path.slice(0, -1);
  const schema = schemaAt(checked.schema, parent, checked.value);
  const known = schema === undefined ? [] : keysOf(schema, valueAt(checked.value, parent));
  const elsewhere = settingsOf(checked.schema).find((entry) => entry.path.split(".").at(-1) === key);
  const placed = elsewhere === undefined ? undefined : `it belongs at ${elsewhere.path}`;
  return didYouMean(key, known) ?? placed ?? `known here: ${known.join(", ")}`;
}

function sizeMessage(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, value: unknown): string {
  const isLeast = issue.code === "too_small";
  const bound = isLeast ? issue.minimum : issue.maximum;
  if (Array.isArray(value)) {
    return `must have ${isLeast ? "at least" : "at most"} ${bound} entries, has ${value.length}`;
  }
  if (typeof value === "string") {
    return isLeast ? "must not be empty" : `must have at most ${bound} letters, has ${value.length}`;
  }
  const relation = issue.inclusive === false ? (isLeast ? "more than" : "less than") : isLeast ? "at least" : "at most";
  return `must be ${relation} ${bound}, got ${shown(value)}`;
}

function wordRemedy(value: unknown, options: readonly unknown[], otherwise: string): string {
  const words = options.filter((option) => typeof option === "string");
  return (typeof value === "string" ? didYouMean(value, words) : undefined) ?? otherwise;
}

function missingRemedy(issue: z.core.$ZodIssue, path: ConfigPath, checked: Checked): string {
  const isVariant = issue.code === "invalid_union" && "options" in issue;
  const words = isVariant ? oneOf(issue.options) : typeWords(schemaAt(checked.schema, path, checked.value));
  return `add it, ${words}: ${isVariant ? choiceAt(path, checked) : descriptionAt(path, checked)}`;
}

/** The choice of a setting that says which of several objects this is: its own description is that of one of them. */
function choiceAt(path: ConfigPath, checked: Checked): string {
  return descriptionAt(path.slice(0, -1), checked);
}

function remedyFor(path: ConfigPath, checked: Checked): string {
  if (path.length === 0) return FIRST_CONFIG;
  const inherited = checked.inherited?.(path);
  if (inherited !== undefined)
    return `leave it out for ${shown(inherited.value)}, from ${inherited.from === "preset" ? "the preset" : "rlhf"}`;
  const schema = schemaAt(checked.schema, path, checked.value);
  const value = valueAt(checked.value, path);
  const quoted = quotedNumber(value, schema);
  if (quoted !== undefined) return `write ${quoted}, without quotes`;
  // As of β, lists of which are candidates.
  const isForGrid = isListOfNumbers(value) && isNumber(schema) && isSwept(path);
  if (isForGrid) return 'to have a model of each, write {"grid": […]} in place of the list';
  const fallback = schema === undefined ? undefined : defaultOf(schema);
  if (schema === undefined || fallback === undefined) return `it means: ${descriptionAt(path, checked)}`;
  const { source } = docsOf(schema);
  return `leave it out for the default ${shown(fallback)}${source === undefined ? "" : ` (${source})`}`;
}

/** A number that stands in quotes where one belongs. */
function quotedNumber(value: unknown, schema: z.core.$ZodType | undefined): number | undefined {
  if (typeof value !== "string" || value.trim() === "" || !Number.isFinite(Number(value))) return undefined;
  return /^a (whole )?number\b/.test(typeWords(schema)) ? Number(value) : undefined;
}

function isNumber(schema: z.core.$ZodType | undefined): boolean {
  return schema !== undefined && bare(schema) instanceof z.ZodNumber;
}

function isListOfNumbers(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "number");
}

/** The description of a place, or of the nearest setting around it. */
function descriptionAt(path: ConfigPath, checked: Checked): string {
  for (let length = path.length; length >= 0; length--) {
    const schema = schemaAt(checked.schema, path.slice(0, length), checked.value);
    const description = schema === undefined ? undefined : docsOf(schema).description;
    if (description !== undefined) return description;
  }
  return "see the docs";
}

function oneOf(values: readonly unknown[]): string {
  const words = values.map((value) => JSON.stringify(value));
  return words.length === 1 ? (words[0] ?? "") : `one of ${words.join(", ")}`;
}

/** Values that a schema takes, in words: "a number or a list of numbers". */
export function typeWords(schema: z.core.$ZodType | undefined): string {
  if (schema === undefined) return "something else";
  const inner = bare(schema);
  if (inner instanceof z.ZodDiscriminatedUnion) return oneOf(variantNames(inner));
  if (inner instanceof z.ZodRecord) return `names, each with ${typeWords(inner.valueType)}`;
  if (inner instanceof z.ZodUnion) return [...new Set(inner.options.map(typeWords))].join(" or ");
  if (inner instanceof z.ZodEnum) return oneOf(inner.options);
  if (inner instanceof z.ZodLiteral) return oneOf([...inner.values]);
  if (inner instanceof z.ZodArray) return `a list, each ${typeWords(inner.element)}`;
  if (inner instanceof z.ZodTuple) return `a list of ${inner.def.items.length}`;
  if (inner instanceof z.ZodNumber) return inner.format === "safeint" ? "a whole number" : "a number";
  if (inner instanceof z.ZodISODate) return "a date (YYYY-MM-DD)";
  if (inner instanceof z.ZodString) return "a string";
  if (inner instanceof z.ZodBoolean) return "true or false";
  return "an object";
}
