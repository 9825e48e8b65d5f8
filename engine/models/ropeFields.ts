import { excerpt } from "../common/json.ts";
import type { ConfigFields, ConfigFile } from "./config.ts";
import { LAYER_TYPES } from "./layerTypes.ts";
import type { Rope, RopeScaling } from "./rope.ts";
import { ROPE_TYPES, ropeKind } from "./ropeKinds.ts";

/**
 * Rotary positions of a model whose layers all turn alike.
 *
 * transformers 4 has `rope_theta` beside `rope_scaling`; version 5 puts both into `rope_parameters`, and reads the old
 * fields, too, with `rope_scaling` before `rope_parameters`.
 *
 * @param fields - Of the whole file.
 * @throws {ModelConfigError} when a field is out of range, or the two versions would read the file differently.
 */
export function parseRope(fields: ConfigFields): Rope {
  const scaling = fields.object("rope_scaling");
  const parameters = scaling?.isEmpty() === false ? scaling : fields.object("rope_parameters");
  for (const type of Object.values(LAYER_TYPES)) {
    if (parameters?.has(type)) throw parameters.error(type, "is for Gemma 3 only; give one set for all layers");
  }
  return parseRopeParameters(parameters, fields, "rope_theta");
}

/**
 * Rotary positions from one object of the file.
 *
 * @param parameters - `rope_scaling`, `rope_parameters` or one of the latter's objects; undefined where it is absent.
 * @param fields - Of the whole file.
 * @param thetaField - The field beside the object that has the base where the object has none.
 */
export function parseRopeParameters(
  parameters: ConfigFields | undefined,
  fields: ConfigFields,
  thetaField: "rope_theta" | "rope_local_base_freq",
): Rope {
  if (parameters === undefined) return { theta: fields.positive(thetaField) };
  refuseTwoReadings(parameters, fields, "rope_theta", thetaField);
  const theta = parameters.has("rope_theta") ? parameters.positive("rope_theta") : fields.positive(thetaField);
  parameters.expect("partial_rotary_factor", [1, null], "only rotation of the whole head is");
  refuseTwoReadings(parameters, parameters, "rope_type", "type");
  const kind = parameters.raw("rope_type") ?? parameters.raw("type") ?? "default";
  if (kind === "default") return { theta };
  const known = ropeKind(kind);
  if (known === undefined) {
    const types = ROPE_TYPES.map((name) => JSON.stringify(name)).join(", ");
    throw parameters.error("rope_type", `${excerpt(kind)} is not supported; use one of ${types}`);
  }
  // YaRN divides by its logarithm.
  if (kind === "yarn" && theta <= 1) throw parameters.error("rope_theta", `must be more than 1, is ${theta}`);
  const scaling = known.parse(parameters, originalMaxPositions(parameters, fields));
  return { theta, scaling };
}

/** Tokens before the scaling; transformers 5 takes the field from beside the parameters, too, and first. */
function originalMaxPositions(parameters: ConfigFields, fields: ConfigFields): number {
  const field = "original_max_position_embeddings";
  refuseTwoReadings(parameters, fields, field, field);
  for (const place of [parameters, fields]) if (place.has(field)) return place.count(field);
  return fields.count("max_position_embeddings");
}

/** Of a field in the object and another one that says the same, transformers 4 and 5 take different ones. */
function refuseTwoReadings(parameters: ConfigFields, others: ConfigFields, field: string, otherField: string): void {
  const [inner, outer] = [parameters.given(field), others.given(otherField)];
  if (inner === undefined || outer === undefined || inner === outer) return;
  throw parameters.error(field, `is ${excerpt(inner)}, and ${otherField} ${excerpt(outer)}; leave the right one`);
}

/** The fields `rope_theta` and `rope_scaling`, which transformers 4 and 5 both read. */
export function formatRope({ theta, scaling }: Rope): ConfigFile {
  return { rope_theta: theta, rope_scaling: scaling === undefined ? null : formatScaling(scaling) };
}

/** Rotary positions as one object of transformers 5's `rope_parameters`. */
export function formatRopeParameters({ theta, scaling }: Rope): ConfigFile {
  return { rope_theta: theta, ...(scaling === undefined ? { rope_type: "default" } : formatScaling(scaling)) };
}

function formatScaling(scaling: RopeScaling): ConfigFile {
  return { rope_type: scaling.kind, ...ropeKind(scaling.kind)?.format(scaling) };
}
