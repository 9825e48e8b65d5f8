import { ShapeError, type TensorSpec } from "../graph/tensor.ts";

type Letters<P extends string> = P extends `${infer First} ${infer Rest}` ? First | Letters<Rest> : P;

/**
 * Reads the sizes of named axes off the operands of an op.
 *
 * @param op - Name of the op, for the message.
 * @param operands - By name.
 * @param patterns - Per operand its axes, as in `{ q: "B T H D", start: "B", offset: "1" }`: a letter must mean
 *   the same size wherever it stands, a number means itself.
 * @returns The size of every axis named.
 * @throws {ShapeError} when an operand has another rank or two operands disagree.
 */
export function readAxes<P extends Readonly<Record<string, string>>>(
  op: string,
  operands: Readonly<Record<keyof P & string, TensorSpec | undefined>>,
  patterns: P,
): Readonly<Record<Letters<P[keyof P]>, number>> {
  const sizes: Record<string, number> = {};
  for (const [name, pattern] of Object.entries(patterns)) {
    const { shape } = operand(op, name, operands[name]);
    const letters = pattern.split(" ");
    const fits = letters.every((letter, axis) => {
      const size = /^\d+$/.test(letter) ? Number(letter) : (sizes[letter] ??= shape[axis] ?? -1);
      return size === shape[axis];
    });
    if (!fits || letters.length !== shape.length) throw mismatch(op, operands);
  }
  return sizes as Readonly<Record<Letters<P[keyof P]>, number>>;
}

/**
 * The operand, which must be there.
 *
 * @throws {TypeError} when it is missing.
 */
export function operand(op: string, name: string, spec: TensorSpec | undefined): TensorSpec {
  if (spec === undefined) throw new TypeError(`${op}: operand ${name} is missing`);
  return spec;
}

/** The error that lists every operand's shape. */
export function mismatch(op: string, operands: Readonly<Record<string, TensorSpec | undefined>>): ShapeError {
  return new ShapeError(
    op,
    Object.fromEntries(Object.entries(operands).flatMap(([name, spec]) => (spec ? [[name, spec.shape]] : []))),
  );
}

/** The error for asking for the derivative of a result that only the gradient op is meant to read. */
export function notDifferentiable(op: string, output: string): TypeError {
  return new TypeError(`gradients: output ${output} of ${op} has no derivative`);
}
