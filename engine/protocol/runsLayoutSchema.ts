import * as z from "zod";
import { byName } from "../common/byName.ts";
import { excerpt } from "../common/json.ts";
import { isPlain } from "../common/visible.ts";
import { LONGEST_NAME } from "./limits.ts";
import {
  FIRST_LAYOUT,
  LONGEST_RUN_NOTE,
  LONGEST_TAG,
  type NamedLayout,
  type RunMarks,
  TABLE_VIEWS,
  type TableState,
} from "./runsLayout.ts";

/** Version of the file of layouts; files of a newer one are not written. */
export const LAYOUTS_VERSION = 1;

const MOST_LAYOUTS = 200;
const MOST_COLUMNS = 2000;
const MOST_TAGS = 100;
const MOST_RUNS = 20_000;

const column = z.string().min(1).max(LONGEST_NAME);
/** A tag, a name or a label, in letters of any language. */
const tag = z
  .string()
  .trim()
  .min(1)
  .max(LONGEST_TAG)
  .refine(isPlain, { error: "must hold no control characters and no marks of direction" });

const layout = {
  columns: z
    .array(z.strictObject({ id: column, label: tag.optional(), pinned: z.boolean().optional() }))
    .min(1)
    .max(MOST_COLUMNS),
  sort: z
    .array(z.strictObject({ column, descending: z.boolean().optional() }))
    .max(10)
    .default([...FIRST_LAYOUT.sort]),
  filter: z.string().max(2000).default(""),
  groupBy: z.array(column).max(5).default([]),
  view: z.enum(TABLE_VIEWS).default("table"),
  plot: z.strictObject({ x: column.optional(), y: column.optional(), value: column.optional() }).default({}),
};

/** A run's name, tags and note. */
const marksSchema: z.ZodType<RunMarks> = z.strictObject({
  tags: z.array(tag).max(MOST_TAGS).default([]),
  note: z.string().max(LONGEST_RUN_NOTE).default(""),
  name: tag.optional(),
});

const fileSchema = z.strictObject({
  version: z.literal(LAYOUTS_VERSION),
  layouts: z
    .array(z.strictObject({ name: tag, ...layout }))
    .max(MOST_LAYOUTS)
    .default([])
    .superRefine((layouts, context) => {
      const seen = new Set<string>();
      for (const [at, { name }] of layouts.entries()) {
        if (seen.has(name))
          context.addIssue({ code: "custom", path: [at, "name"], message: "is another layout's name" });
        seen.add(name);
      }
    }),
  runs: byName(marksSchema, MOST_RUNS).default({}),
});

/** The content of a file of layouts. */
export interface LayoutsFile {
  readonly layouts: readonly NamedLayout[];
  /** By the run's folder, counted from the file's own: ".salsa/runs/demo-1". */
  readonly runs: Readonly<Record<string, RunMarks>>;
}

/** A mistake in a value: where it is, and what is wrong. */
export interface LayoutMistake {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Checks the content of a file of layouts. @returns Either the content, or every mistake in it. */
export function checkLayouts(value: unknown): LayoutsFile | { readonly mistakes: readonly LayoutMistake[] } {
  const { success, data, error } = fileSchema.safeParse(value);
  if (success) return { layouts: data.layouts, runs: data.runs };
  return {
    mistakes: error.issues.map(({ path, ...issue }) => {
      const keys = path.map((key) => (typeof key === "number" ? key : String(key)));
      const here = keys.reduce<unknown>(
        (inner, key) => (inner as Record<string | number, unknown> | null)?.[key],
        value,
      );
      return { path: keys, message: messageOf(issue as z.core.$ZodIssue, keys, here) };
    }),
  };
}

/** The state that a panel kept over a reload; undefined where an earlier version has written something else. */
export function readTableState(kept: unknown): TableState | undefined {
  return z.strictObject({ ...layout, followsSelection: z.boolean().optional() }).safeParse(kept).data;
}

function messageOf(issue: z.core.$ZodIssue, path: readonly (string | number)[], value: unknown): string {
  const came = excerpt(value);
  if (path.at(-1) === "version" && typeof value === "number" && value > LAYOUTS_VERSION) {
    return `is ${came}, of a newer version of SALSA; update the extension`;
  }
  if (value === undefined && issue.code === "invalid_value") {
    return `is missing; give ${issue.values.map((one) => excerpt(one)).join(" or ")}`;
  }
  switch (issue.code) {
    case "unrecognized_keys":
      return `has ${issue.keys.map((key) => excerpt(key)).join(", ")}, which nothing here is called; correct the name or remove it`;
    case "invalid_type":
      return value === undefined
        ? `is missing; give ${kindOf(issue.expected)}`
        : `must be ${kindOf(issue.expected)}, got ${came}`;
    case "invalid_value":
      return `must be ${issue.values.map((one) => excerpt(one)).join(" or ")}, got ${came}`;
    case "too_big":
      return `is too long: at most ${String(issue.maximum)}; shorten it`;
    case "too_small":
      return "must not be empty";
    case "custom":
    case "invalid_element":
    case "invalid_format":
    case "invalid_key":
    case "invalid_union":
    case "not_multiple_of":
      return `${issue.message}; correct it`;
  }
}

/** A type in words. */
function kindOf(expected: string): string {
  switch (expected) {
    case "array":
      return "a list";
    case "object":
      return "an object";
    case "boolean":
      return "true or false";
    default:
      return `a ${expected}`;
  }
}
