import * as z from "zod";
import type { Complaint } from "../complaint.ts";
import { repeated } from "../complaints.ts";
import { explain } from "../explain.ts";
import { runConfigSchema } from "../schema.ts";
import { count, optionalSetting, section, withSnippets } from "../setting.ts";
import { type ConfigPath, bare, isRecord, schemaAt } from "../walk.ts";
import type { ValueGrid } from "./products.ts";
import { isSwept } from "./sections.ts";

/** Values of one grid: more are a mistake more often than meant. */
const MOST_VALUES = 100;
/** Digits that matter of a value between the ends of a range: names of arms hold them. */
const DIGITS = 3;

const positive = z.number().positive();

/** A grid in place of a number, as people write it. */
export const gridSchema = withSnippets(
  section(
    {
      grid: optionalSetting(z.array(z.number()).min(1).max(MOST_VALUES), {
        description: "The values, such as [0.01, 0.05, 0.2]",
        otherwise: "as logRange says",
      }),
      logRange: optionalSetting(
        section(
          {
            from: positive.meta({ description: "First value" }),
            to: positive.meta({ description: "Last value" }),
            count: count(2).max(MOST_VALUES).meta({ description: "How many values there are, both ends included" }),
          },
          "Values from one end to the other, each the same multiple of the one before, to three digits; of a whole setting, whole",
        ),
        {
          description:
            "Values from one end to the other, each the same multiple of the one before, to three digits; of a whole setting, whole",
          otherwise: "as grid says",
        },
      ),
    },
    "A sweep: an arm (or soup, or SFT with soups and arms of its own) for each value, and for each combination with other grids; stages that do not depend on the value run once. All of them are trained, judged and shown side by side, while of a list of β the best on the validation split alone is kept",
  ),
  [
    {
      label: "Grid",
      description: "An arm or soup for each of these values",
      body: { grid: ["^${1:0.01}", "^${2:0.05}", "^${3:0.2}"] },
    },
    {
      label: "Range of a grid",
      description: "An arm or soup for each of some values that are spaced evenly on a logarithmic scale",
      body: { logRange: { from: "^${1:0.01}", to: "^${2:1}", count: "^${3:5}" } },
    },
  ],
);

/** Grids of a config, and what is wrong with those that cannot be used. */
export interface FoundGrids {
  readonly grids: readonly ValueGrid[];
  /** Settings whose grids cannot be used, with a number that may stand in for each. */
  readonly unusable: readonly { readonly path: ConfigPath; readonly standIn: number | undefined }[];
  readonly complaints: readonly Complaint[];
}

/** Finds every grid in a config, its preset laid under it. */
export function findGrids(config: unknown): FoundGrids {
  const found = {
    grids: [] as ValueGrid[],
    unusable: [] as FoundGrids["unusable"][number][],
    complaints: [] as Complaint[],
  };
  const visit = (value: unknown, path: ConfigPath): void => {
    if (typeof value !== "object" || value === null) return;
    const kind = kindOf(value, path, config);
    if (kind === "section") {
      const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
      for (const [key, inner] of entries) visit(inner, [...path, key]);
      return;
    }
    const isWhole = wantsWhole(schemaAt(runConfigSchema, path, config));
    const { values, complaints } = readGrid(value as Record<string, unknown>, { path, isWhole });
    const refusals = refusal(path, kind);
    if (refusals.length === 0 && complaints.length === 0) {
      const isRange = !Object.hasOwn(value, "grid");
      found.grids.push({
        ...{ path, values },
        placeOf: (index) => (isRange ? [...path, "logRange"] : [...path, "grid", index]),
      });
      return;
    }
    found.complaints.push(...(refusals.length > 0 ? refusals : complaints));
    found.unusable.push({ path, standIn: kind === "number" ? values[0] : undefined });
  };
  visit(config, []);
  return found;
}

/** A grid is an object with such a key where a value is meant, and not a section, which may have an arm of that name. */
function kindOf(value: object, path: ConfigPath, config: unknown): "section" | "number" | "other" {
  if (!isRecord(value) || !(Object.hasOwn(value, "grid") || Object.hasOwn(value, "logRange"))) return "section";
  const schema = schemaAt(runConfigSchema, path, config);
  return schema === undefined ? "section" : kindOfSetting(schema);
}

