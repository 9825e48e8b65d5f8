import { excerpt } from "../../../common/json.ts";
import { ApiError } from "../apiError.ts";

/** A kind of JSON value that an answer may be. */
export type ValueShape =
  | { readonly kind: "literals"; /** As JSON. */ readonly texts: readonly string[] }
  | { readonly kind: "string"; readonly least: number; readonly most: number }
  | { readonly kind: "number"; readonly isInteger: boolean }
  /** Declared properties come in their order; undefined for any names and values. */
  | { readonly kind: "object"; readonly properties: readonly Property[] | undefined }
  | { readonly kind: "array"; readonly items: LazyShape; readonly least: number; readonly most: number }
  | { readonly kind: "union"; readonly of: readonly LazyShape[] };

/** A shape that is worked out when it is needed, as schemas may refer to themselves. */
export type LazyShape = () => ValueShape;

/** A property of an object. */
export interface Property {
  /** The name with its quotes, and the colon. */
  readonly key: string;
  readonly value: LazyShape;
  readonly isRequired: boolean;
}

const MOST_SHAPES = 2000;
const MOST_ALTERNATIVES = 64;
const MOST_LITERALS = 1000;
const MOST_REFERENCES = 32;

/** Keywords that say nothing about which values fit. */
const ANNOTATIONS = new Set([
  ...["title", "description", "default", "examples", "$schema", "$id", "$comment", "format", "deprecated", "readOnly"],
  ...["writeOnly", "$defs", "definitions", "additionalProperties"],
]);
/** Keywords that this reads. */
const KNOWN = new Set([
  ...["type", "properties", "required", "items", "minItems", "maxItems", "enum", "const", "anyOf", "$ref"],
  ...["minLength", "maxLength"],
]);

const STRING: ValueShape = { kind: "string", least: 0, most: Infinity };
const SCALARS: readonly ValueShape[] = [
  STRING,
  { kind: "number", isInteger: false },
  { kind: "literals", texts: ["true", "false", "null"] },
];

/** Any JSON value. */
export const ANY: ValueShape = {
  kind: "union",
  of: [
    ...SCALARS.map((shape): LazyShape => {
      return () => shape;
    }),
    (): ValueShape => ANY_OBJECT,
    (): ValueShape => ({ kind: "array", items: () => ANY, least: 0, most: Infinity }),
  ],
};

/** Any JSON object. */
export const ANY_OBJECT: ValueShape = { kind: "object", properties: undefined };

type Fields = Readonly<Record<string, unknown>>;

/**
 * The shape of values that a JSON schema (2020-12) describes.
 *
 * Names of properties come in the schema's order, and no others are written where some are declared: fewer values than the
 * schema allows, and none that it does not.
 * @throws {ApiError} 400 naming what it does not read.
 */
export function shapeOfSchema(schema: unknown): ValueShape {
  return new SchemaReader(schema).read();
}

class SchemaReader {
  private readonly root: unknown;
  private nShapes = 0;
  /** By reference. */
  private readonly known = new Map<string, ValueShape>();
  /** Parts that are yet to be read. */
  private readonly pending: LazyShape[] = [];

  constructor(root: unknown) {
    this.root = root;
  }

  /** The whole, every part of it read once, so that a request is refused and no answer is broken off. */
  read(): ValueShape {
    const whole = this.shape(this.root, "schema", 0);
    for (let part = this.pending.pop(); part !== undefined; part = this.pending.pop()) part();
    return whole;
  }

  private shape(schema: unknown, place: string, nReferences: number): ValueShape {
    this.nShapes += 1;
    if (this.nShapes > MOST_SHAPES) throw refused(place, `the schema has more than ${MOST_SHAPES} parts`);
    if (schema === true) return ANY;
    if (!isFields(schema)) throw refused(place, "a schema is an object");
    for (const keyword of Object.keys(schema)) {
      if (!KNOWN.has(keyword) && !ANNOTATIONS.has(keyword)) {
        throw refused(place, `the keyword ${excerpt(keyword)} is not supported`);
      }
    }
    const { $ref: reference, enum: listed, anyOf } = schema;
    if (reference !== undefined) return this.referred(reference, place, nReferences);
    if ("const" in schema) return literals([schema["const"]], place);
    if (listed !== undefined) return literals(listed, place);
    if (anyOf !== undefined) return this.union(anyOf, place, nReferences);
    return this.ofTypes(schema, place);
  }

  private referred(reference: unknown, place: string, nReferences: number): ValueShape {
    const name = typeof reference === "string" ? reference : "";
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const found = pointed(this.root, name);
    if (found === undefined) throw refused(place, `$ref ${excerpt(reference)} leads nowhere in the schema`);
    if (nReferences >= MOST_REFERENCES) throw refused(place, "$ref leads in a circle");
    const shape = this.shape(found, place, nReferences + 1);
    this.known.set(name, shape);
    return shape;
  }

