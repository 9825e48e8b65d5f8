import { type Step, foldSums } from "./foldSums.ts";
import { reachableNodes } from "./gradients.ts";
import { type Attrs, type DType, type Tensor, type TensorSpec, bytesOf, defined } from "./tensor.ts";

/** Where bytes live: at a fixed place in the program's arena, in a bound variable, or as one repeated number. */
export type Buffer =
  | { readonly kind: "arena"; readonly offset: number; readonly bytes: number }
  | { readonly kind: "variable"; readonly name: string; readonly bytes: number }
  | { readonly kind: "constant"; readonly value: number; readonly dtype: DType; readonly bytes: number };

/** A tensor of the compiled program: a shape over a buffer. Views and in-place results share their buffer. */
export interface Value extends TensorSpec {
  readonly buffer: number;
}

/** One op to execute; `inputs` and `outputs` index the program's values. */
export interface Instruction {
  readonly op: string;
  readonly attrs: Attrs;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Arena buffers that nobody reads after this instruction. */
  readonly frees: readonly number[];
}

/** A static plan: the instructions in order, with every byte placed beforehand. */
export interface Program {
  readonly buffers: readonly Buffer[];
  readonly values: readonly Value[];
  readonly instructions: readonly Instruction[];
  readonly arenaBytes: number;
  readonly inputs: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, number>>;
  readonly variables: Readonly<Record<string, number>>;
}

/** Names of the variables that a program changes. */
export function changedVariables({ instructions, values, buffers }: Program): ReadonlySet<string> {
  const changed = new Set<string>();
  for (const id of instructions.flatMap(({ outputs }) => outputs)) {
    const buffer = defined(buffers[defined(values[id]).buffer]);
    if (buffer.kind === "variable") changed.add(buffer.name);
  }
  return changed;
}

/** Arena offsets are multiples of this: a WebGPU storage binding's alignment, and several SIMD vectors. */
const ALIGNMENT = 256;

/**
 * Orders the nodes that the outputs and updates need, folds sums into ops that can add, and gives every
 * intermediate a place in one arena, reusing bytes as soon as their last reader has run.
 *
 * @param outputs - Tensors that the host reads back, by name.
 * @param updates - Results of in-place ops that are wanted for their effect (optimizer steps, cache writes).
 * @throws {TypeError} when a value would be read after it was overwritten in place.
 */
export function plan(outputs: Readonly<Record<string, Tensor>>, updates: readonly Tensor[] = []): Program {
  const wanted = [...Object.values(outputs), ...updates];
  const steps = inTime(foldSums(reachableNodes(wanted), new Set(wanted)));
  const layout = new Layout();
  for (const step of steps) layout.place(step);
  for (const tensor of Object.values(outputs)) layout.value(tensor);
  return layout.finish(outputs);
}

/**
 * Moves updates of variables that nobody else touches to right behind the last of their inputs, which then need not be
 * kept: sums of gradients over micro-batches.
 */
function inTime(steps: readonly Step[]): readonly Step[] {
  const readers = new Map<Tensor, number>();
  for (const { inputs } of steps) for (const input of inputs) readers.set(input, (readers.get(input) ?? 0) + 1);
  const isFree = ({ node, inputs, outputs }: Step): boolean =>
    node.op.inPlace?.every(([, at]) => inputs[at]?.from.kind === "variable" && readers.get(inputs[at]) === 1) ===
      true && !outputs.some((output) => readers.has(output));

  const places = new Map<Tensor, number>();
  const followers = new Map<number, Step[]>();
  for (const [place, step] of steps.entries()) {
    for (const output of step.sum === undefined ? step.outputs : [...step.outputs, step.sum]) places.set(output, place);
    if (!isFree(step)) continue;
    const last = Math.max(-1, ...step.inputs.map((input) => places.get(input) ?? -1));
    followers.set(last, [...(followers.get(last) ?? []), step]);
  }
  const others = steps.flatMap((step, place) => {
    const own = followers.get(place) ?? [];
    return isFree(step) ? own : [step, ...own];
  });
  return [...(followers.get(-1) ?? []), ...others];
}

interface Draft {
  readonly kind: Buffer["kind"];
  readonly name?: string;
  readonly constant?: { readonly value: number; readonly dtype: DType };
  readonly bytes: number;
  readonly born: number;
  lastRead: number;
  /** The value that currently holds; older ones were overwritten. */
  current: number;
}

class Layout {
  private readonly drafts: Draft[] = [];
  private readonly values: Value[] = [];
  private readonly ids = new Map<Tensor, number>();
  private readonly steps: Step[] = [];
  private readonly inputs: Record<string, number> = {};
  private readonly variables: Record<string, number> = {};

