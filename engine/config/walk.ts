import * as z from "zod";
import type { SettingDocs } from "./setting.ts";

/** Where a setting is: keys and list positions from the root. */
export type ConfigPath = readonly (string | number)[];

/** A schema without its default or optional wrapping. */
export function bare(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    inner = inner.def.innerType;
  }
  return inner;
}

/** The schema of the value at `path`, or undefined where nothing may stand. `value` selects the variants of unions. */
export function schemaAt(root: z.core.$ZodType, path: ConfigPath, value: unknown): z.core.$ZodType | undefined {
  let schema: z.core.$ZodType | undefined = root;
  let here = value;
  for (const key of path) {
    schema = childOf(schema, key, here);
    if (schema === undefined) return undefined;
    here = fieldOf(here, key);
  }
  return schema;
}

/** The value at `path`, or undefined. */
export function valueAt(root: unknown, path: ConfigPath): unknown {
  return path.reduce(fieldOf, root);
}

/** A value without what is at the paths; a list is taken out as a whole. Undefined where nothing is left of it. */
export function without(value: unknown, paths: readonly ConfigPath[]): unknown {
  if (paths.length === 0) return value;
  if (!isRecord(value) || paths.some(({ length }) => length === 0)) return undefined;
  const byKey = byFirst(paths);
  const left = Object.entries(value).flatMap(([key, inner]) => {
    const rest = without(inner, byKey.get(key) ?? []);
    return rest === undefined ? [] : [[key, rest] as const];
  });
  return Object.fromEntries(left);
}

/** Paths by their first key, from the second on. */
export function byFirst(paths: readonly ConfigPath[]): ReadonlyMap<string, readonly ConfigPath[]> {
  const found = new Map<string, ConfigPath[]>();
  for (const [first, ...rest] of paths) {
    const key = String(first);
    const list = found.get(key);
    if (list === undefined) found.set(key, [rest]);
    else list.push(rest);
  }
  return found;
}

/** True for an object of JSON. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Keys that an object at this place may have. */
export function keysOf(schema: z.core.$ZodType, value: unknown): string[] {
  const inner = variantOf(bare(schema), value);
  if (inner instanceof z.ZodObject) return Object.keys(inner.shape);
  if (inner instanceof z.ZodUnion) return inner.options.flatMap((option) => keysOf(option, value));
  return [];
}

/** One setting as the docs table and the searches for mistyped keys see it. */
export interface SettingEntry {
  /** `arms.<name>.beta`: names that the user chooses stand in angle brackets. */
  readonly path: string;
  readonly schema: z.core.$ZodType;
}

/** Every setting below a schema, in the order of declaration; sections themselves are left out. */
export function settingsOf(schema: z.core.$ZodType, path = ""): SettingEntry[] {
  const inner = bare(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape).flatMap(([key, child]) => settingsOf(child as z.ZodType, joined(path, key)));
  }
  if (inner instanceof z.ZodRecord && holdsObjects(inner.valueType)) {
    return settingsOf(inner.valueType, joined(path, "<name>"));
  }
  if (inner instanceof z.ZodDiscriminatedUnion) return variantSettings(inner, path);
  return [{ path, schema }];
}

/** Texts for people about a schema. */
export function docsOf(schema: z.core.$ZodType): Partial<SettingDocs> {
  return (z.globalRegistry.get(schema) ?? {}) as Partial<SettingDocs>;
}

/** The fixed default of a schema, if it has one. */
export function defaultOf(schema: z.core.$ZodType): unknown {
  return schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined;
}

function variantSettings(union: z.ZodDiscriminatedUnion, path: string): SettingEntry[] {
  const shared = new Map<z.core.$ZodType, string>();
  for (const option of union.options) {
    const method = String(literalOf(option, union.def.discriminator));
    for (const entry of settingsOf(option)) {
      if (entry.path !== union.def.discriminator && !shared.has(entry.schema)) {
        const isShared = union.options.every((other) => settingsOf(other).some((one) => one.schema === entry.schema));
        const label = isShared ? entry.path : `${entry.path} (${method})`;
        shared.set(entry.schema, joined(path, label));
      }
    }
  }
  const discriminator = { path: joined(path, union.def.discriminator), schema: union };
  return [discriminator, ...[...shared].map(([schema, label]) => ({ path: label, schema }))];
}

/** Discriminator values of a union's variants. */
export function variantNames(union: z.ZodDiscriminatedUnion): unknown[] {
  return union.options.map((option) => literalOf(option, union.def.discriminator));
}

/** The literal an object schema requires at `key`. */
function literalOf(option: z.core.$ZodType, key: string): unknown {
  const field: unknown = option instanceof z.ZodObject ? option.shape[key] : undefined;
  return field instanceof z.ZodLiteral ? field.value : undefined;
}

function holdsObjects(schema: z.core.$ZodType): boolean {
  const inner = bare(schema);
  return inner instanceof z.ZodObject || inner instanceof z.ZodUnion;
}

function childOf(schema: z.core.$ZodType, key: string | number, value: unknown): z.core.$ZodType | undefined {
  const inner = variantOf(bare(schema), value);
  if (inner instanceof z.ZodObject)
    return Object.hasOwn(inner.shape, key) ? (inner.shape[key] as z.ZodType) : undefined;
  if (inner instanceof z.ZodRecord) return inner.valueType;
  if (inner instanceof z.ZodArray) return inner.element;
  if (inner instanceof z.ZodTuple) return inner.def.items[Number(key)];
  if (!(inner instanceof z.ZodUnion)) return undefined;
  return inner.options.map((option) => childOf(option, key, value)).find((child) => child !== undefined);
}

/** The variant of a discriminated union that `value` names, or the schema itself. */
function variantOf(schema: z.core.$ZodType, value: unknown): z.core.$ZodType {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  const { discriminator } = schema.def;
  const named = fieldOf(value, discriminator);
  return schema.options.find((option) => literalOf(option, discriminator) === named) ?? schema;
}

function fieldOf(value: unknown, key: string | number): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string | number, unknown>)[key];
}

function joined(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
