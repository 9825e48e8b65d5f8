import { isJsonObject, type Json, type JsonObject } from "./json.ts";

/** Roles of what tools answer. Templates render more than the text of it, such as a name or the number of the call. */
const TOOL_ROLES: readonly unknown[] = ["tool", "function", "ipython", "observation"];
/** Fields of a turn that templates render beside its content. */
const TOOL_FIELDS = ["tool_calls", "function_call", "tools"] as const;

/**
 * The text of a turn: as it is, or of parts of which all are texts, `{type: "text", text}`, joined, as templates that
 * know parts render them. Undefined for anything else, such as a picture.
 */
export function contentText(value: Json | undefined): string | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return undefined;
  const parts = (value as readonly Json[]).map(partText);
  return parts.every((part) => part !== undefined) ? parts.join("") : undefined;
}

function partText(part: Json): string | undefined {
  if (typeof part === "string") return part;
  if (!isJsonObject(part)) return undefined;
  const { type = "text", text } = part as Readonly<Record<string, Json | undefined>>;
  return type === "text" && typeof text === "string" ? text : undefined;
}

/** Part of a turn about tools, and its place, if any. Learned as it is, it would lack what was called. */
export function toolPart(turn: JsonObject): { readonly field: string; readonly what: string } | undefined {
  const { role } = turn;
  if (TOOL_ROLES.includes(role)) return { field: "role", what: `is ${JSON.stringify(role)}` };
  const field = TOOL_FIELDS.find((name) => Object.hasOwn(turn, name) && !isNothing(turn[name] ?? null));
  return field === undefined ? undefined : { field, what: "is there" };
}

export const NO_TOOLS = {
  what: "conversations with tools are not rendered",
  remedy: "leave such conversations out, or render them into texts, prompt and response",
} as const;

/** As tables store that a turn has none. */
function isNothing(value: Json): boolean {
  return value === null || value === "" || (Array.isArray(value) && value.length === 0);
}