  place(step: Step): void {
    const inputs = step.inputs.map((tensor) => this.value(tensor));
    const { op } = step.node;
    if (op.isView === true) {
      const base = defined(inputs[0]);
      this.checkCurrent(base, op.name);
      this.alias(defined(step.outputs[0]), defined(this.values[base]).buffer);
      return;
    }
    const time = this.steps.push(step) - 1;
    for (const id of inputs) this.read(id, time, op.name);
    for (const [index, output] of step.outputs.entries()) {
      const source = op.inPlace?.find(([out]) => out === index)?.[1];
      if (source === undefined) this.add(output, { kind: "arena", bytes: bytesOf(output), born: time });
      else this.overwrite(output, defined(this.values[defined(inputs[source])]).buffer);
    }
    if (step.sum !== undefined) this.alias(step.sum, defined(this.values[this.value(defined(step.outputs[0]))]).buffer);
  }

  /** The id of a tensor's value; declares inputs, variables and constants when first met. */
  value(tensor: Tensor): number {
    const known = this.ids.get(tensor);
    if (known !== undefined) return known;
    const bytes = bytesOf(tensor);
    const { from } = tensor;
    switch (from.kind) {
      case "input":
        return (this.inputs[from.name] = this.add(tensor, { kind: "arena", bytes, born: -1 }));
      case "variable":
        return (this.variables[from.name] = this.add(tensor, { kind: "variable", name: from.name, bytes, born: -1 }));
      case "constant":
        return this.add(tensor, { kind: "constant", constant: { ...from, dtype: tensor.dtype }, bytes, born: -1 });
      case "node":
        throw new TypeError(`plan: ${from.node.op.name} is read before it is computed`);
    }
  }

  finish(outputs: Readonly<Record<string, Tensor>>): Program {
    const outputIds = Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, this.value(tensor)]));
    for (const id of Object.values(outputIds)) this.read(id, this.steps.length, "output");
    const { offsets, arenaBytes } = packArena(this.drafts, this.steps.length);
    return {
      buffers: this.drafts.map((draft, index) => bufferOf(draft, defined(offsets[index]))),
      values: this.values,
      instructions: this.steps.map((step, time) => ({
        op: step.node.op.name,
        attrs: step.node.attrs,
        inputs: step.inputs.map((tensor) => this.value(tensor)),
        outputs: step.outputs.map((tensor) => this.value(tensor)),
        frees: this.drafts.flatMap((draft, index) =>
          draft.kind === "arena" && draft.lastRead === time ? [index] : [],
        ),
      })),
      arenaBytes,
      inputs: this.inputs,
      outputs: outputIds,
      variables: this.variables,
    };
  }

  private read(id: number, time: number, reader: string): void {
    this.checkCurrent(id, reader);
    defined(this.drafts[defined(this.values[id]).buffer]).lastRead = time;
  }

  private checkCurrent(id: number, reader: string): void {
    const draft = defined(this.drafts[defined(this.values[id]).buffer]);
    if (id < draft.current) throw new TypeError(`plan: ${reader} reads a value after it was overwritten in place`);
  }

  private add(tensor: Tensor, draft: Omit<Draft, "lastRead" | "current">): number {
    const id = this.alias(tensor, this.drafts.length);
    this.drafts.push({ ...draft, lastRead: draft.born, current: id });
    return id;
  }

  private overwrite(tensor: Tensor, buffer: number): void {
    const draft = defined(this.drafts[buffer]);
    if (draft.kind === "constant") throw new TypeError("plan: a constant cannot be overwritten in place");
    draft.current = this.alias(tensor, buffer);
  }

  private alias(tensor: Tensor, buffer: number): number {
    const id = this.values.push({ shape: tensor.shape, dtype: tensor.dtype, buffer }) - 1;
    this.ids.set(tensor, id);
    return id;
  }
}

function bufferOf(draft: Draft, offset: number): Buffer {
  const { bytes } = draft;
  if (draft.kind === "variable") return { kind: "variable", name: defined(draft.name), bytes };
  if (draft.kind === "constant") return { ...defined(draft.constant), kind: "constant", bytes };
  return { kind: "arena", offset, bytes };
}

/** First-fit placement in order of birth; a buffer's bytes are free again after its last read. */
function packArena(drafts: readonly Draft[], end: number): { offsets: readonly number[]; arenaBytes: number } {
  const offsets = drafts.map(() => 0);
  const live: { from: number; to: number; until: number }[] = [];
  let arenaBytes = 0;
  const order = drafts.map((_, index) => index).filter((index) => defined(drafts[index]).kind === "arena");
  order.sort((a, b) => defined(drafts[a]).born - defined(drafts[b]).born || a - b);
  for (const index of order) {
    const draft = defined(drafts[index]);
    const bytes = align(Math.max(draft.bytes, 1));
    for (let at = live.length - 1; at >= 0; at--) if (defined(live[at]).until < draft.born) live.splice(at, 1);
    let from = 0;
    let slot = 0;
    for (; slot < live.length; slot++) {
      const next = defined(live[slot]);
      if (next.from - from >= bytes) break;
      from = next.to;
    }
    // Unread results still need room while their instruction runs.
    live.splice(slot, 0, { from, to: from + bytes, until: Math.min(Math.max(draft.lastRead, draft.born), end) });
    offsets[index] = from;
    arenaBytes = Math.max(arenaBytes, from + bytes);
  }
  return { offsets, arenaBytes };
}

const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
