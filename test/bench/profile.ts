import type { Backend, Bindings, Executable } from "../../engine/compute/backend.ts";
import type { Instruction, Program } from "../../engine/compute/graph/program.ts";
import { sizeOf } from "../../engine/compute/graph/tensor.ts";

/** Time of one kind of instruction in a program: the same op on the same shapes. */
export interface ProfileLine {
  readonly op: string;
  /** Shapes of the inputs, then of the outputs. */
  readonly shapes: string;
  /** How many of them one repetition executes. */
  readonly count: number;
  /** Milliseconds of all of them in one repetition, from the fastest run of each. */
  readonly ms: number;
  /** Rate of a matrix product, in 10^9 operations per second. */
  readonly gflops?: number;
}

/** A backend that reports where the time of its programs went. */
export interface ProfilingBackend extends Backend {
  /** Kinds of instructions, the most expensive first, over all programs run so far in so many repetitions. */
  profile(repetitions: number): readonly ProfileLine[];
}

/**
 * Runs every instruction as a program of its own and times it, less the time of an empty one.
 *
 * Works where programs share one arena, as on wasm: each finds the data that the one before left. Instructions that
 * would overlap do not, so the sum is a little more than a run takes.
 */
export function profiling(backend: Backend): ProfilingBackend {
  const profiles: Profile[] = [];
  return {
    name: backend.name,
    precision: backend.precision,
    limits: backend.limits,
    get memory() {
      return backend.memory;
    },
    runsAtATime: backend.runsAtATime,
    fewestRows: (rows) => backend.fewestRows(rows),
    allocate: (spec, data) => backend.allocate(spec, data),
    write: (buffer, data) => {
      backend.write(buffer, data);
    },
    read: (buffer) => backend.read(buffer),
    release: (buffer) => {
      backend.release(buffer);
    },
    rest: () => {
      backend.rest();
    },
    close: () => backend.close(),
    compile: (program) => {
      const profile: Profile = { program, samples: program.instructions.map(() => []), empty: [] };
      profiles.push(profile);
      return compileApart(backend, program, profile);
    },
    profile: (repetitions) => summarize(profiles, repetitions),
  };
}

interface Profile {
  readonly program: Program;
  /** Milliseconds by instruction and run. */
  readonly samples: readonly number[][];
  readonly empty: number[];
}

function compileApart(backend: Backend, program: Program, { samples, empty }: Profile): Executable {
  const none = { ...program, instructions: [], inputs: {}, outputs: {}, variables: {} };
  // The whole first: it makes the arena as large as any part needs, where growing part by part would leave gaps.
  const whole = backend.compile(program);
  const first = backend.compile({ ...none, inputs: program.inputs });
  const last = backend.compile({ ...none, outputs: program.outputs, variables: program.variables });
  const idle = backend.compile(none);
  const parts = program.instructions.map((instruction) => {
    const variables = variablesOf(program, instruction);
    const executable = backend.compile({ ...none, instructions: [instruction], variables });
    return { executable, names: Object.keys(variables) };
  });
  const runParts = async ({ times = 1, inputs = {}, variables = {} }: Bindings): Promise<void> => {
    for (let run = 0; run < times; run++) {
      await first.run({ inputs });
      for (const [i, { executable, names }] of parts.entries()) {
        const bound = Object.fromEntries(Object.entries(variables).filter(([name]) => names.includes(name)));
        await timed(idle, {}, empty);
        await timed(executable, bound, samples[i] ?? []);
      }
    }
  };
  return {
    program,
    async run(bindings) {
      await runParts(bindings);
      return last.run({ variables: bindings.variables ?? {} });
    },
    async runKeeping(bindings, keep) {
      await runParts(bindings);
      return last.runKeeping({ variables: bindings.variables ?? {} }, keep);
    },
    release() {
      for (const executable of [whole, first, last, idle, ...parts.map((part) => part.executable)])
        executable.release();
    },
  };
}

async function timed(
  executable: Executable,
  variables: NonNullable<Parameters<Executable["run"]>[0]["variables"]>,
  samples: number[],
): Promise<void> {
  const start = performance.now();
  await executable.run({ variables });
  samples.push(performance.now() - start);
}

function variablesOf(program: Program, { inputs, outputs }: Instruction): Record<string, number> {
  const touched = new Set([...inputs, ...outputs].map((id) => program.values[id]?.buffer));
  const all = Object.entries(program.variables);
  return Object.fromEntries(all.filter(([, id]) => touched.has(program.values[id]?.buffer)));
}

function summarize(profiles: readonly Profile[], repetitions: number): readonly ProfileLine[] {
  const lines = new Map<string, ProfileLine & { flops: number }>();
  for (const { program, samples, empty } of profiles) {
    if (empty.length === 0) continue; // never run
    // The fastest, as other programs on the machine only ever slow one down.
    const overhead = Math.min(...empty);
    for (const [i, instruction] of program.instructions.entries()) {
      const { op } = instruction;
      const shapes = describeShapes(program, instruction);
      const times = samples[i] ?? [];
      const runs = times.length / repetitions;
      const known = lines.get(op + shapes) ?? { count: 0, ms: 0, flops: 0 };
      lines.set(op + shapes, {
        op,
        shapes,
        count: known.count + runs,
        ms: known.ms + runs * Math.max(0, Math.min(...times) - overhead),
        flops: known.flops + runs * productFlops(program, instruction),
      });
    }
  }
  const ranked = [...lines.values()].sort((a, b) => b.ms - a.ms);
  return ranked.map(({ flops, ...line }) => (flops === 0 ? line : { ...line, gflops: flops / line.ms / 1e6 }));
}

function describeShapes(program: Program, { inputs, outputs, attrs }: Instruction): string {
  const list = (ids: readonly number[]): string =>
    ids.map((id) => `[${program.values[id]?.shape.join(",") ?? ""}]`).join(" ");
  const flags = ["transposeA", "transposeB"].filter((name) => attrs[name] === true);
  const kind = typeof attrs["kind"] === "string" ? [attrs["kind"]] : [];
  return [...kind, list(inputs), "->", list(outputs), ...flags].join(" ");
}

/** Two operations for each term of each element of a matrix product; 0 for other ops. */
function productFlops({ values }: Program, { op, attrs, inputs, outputs }: Instruction): number {
  const [a, y] = [values[inputs[0] ?? -1], values[outputs[0] ?? -1]];
  if (op !== "matmul" || a === undefined || y === undefined) return 0;
  return 2 * sizeOf(y.shape) * (a.shape[attrs["transposeA"] === true ? 0 : 1] ?? 0);
}
