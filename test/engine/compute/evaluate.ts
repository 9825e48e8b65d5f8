import type { HostArray } from "../../../engine/compute/backend.ts";
import { createTfjsBackend } from "../../../engine/compute/backends/tfjs/index.ts";
import { type Program, plan } from "../../../engine/compute/graph/program.ts";
import type { Tensor } from "../../../engine/compute/graph/tensor.ts";

type Values = Readonly<Record<string, readonly number[]>>;

/** Values of tensors in terms of the graph's inputs; variables start as given. */
export function evaluate(
  outputs: Readonly<Record<string, Tensor>>,
  values: Values = {},
): Promise<Readonly<Record<string, HostArray>>> {
  return execute(plan(outputs), values);
}

/** Runs a program once on the tfjs backend. */
export async function execute(program: Program, values: Values = {}): Promise<Readonly<Record<string, HostArray>>> {
  const backend = await createTfjsBackend();
  const array = (name: string, id: number): HostArray => {
    const data = values[name] ?? [];
    return program.values[id]?.dtype === "i32" ? Int32Array.from(data) : Float32Array.from(data);
  };
  const inputs = Object.entries(program.inputs).map(([name, id]) => [name, array(name, id)] as const);
  const variables = Object.entries(program.variables).map(([name, id]) => {
    const { shape = [], dtype = "f32" } = program.values[id] ?? {};
    return [name, backend.allocate({ shape, dtype }, array(name, id))] as const;
  });
  try {
    return await backend
      .compile(program)
      .run({ inputs: Object.fromEntries(inputs), variables: Object.fromEntries(variables) });
  } finally {
    await backend.close();
  }
}
