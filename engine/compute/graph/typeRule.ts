import type { DType } from "./dtype.ts";
import type { TensorSpec } from "./shape.ts";

/** The type of another input, by its name. */
interface Like {
  readonly like: string;
}

/** Element types that an op takes and gives. */
export interface TypeRule {
  /**
   * Types that each input may have, by name and in the order of the inputs; the last name stands for all that follow.
   */
  readonly inputs: Readonly<Record<string, DType | readonly DType[] | Like>>;
  /**
   * Type of each output: a fixed one, that of the named input, or the one that a setting of the op names, if it does.
   */
  readonly outputs: readonly (DType | Like | { readonly setting: string; readonly otherwise?: DType | Like })[];
}

/** An input of an element type that the op does not take. */
export class DTypeError extends TypeError {
  override readonly name = "DTypeError";
  readonly op: string;
  readonly input: string;
  readonly dtype: DType;
  constructor(op: string, input: string, dtype: DType, taken: readonly DType[]) {
    super(`${op}: ${input} must be ${taken.join(" or ")}, got ${dtype}`);
    this.op = op;
    this.input = input;
    this.dtype = dtype;
  }
}

/** Types that an input may have, whatever the others are. */
export function takenTypes({ inputs }: TypeRule, name: string): readonly DType[] {
  const rule = inputs[name] ?? [];
  if (typeof rule === "string") return [rule];
  return "like" in rule ? takenTypes({ inputs, outputs: [] }, rule.like) : rule;
}

/**
 * Element types of an op's outputs. Inputs that are missing are left to the op's shape rule.
 *
 * @throws {DTypeError} naming the first input whose type the op does not take.
 */
export function outputTypes(
  { name, types }: { readonly name: string; readonly types: TypeRule },
  inputs: readonly TensorSpec[],
  attrs: Readonly<Record<string, unknown>>,
): readonly DType[] {
  const rules = Object.entries(types.inputs);
  const typeOf = ({ like }: Like): DType => inputs[rules.findIndex(([input]) => input === like)]?.dtype ?? "f32";
  for (const [index, { dtype }] of inputs.entries()) {
    const [input, rule] = rules[Math.min(index, rules.length - 1)] ?? ["input", []];
    const taken = typeof rule !== "string" && "like" in rule ? [typeOf(rule)] : takenTypes(types, input);
    if (!taken.includes(dtype)) throw new DTypeError(name, input, dtype, taken);
  }
  return types.outputs.map((output) => {
    if (typeof output === "string") return output;
    if (!("setting" in output)) return typeOf(output);
    const { setting, otherwise = "f32" } = output;
    return (attrs[setting] as DType | undefined) ?? (typeof otherwise === "string" ? otherwise : typeOf(otherwise));
  });
}
