import type { SettingDocs, Snippet } from "./setting.ts";

/** Texts of this project's settings, still in the JSON schema that zod makes of them. */
type Documented = Partial<SettingDocs> & {
  readonly meanings?: Readonly<Record<string, string>>;
  readonly snippets?: readonly Snippet[];
  /** Name of the preset that brings the default. */
  readonly preset?: string;
  /** The default without the preset. */
  readonly fallback?: unknown;
};

/** A JSON schema, as far as it is read here. */
export interface JsonSchema {
  [key: string]: unknown;
  description?: string;
  default?: unknown;
  properties?: Record<string, JsonSchema>;
  /** Parts that stand at several places. */
  definitions?: Record<string, JsonSchema>;
  required?: string[];
}

/** How a schema is used: of a key that must be written, of one that need not be, or within another schema. */
type Role = "required" | "optional" | "part";

/**
 * Moves a setting's metadata into the keywords that editors read, in place: `markdownDescription` for hovers in VS
 * Code, `description` for other editors, `markdownEnumDescriptions`, `defaultSnippets`.
 */
export function tidy(schema: JsonSchema, role: Role = "part"): void {
  const { description, meanings, snippets } = schema as Documented;
  if (schema["maximum"] === Number.MAX_SAFE_INTEGER) delete schema["maximum"];
  if (description !== undefined) {
    const notes = notesOf(schema, role);
    schema["markdownDescription"] = markdown(description, notes, meanings);
    schema.description = [`${description}.`, ...notes.map(plain)].join(" ");
  }
  if (meanings !== undefined) schema["markdownEnumDescriptions"] = Object.values(meanings).map(literal);
  if (snippets !== undefined) schema["defaultSnippets"] = snippets;
  for (const key of ["unit", "source", "otherwise", "meanings", "snippets", "preset", "fallback"])
    Reflect.deleteProperty(schema, key);
  for (const [child, itsRole] of childrenOf(schema)) tidy(child, itsRole);
}

/** A fact about a setting; `code` is a value as it is written in the config. */
interface Note {
  readonly name: string;
  readonly code?: string;
  readonly text?: string;
}

function notesOf(schema: JsonSchema, role: Role): Note[] {
  const { unit, source, otherwise, preset } = schema as Documented;
  const notes: Note[] = [];
  const range = rangeOf(schema);
  if (unit !== undefined) notes.push({ name: "Unit", text: unit });
  if (range !== undefined) notes.push({ name: "Range", text: range });
  if (preset !== undefined) {
    notes.push({
      name: "Default",
      code: JSON.stringify(schema.default),
      text: `(preset ${preset}; ${withoutPreset(schema)})`,
    });
  } else if (otherwise !== undefined) notes.push({ name: "If left out", text: otherwise });
  else if (role === "required") notes.push({ name: "Required" });
  else if (schema["type"] === "object" && role === "optional") {
    notes.push({ name: "If left out", text: "the defaults of what is in it" });
  } else if (schema.default !== undefined) {
    const text = source === undefined ? {} : { text: `(${source})` };
    notes.push({ name: "Default", code: JSON.stringify(schema.default), ...text });
  }
  return notes;
}

function withoutPreset(schema: JsonSchema): string {
  const { source, otherwise, fallback } = schema as Documented;
  if (otherwise !== undefined) return `without it ${otherwise}`;
  if (fallback === undefined) return "required without it";
  return `without it ${JSON.stringify(fallback)}${source === undefined ? "" : `, ${source}`}`;
}

/**
 * Puts a preset's values in place of the defaults, in place, before texts are made of them. Entries with names of their
 * own, such as arms, become properties beside those that the config may add.
 */
export function withPresetDefaults(
  schema: JsonSchema,
  values: Readonly<Record<string, unknown>>,
  preset: string,
): void {
  for (const [key, value] of Object.entries(values)) {
    const entries = schema["additionalProperties"];
    const child =
      schema.properties?.[key] ?? (isSchema(entries) ? (JSON.parse(JSON.stringify(entries)) as JsonSchema) : undefined);
    if (child === undefined) continue;
    schema.properties = { ...schema.properties, [key]: child };
    const parts = [child, ...(Array.isArray(child["oneOf"]) ? child["oneOf"].filter(isSchema) : [])];
    if (
      isSchema(value) &&
      parts.some((part) => part.properties !== undefined || isSchema(part["additionalProperties"]))
    ) {
      for (const part of parts) withPresetDefaults(part, value, preset);
    } else if (child["const"] === undefined) {
      Object.assign(child, { preset, ...(child.default !== undefined && { fallback: child.default }), default: value });
    }
  }
}

/** Schemas below this one. */
function childrenOf(schema: JsonSchema): (readonly [JsonSchema, Role])[] {
  const { properties = {}, required = [] } = schema;
  const inside = ["additionalProperties", "items", "anyOf", "oneOf", "allOf"].flatMap((key): unknown[] => {
    const below = schema[key];
    return Array.isArray(below) ? (below as unknown[]) : [below];
  });
  return [
    ...Object.entries(properties).map(
      ([name, child]) => [child, required.includes(name) ? "required" : "optional"] as const,
    ),
    ...inside.filter(isSchema).map((child) => [child, "part"] as const),
  ];
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** "at least 0, at most 1"; undefined where anything goes. */
function rangeOf(schema: JsonSchema): string | undefined {
  const { type, minimum, maximum, exclusiveMinimum, minItems, anyOf } = schema;
  if (Array.isArray(anyOf)) {
    const ranges = anyOf.filter(isSchema).map(rangeOf);
    return ranges.every((one) => one !== undefined) ? ranges.join("; or ") : undefined;
  }
  if (type === "array" && typeof minItems === "number") {
    const each = isSchema(schema["items"]) ? rangeOf(schema["items"]) : undefined;
    return `a list of at least ${minItems}${each === undefined ? "" : `, each ${each}`}`;
  }
  const over = typeof exclusiveMinimum === "number" ? `more than ${exclusiveMinimum}` : undefined;
  const least = typeof minimum === "number" ? `at least ${minimum}` : over;
  const most = typeof maximum === "number" ? `at most ${maximum}` : undefined;
  const bounds = [least, most].filter((one) => one !== undefined);
  const parts = type === "integer" ? ["whole numbers", ...bounds] : bounds;
  return parts.length === 0 ? undefined : parts.join(", ");
}

function plain({ name, code, text }: Note): string {
  const words = [code, text].filter((part) => part !== undefined);
  return words.length === 0 ? `${name}.` : `${name}: ${words.join(" ")}.`;
}

function markdown(description: string, notes: readonly Note[], meanings: Documented["meanings"] = {}): string {
  const words = Object.entries(meanings).map(([word, meaning]) => `- \`${word}\`: ${literal(meaning)}`);
  const facts = notes.map(({ name, code, text }) => {
    const parts = [code === undefined ? "" : `\`${code}\``, literal(text ?? "")].filter((part) => part !== "");
    return parts.length === 0 ? `**${name}**` : `**${name}:** ${parts.join(" ")}`;
  });
  // Two spaces break the line without a new paragraph.
  return [`${literal(description)}.`, words.join("\n"), facts.join("  \n")].filter((part) => part !== "").join("\n\n");
}

/** Text that Markdown shows as it is: `sft-<seed>` is no tag. */
function literal(text: string): string {
  return text.replace(/[\\`*_<>[\]|]/g, "\\$&");
}
