type Schema = Readonly<Record<string, unknown>>;

/** Keywords at the top of a schema, wherever its settings go. */
const OUTSIDE = [
  "$schema",
  "$defs",
  "definitions",
  "defaultSnippets",
  "title",
  "description",
  "allowComments",
  "allowTrailingCommas",
];

/**
 * The schema as VS Code should have it: for completions and hovers, without complaints of its own.
 *
 * Under `if`, VS Code's JSON service still sees which part describes what, and does not report what does not fit. The
 * extension's own diagnostics report that, with a suggestion and a quick fix; people would read each mistake twice.
 *
 * @param schema - Of a config without a preset.
 * @param presets - The same schema with the defaults of each preset: a config that names one gets those.
 */
export function editorSchema(schema: Schema, presets: Readonly<Record<string, Schema>> = {}): Record<string, unknown> {
  const [outside, inside] = parted(schema);
  const names = Object.keys(presets);
  if (names.length === 0) return { ...outside, if: inside };
  const all = [inside, ...Object.values(presets).map((one) => parted(one)[1])];
  const { schemas, definitions } = withShared(all);
  const [plain, ...variants] = schemas.map((one): Schema => ({ if: one }));
  const chosen = names.reduceRight<Schema>((otherwise, name, at) => {
    // Under `patternProperties`, the condition itself completes nothing.
    const condition = { required: ["preset"], patternProperties: { "^preset$": { const: name } } };
    return { if: condition, then: variants[at], else: otherwise };
  }, plain ?? {});
  return { ...outside, definitions: { ...(outside["definitions"] as Schema | undefined), ...definitions }, ...chosen };
}

function parted(schema: Schema): readonly [outside: Schema, inside: Schema] {
  const entries = Object.entries(schema);
  const outside = entries.filter(([key, value]) => OUTSIDE.includes(key) && value !== undefined);
  const inside = entries.filter(([key]) => !OUTSIDE.includes(key));
  return [Object.fromEntries(outside), Object.fromEntries(inside)];
}

/** Shorter ones are not worth a reference, characters. */
const LEAST_SHARED = 150;

/** Schemas whose parts that stand at several places are kept once: the variants differ in little. */
function withShared(schemas: readonly Schema[]): { schemas: readonly Schema[]; definitions: Schema } {
  const counts = new Map<string, number>();
  const count = (part: Schema): void => {
    const text = JSON.stringify(part);
    const before = counts.get(text) ?? 0;
    counts.set(text, before + 1);
    // The content of a part that was seen has been counted with it.
    if (before === 0) mapParts(part, (inner) => (count(inner), inner));
  };
  for (const schema of schemas) count(schema);
  const definitions: Record<string, unknown> = {};
  const names = new Map<string, string>();
  const shared = (part: Schema): Schema => {
    const text = JSON.stringify(part);
    if ((counts.get(text) ?? 0) < 2 || text.length < LEAST_SHARED) return mapParts(part, shared);
    let name = names.get(text);
    if (name === undefined) {
      name = `shared${names.size + 1}`;
      names.set(text, name);
      definitions[name] = mapParts(part, shared);
    }
    return { $ref: `#/definitions/${name}` };
  };
  return { schemas: schemas.map((schema) => mapParts(schema, shared)), definitions };
}

/** A schema with each of the schemas right below it replaced. */
function mapParts(schema: Schema, replace: (part: Schema) => Schema): Schema {
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] => {
    if (key === "properties") {
      return [
        key,
        Object.fromEntries(Object.entries(value as Schema).map(([name, one]) => [name, replace(one as Schema)])),
      ];
    }
    if (key === "oneOf" || key === "anyOf") return [key, (value as Schema[]).map(replace)];
    const isSchema = typeof value === "object" && value !== null && !Array.isArray(value);
    return (key === "additionalProperties" || key === "items") && isSchema
      ? [key, replace(value as Schema)]
      : [key, value];
  });
  return Object.fromEntries(entries);
}
