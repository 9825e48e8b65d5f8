import type { Backend, DeviceBuffer, Executable } from "../compute/backend.ts";
import type { Program } from "../compute/graph/program.ts";
import { type VariableTypes, Graph } from "../compute/graph/tensor.ts";

/**
 * One computation over weights of any element types: a program for each combination of types, compiled when first met.
 */
export class TypedPrograms {
  private readonly backend: Backend;
  private readonly build: (graph: Graph) => Program;
  private readonly compiled = new Map<string, Executable>();

  /** Builds each program on an empty graph that knows the variables' types and what the backend computes with. */
  constructor(backend: Backend, build: (graph: Graph) => Program) {
    this.backend = backend;
    this.build = build;
  }

  /** The program for these variables. */
  for(variables: Readonly<Record<string, DeviceBuffer>>): Executable {
    const types = typesOf(variables);
    const key = JSON.stringify(types);
    const known = this.compiled.get(key);
    if (known !== undefined) return known;
    const executable = this.backend.compile(this.build(new Graph(types, this.backend.precision)));
    this.compiled.set(key, executable);
    return executable;
  }

  release(): void {
    for (const executable of this.compiled.values()) executable.release();
    this.compiled.clear();
  }
}

function typesOf(variables: Readonly<Record<string, DeviceBuffer>>): VariableTypes {
  const types = Object.entries(variables).map(([name, { dtype }]) => [name, dtype] as const);
  return Object.fromEntries(types.filter(([, dtype]) => dtype !== "f32"));
}