  private union(anyOf: unknown, place: string, nReferences: number): ValueShape {
    if (!Array.isArray(anyOf) || anyOf.length === 0 || anyOf.length > MOST_ALTERNATIVES) {
      throw refused(place, `anyOf must be a list of 1 to ${MOST_ALTERNATIVES} schemas`);
    }
    // Worked out at once, since none of them stands behind a character of its own.
    const shapes = (anyOf as readonly unknown[]).map((one) => this.shape(one, `${place}.anyOf`, nReferences + 1));
    return { kind: "union", of: shapes.map((shape) => () => shape) };
  }

  private ofTypes(schema: Fields, place: string): ValueShape {
    const { type } = schema;
    if (type === undefined) return "properties" in schema ? this.object(schema, place) : ANY;
    const types: readonly unknown[] = Array.isArray(type) ? type : [type];
    const shapes = types.map((one) => this.ofType(one, schema, place));
    const [only] = shapes;
    if (only === undefined) throw refused(place, "type is an empty list");
    return shapes.length === 1 ? only : { kind: "union", of: shapes.map((shape) => () => shape) };
  }

  private ofType(type: unknown, schema: Fields, place: string): ValueShape {
    switch (type) {
      case "string":
        return { kind: "string", ...bounds(schema, "minLength", "maxLength", place) };
      case "number":
      case "integer":
        return { kind: "number", isInteger: type === "integer" };
      case "boolean":
        return { kind: "literals", texts: ["true", "false"] };
      case "null":
        return { kind: "literals", texts: ["null"] };
      case "object":
        return this.object(schema, place);
      case "array": {
        const { items } = schema;
        const lazy = items === undefined ? () => ANY : this.lazy(items, `${place}.items`);
        return { kind: "array", items: lazy, ...bounds(schema, "minItems", "maxItems", place) };
      }
      default:
        throw refused(place, `the type ${excerpt(type)} is not known`);
    }
  }

  private object({ properties, required = [], additionalProperties }: Fields, place: string): ValueShape {
    if (!Array.isArray(required) || !required.every((name) => typeof name === "string")) {
      throw refused(place, "required must be a list of names");
    }
    if (properties === undefined && required.length === 0 && additionalProperties !== false) {
      if (additionalProperties !== undefined && additionalProperties !== true) {
        throw refused(place, "additionalProperties must be true or false");
      }
      return ANY_OBJECT;
    }
    const declared = properties ?? {};
    if (!isFields(declared)) throw refused(place, "properties must be an object");
    const missing = (required as readonly string[]).find((name) => !Object.hasOwn(declared, name));
    if (missing !== undefined) throw refused(place, `${excerpt(missing)} is required, and not among properties`);
    return {
      kind: "object",
      properties: Object.entries(declared).map(([name, value]) => ({
        key: `${JSON.stringify(name)}:`,
        value: this.lazy(value, `${place}.${name.slice(0, 40)}`),
        isRequired: (required as readonly string[]).includes(name),
      })),
    };
  }

  private lazy(schema: unknown, place: string): LazyShape {
    let shape: ValueShape | undefined;
    const read = (): ValueShape => (shape ??= this.shape(schema, place, 0));
    this.pending.push(read);
    return read;
  }
}

function bounds(
  schema: Fields,
  low: string,
  high: string,
  place: string,
): { readonly least: number; readonly most: number } {
  const [least = 0, most = Infinity] = [schema[low], schema[high]];
  const isCount = (value: unknown): value is number =>
    typeof value === "number" && value >= 0 && (value === Infinity || Number.isInteger(value));
  if (!isCount(least) || !isCount(most) || least > most)
    throw refused(place, `${low} and ${high} must be counts, in order`);
  return { least, most };
}

function literals(values: unknown, place: string): ValueShape {
  if (!Array.isArray(values) || values.length === 0 || values.length > MOST_LITERALS) {
    throw refused(place, `enum must be a list of 1 to ${MOST_LITERALS} values`);
  }
  return { kind: "literals", texts: values.map((value) => JSON.stringify(value)) };
}

/** The part of a document that a reference within it names: "#", or "#/$defs/name". */
function pointed(root: unknown, reference: string): unknown {
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return undefined;
  const names = reference.slice(2).split("/");
  return names.reduce<unknown>((at, name) => {
    const own = name.replaceAll("~1", "/").replaceAll("~0", "~");
    return isFields(at) && Object.hasOwn(at, own) ? at[own] : undefined;
  }, root);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refused(place: string, what: string): ApiError {
  return new ApiError(400, `response_format: ${place}: ${what}`, { param: "response_format", code: "invalid_schema" });
}
