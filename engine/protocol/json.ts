/** Deepest nesting of lists and objects that is read; deeper ones would run out of stack wherever they go. */
export const MOST_NESTED = 200;

/** A text that is no JSON that this program reads; the message names it without its place: "not JSON". */
export class JsonError extends Error {
  override readonly name = "JsonError";
}

/**
 * The value of a JSON text.
 * @throws {JsonError} for a text that is none, is nested too deep, or holds a number beyond a double.
 */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new JsonError("not JSON", { cause });
  }
  check(value, 0);
  return value;
}

/** A value as it may stand in a message: as JSON, cut short. */
export function excerpt(value: unknown, length = 60): string {
  if (value === undefined) return "nothing";
  const text = isShallow(value, 0) ? JSON.stringify(value) : "a value that is nested too deep";
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}

function check(value: unknown, depth: number): void {
  if (typeof value === "number" && !Number.isFinite(value)) throw new JsonError("JSON with a number beyond a double");
  if (typeof value !== "object" || value === null) return;
  if (depth === MOST_NESTED) throw new JsonError(`JSON that is nested more than ${MOST_NESTED} deep`);
  for (const inner of Object.values(value)) check(inner, depth + 1);
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth < MOST_NESTED && Object.values(value).every((inner) => isShallow(inner, depth + 1));
}
