import { excerpt } from "../../common/json.ts";

/** A record that violates its file format. */
export class RecordError extends Error {
  override readonly name = "RecordError";
}

/** A JSON object of a file, read field by field; every refusal names the record and the field. */
export class Fields {
  private readonly kind: string;
  private readonly values: Readonly<Record<string, unknown>>;

  /** @throws {RecordError} when the value is no object. */
  constructor(kind: string, value: unknown) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new RecordError(`read ${kind}: expected an object, got ${excerpt(value)}`);
    }
    this.kind = kind;
    this.values = value as Readonly<Record<string, unknown>>;
  }

  has(field: string): boolean {
    return this.value(field) !== undefined && this.value(field) !== null;
  }

  /** The value of a field, whatever it is; only the object's own count. */
  value(field: string): unknown {
    return Object.hasOwn(this.values, field) ? this.values[field] : undefined;
  }

  all(): Readonly<Record<string, unknown>> {
    return this.values;
  }

  isText(field: string): boolean {
    return typeof this.value(field) === "string";
  }

  text(field: string): string {
    const value = this.value(field);
    return typeof value === "string" ? value : this.refuse(field, "text");
  }

  number(field: string): number {
    const value = this.value(field);
    return typeof value === "number" && Number.isFinite(value) ? value : this.refuse(field, "a number");
  }

  /** Question ids are numbers in MT-Bench and text in Arena-Hard. */
  id(field: string): number | string {
    return typeof this.value(field) === "string" ? this.text(field) : this.number(field);
  }

  texts(field: string): readonly string[] {
    const value = this.value(field);
    return isTexts(value) ? value : this.refuse(field, "a list of texts");
  }

  list(field: string): readonly unknown[] {
    const value: unknown = this.value(field);
    return Array.isArray(value) ? (value as unknown[]) : this.refuse(field, "a list");
  }

  oneOf<T extends string>(field: string, options: readonly T[]): T {
    return options.find((option) => option === this.value(field)) ?? this.refuse(field, `one of ${options.join(", ")}`);
  }

  refuse(field: string, wanted: string): never {
    const value = this.value(field);
    throw new RecordError(`read ${this.kind}: field ${field} must be ${wanted}, got ${excerpt(value, 80)}`);
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