/** Kind of a setting's values: numbers can be swept. */
export function kindOfSetting(schema: z.core.$ZodType): "section" | "number" | "other" {
  const inner = bare(schema);
  if (inner instanceof z.ZodNumber) return "number";
  if (inner instanceof z.ZodObject || inner instanceof z.ZodRecord) return "section";
  if (!(inner instanceof z.ZodUnion)) return "other";
  const kinds = inner.options.map(kindOfSetting);
  return kinds.find((kind) => kind !== "other") ?? "other";
}

/** True for a setting whose numbers are whole. */
function wantsWhole(schema: z.core.$ZodType | undefined): boolean {
  const inner = schema && bare(schema);
  return inner instanceof z.ZodUnion ? inner.options.some(wantsWhole) : inner instanceof z.ZodNumberFormat;
}

function refusal(path: ConfigPath, kind: "number" | "other"): Complaint[] {
  const apart = "write one config for each value: finished stages are shared";
  if (kind === "other") {
    const isArm = path[0] === "arms" || path[0] === "rlhf";
    const remedy = isArm ? "write an arm for each value" : apart;
    return [{ path, message: "cannot be swept: only numbers can", remedy }];
  }
  if (isSwept(path)) return [];
  if (isSwept(path.slice(0, -1))) {
    const [section] = path;
    const isSeeds = path.at(-2) === "seeds";
    const remedy = isSeeds
      ? "list the seeds: each makes a model"
      : `write an entry of ${String(section)} for each list`;
    return [{ path, message: "cannot be swept within a list", remedy }];
  }
  const where = "sft, reward, model.pretrain, rlhf, arms and soups";
  return [{ path, message: `cannot be swept: ${whyOf(path)}; grids go into ${where}`, remedy: apart }];
}

/** Reasons by sections whose numbers make no other models. */
const REASONS: Readonly<Record<string, string>> = {
  data: "records are read once for all models",
  evaluation: "all models are compared by the same questions and judge",
  halving: "it is a rule for the sweep itself",
  model: "all models of a run have one shape",
  runtime: "it says how the work is done, and changes no model",
  seeds: "list the base seeds, each of which makes the whole run",
  task: "a run has one task",
};

function whyOf([section = ""]: ConfigPath): string {
  return REASONS[section] ?? "a run has one value of it";
}

function readGrid(
  written: Record<string, unknown>,
  { path, isWhole }: { readonly path: ConfigPath; readonly isWhole: boolean },
): { readonly values: readonly number[]; readonly complaints: readonly Complaint[] } {
  const placed = (one: Complaint): Complaint => ({ ...one, path: [...path, ...one.path] });
  const { data, error } = gridSchema.safeParse(written);
  if (data === undefined) {
    const complaints = explain(error.issues, { schema: gridSchema, value: written }).map(placed);
    const numbers = Array.isArray(written["grid"]) ? written["grid"].filter((one) => typeof one === "number") : [];
    return { values: numbers, complaints };
  }
  const { grid, logRange } = data;
  if (grid !== undefined && logRange !== undefined) {
    const message = "is given together with grid";
    const complaint: Complaint = { path: ["logRange"], message, remedy: "keep one of the two", atKey: true };
    return { values: grid, complaints: [placed(complaint)] };
  }
  if (grid !== undefined) return { values: grid, complaints: repeated(["grid"], grid).map(placed) };
  const exact = logRange === undefined ? [] : spaced(logRange);
  // The ends are as written, and complained about where they are not whole.
  const values = isWhole ? exact.map((one, at) => (at % (exact.length - 1) === 0 ? one : Math.round(one))) : exact;
  if (new Set(values).size === values.length) return { values, complaints: [] };
  const message = isWhole
    ? `has values that are the same whole number: ${values.join(", ")}`
    : `has values that are the same to ${DIGITS} digits`;
  return { values, complaints: [placed({ path: ["logRange"], message, remedy: "use fewer, or a wider range" })] };
}

function spaced({
  from,
  to,
  count: n,
}: {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}): number[] {
  return Array.from({ length: n }, (_, at) => {
    if (at === 0) return from;
    return at === n - 1 ? to : Number((from * (to / from) ** (at / (n - 1))).toPrecision(DIGITS));
  });
}
