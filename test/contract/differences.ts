import type { Backend, HostArray } from "../../engine/compute/backend.ts";
import { defined } from "../../engine/compute/graph/tensor.ts";
import { type Case, type Prepared, runCase } from "./case.ts";
import { random } from "./data.ts";

/** Step of the difference quotients: the truncation error, h⁴·f⁗′/30, and rounding, 2⁻²³·|f|/h, both stay near 1e-5. */
const H = 1 / 32;
/** Elements probed per operand, at random places where that is not all; large operands get few, each costs four runs. */
const PROBES = { most: 24, least: 3, work: 20_000 };

/** The derivative of a case's loss by one element of an operand. */
export interface Slope {
  readonly index: number;
  readonly value: number;
}

/**
 * Central finite differences of fourth order, [8(f(h) − f(−h)) − (f(2h) − f(−2h))] / 12h, where f is the weighted sum
 * of the case's outputs, taken in double precision from the backend's f32 outputs.
 */
export async function slopes(
  backend: Backend,
  test: Case,
  prepared: Prepared,
  name: string,
): Promise<readonly Slope[]> {
  const data = defined(prepared.inputs[name]);
  const found: Slope[] = [];
  for (const index of probes(data.length)) {
    const at = (step: number): Promise<number> => loss(backend, test, prepared, { name, index, step });
    const near = (await at(H)) - (await at(-H));
    const far = (await at(2 * H)) - (await at(-2 * H));
    found.push({ index, value: (8 * near - far) / (12 * H) });
  }
  return found;
}

async function loss(
  backend: Backend,
  test: Case,
  { forward, inputs, upstream }: Prepared,
  { name, index, step }: { readonly name: string; readonly index: number; readonly step: number },
): Promise<number> {
  const moved = Float32Array.from(defined(inputs[name]));
  moved[index] = defined(moved[index]) + step;
  const outputs = await runCase(backend, test, forward, { ...inputs, [name]: moved });
  return [...upstream].reduce((total, [output, { data }]) => total + dot(defined(outputs[`out${output}`]), data), 0);
}

function dot(a: HostArray, b: HostArray): number {
  return [...a].reduce((total, value, index) => total + value * defined(b[index]), 0);
}

function probes(length: number): readonly number[] {
  const count = Math.min(PROBES.most, Math.max(PROBES.least, Math.floor(PROBES.work / length)));
  if (length <= count) return Array.from({ length }, (_, index) => index);
  const next = random(length);
  return Array.from({ length: count }, () => Math.floor(next() * length));
}
