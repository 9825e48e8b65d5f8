import type { Tensor } from "@tensorflow/tfjs-core";
import { BindingError, type HostArray, checkBound } from "../../backend.ts";
import { DTYPES, repeated } from "../../graph/dtype.ts";
import type { Instruction, Program, Value } from "../../graph/program.ts";
import { defined, sizeOf } from "../../graph/tensor.ts";
import type { OpName } from "../../ops/index.ts";
import { TfjsBuffer, download, roundToBf16, upload } from "./buffer.ts";
import type { Kernel, Tf } from "./kernel.ts";
import { KERNELS } from "./kernels/index.ts";

/** Inputs and variables of one run. */
export interface Operands {
  readonly times: number;
  readonly inputs: Readonly<Record<string, HostArray | TfjsBuffer>>;
  /** By the program's names. */
  readonly variables: Readonly<Record<string, TfjsBuffer>>;
}

/** Results of a run: outputs on the host, and those to be kept as buffers. */
export interface Results {
  readonly outputs: Readonly<Record<string, HostArray>>;
  readonly kept: ReadonlyMap<string, TfjsBuffer>;
}

/**
 * Runs a program so many times; every tensor that it makes, but for the outputs named in `keep`, is gone afterwards, also when
 * it fails.
 *
 * @throws {BindingError} when an input is missing or has another size than planned.
 */
export function execute(tf: Tf, program: Program, operands: Operands, keep: readonly string[]): Results {
  const run = new Run(tf, program, operands);
  try {
    for (let time = 0; time < operands.times; time++) {
      run.dispose();
      run.loadInputs();
      for (const instruction of program.instructions) run.step(instruction);
    }
    const outputs = run.outputs(Object.keys(program.outputs).filter((name) => !keep.includes(name)));
    return { outputs, kept: run.kept(keep) };
  } finally {
    run.dispose();
  }
}

class Run {
  private readonly tf: Tf;
  private readonly program: Program;
  private readonly operands: Operands;
  /** By buffer; variables live in their own buffers. */
  private readonly tensors = new Map<number, Tensor>();

  constructor(tf: Tf, program: Program, operands: Operands) {
    this.tf = tf;
    this.program = program;
    this.operands = operands;
  }

  loadInputs(): void {
    for (const [name, id] of Object.entries(this.program.inputs)) {
      const data = this.operands.inputs[name];
      if (data === undefined) throw new BindingError(`run: input ${name} is missing`);
      const value = this.value(id);
      this.tensors.set(value.buffer, this.load(name, value, data));
    }
  }

  step({ op, attrs, inputs, outputs, frees }: Instruction): void {
    const kernel = KERNELS[op as OpName] as Kernel | undefined;
    if (kernel === undefined) throw new TypeError(`tfjs: no kernel for op ${op}`);
    const specs = outputs.map((id) => this.value(id));
    const results = this.tf.tidy(() =>
      kernel(this.tf, {
        inputs: inputs.map((id) => this.read(id)),
        dtypes: inputs.map((id) => this.value(id).dtype),
        attrs,
        outputs: specs,
      }).map((result, index) => (specs[index]?.dtype === "bf16" ? roundToBf16(this.tf, result) : result)),
    );
    for (const [index, spec] of specs.entries()) this.store(op, spec, defined(results[index]));
    for (const buffer of frees) {
      this.tensors.get(buffer)?.dispose();
      this.tensors.delete(buffer);
    }
  }

  /** A tensor of its own: it is disposed of after its last reader. */
  private load(name: string, value: Value, data: HostArray | TfjsBuffer): Tensor {
    if (!(data instanceof TfjsBuffer)) return upload(this.tf, `run: input ${name}`, value, data);
    checkBound(`input ${name}`, value, data);
    return this.tf.clone(data.tensor);
  }

  kept(names: readonly string[]): ReadonlyMap<string, TfjsBuffer> {
    const entries = names.map((name) => {
      const { buffer, shape, dtype } = this.value(defined(this.program.outputs[name]));
      return [name, new TfjsBuffer({ shape, dtype }, this.tf.clone(this.held(buffer)))] as const;
    });
    return new Map(entries);
  }

  outputs(names: readonly string[]): Readonly<Record<string, HostArray>> {
    const entries = names.map((name) => {
      const { buffer, dtype } = this.value(defined(this.program.outputs[name]));
      return [name, download(this.held(buffer), dtype)] as const;
    });
    return Object.fromEntries(entries);
  }

  dispose(): void {
    for (const tensor of this.tensors.values()) tensor.dispose();
    this.tensors.clear();
  }

  /** A value under its own shape; a new handle, to be called inside a tidy scope. */
  private read(id: number): Tensor {
    const { buffer, shape } = this.value(id);
    return this.tf.reshape(this.held(buffer), [...shape]);
  }

  private held(buffer: number): Tensor {
    const place = defined(this.program.buffers[buffer]);
    if (place.kind === "variable") return defined(this.operands.variables[place.name]).tensor;
    if (place.kind === "constant" && !this.tensors.has(buffer)) {
      const { value, dtype, bytes } = place;
      const count = bytes / DTYPES[dtype].bytes;
      const data = repeated(value, dtype, count);
      this.tensors.set(buffer, this.tf.keep(upload(this.tf, "constant", { shape: [count], dtype }, data)));
    }
    return defined(this.tensors.get(buffer));
  }

  private store(op: string, { buffer, shape }: Value, tensor: Tensor): void {
    if (tensor.size !== sizeOf(shape)) {
      throw new TypeError(`tfjs: ${op} gave [${tensor.shape.join(", ")}] for [${shape.join(", ")}]`);
    }
    const place = defined(this.program.buffers[buffer]);
    if (place.kind === "variable") {
      defined(this.operands.variables[place.name]).replace(tensor);
      return;
    }
    this.tensors.get(buffer)?.dispose();
    this.tensors.set(buffer, tensor);
  }

  private value(id: number): Value {
    return defined(this.program.values[id]);
  }
}
