import { type Backend, type DeviceBuffer, OutOfMemoryError } from "../compute/backend.ts";
import { DTYPES } from "../compute/graph/dtype.ts";
import { type Program, plan } from "../compute/graph/program.ts";
import type { Graph, Tensor } from "../compute/graph/tensor.ts";
import { slice } from "../compute/ops/index.ts";
import type { ModelConfig } from "./config.ts";
import { type LayerCache, type RowPast, hidden } from "./decoder.ts";
import { lastSpan, logits } from "./heads.ts";
import { sequenceInputs } from "./sequences.ts";
import { TypedPrograms } from "./typedPrograms.ts";
import type { DeviceWeights } from "./weights.ts";

/** Tokens that a prompt is read by, largest first: each needs a program, and the last of them bounds the padding. */
const PIECES = [128, 64, 32, 16] as const;
const LEAST_PIECE = 16;
/** Rows of a step at most: up to so many, a kernel's product of a row is the same sum however many rows there are. */
const MOST_ROWS = 16;

/** Shapes that a {@link SlotDecoder} is compiled for. */
export interface SlotSettings {
  /** Longest sequence, prompt and answer together, in tokens. */
  readonly context: number;
  /** Most sequences at a time. */
  readonly nSlots: number;
}

/** The keys and values of one sequence. */
export class Slot {
  /** By layer, k and v, `[1, S, G, D]`. */
  readonly caches: readonly DeviceBuffer[];
  /** Index of the first real token. */
  start = 0;
  /** Columns that are filled: where the next token goes. */
  filled = 0;

  constructor(caches: readonly DeviceBuffer[]) {
    this.caches = caches;
  }
}

/** One sequence's next token to be read. */
export interface SlotToken {
  readonly slot: Slot;
  readonly token: number;
}

/**
 * Decodes sequences that begin and end at any time: continuous batching (Yu et al. 2022, "Orca", OSDI).
 *
 * Every sequence has keys and values of its own, the slot. A step adds a token to any set of slots, and reads each weight
 * once for all of them; prompts are read slot by slot, piece by piece, between steps. A sequence's numbers depend on its
 * own tokens alone, and not on who shares its steps.
 */
export class SlotDecoder {
  private readonly backend: Backend;
  private readonly config: ModelConfig;
  private readonly settings: SlotSettings;
  private readonly programs = new Map<string, TypedPrograms>();
  private readonly slots: Slot[] = [];
  private readonly free: Slot[] = [];
  /** Falls to what the device has room for. */
  private mostSlots: number;

  constructor(backend: Backend, config: ModelConfig, settings: SlotSettings) {
    this.backend = backend;
    this.config = config;
    this.settings = settings;
    this.mostSlots = settings.nSlots;
  }

  /** Bytes of a slot's keys and values. */
  get slotBytes(): number {
    const { nLayers, nKvHeads, headSize } = this.config;
    return 2 * nLayers * this.capacity * nKvHeads * headSize * DTYPES[this.backend.precision].bytes;
  }

  /**
   * A slot for a new sequence, or undefined while all are taken.
   * @throws {OutOfMemoryError} when the device has no room for the first one.
   */
  take(): Slot | undefined {
    const slot = this.free.pop() ?? this.another();
    if (slot !== undefined) [slot.start, slot.filled] = [0, 0];
    return slot;
  }

  /** Gives a slot back. */
  leave(slot: Slot): void {
    this.free.push(slot);
  }

  /** How a prompt is cut into pieces: their lengths; the first begins with as much padding as they exceed the prompt. */
  static pieces(length: number): readonly number[] {
    let left = Math.ceil(length / LEAST_PIECE) * LEAST_PIECE;
    const pieces: number[] = [];
    for (const size of PIECES) for (; left >= size; left -= size) pieces.push(size);
    return pieces;
  }

  /**
   * Reads the next piece of a prompt into a slot.
   *
   * @param weights - Of the model.
   * @param slot - Of the sequence.
   * @param tokens - The whole prompt; the slot knows how much of it was read.
   * @param wants - The logits behind every token of the piece, or behind the last one alone.
   * @returns Logits `[n, V]` behind the n last tokens of the piece, without the padding; and whether it was the last.
   */
  async read(
    weights: DeviceWeights,
    slot: Slot,
    tokens: readonly number[],
    wants: "all" | "last",
  ): Promise<{ readonly logits: Float32Array; readonly isWhole: boolean }> {
    const pieces = SlotDecoder.pieces(tokens.length);
    const total = pieces.reduce((sum, size) => sum + size, 0);
    const padding = total - tokens.length;
    let at = 0;
    const length = pieces.find((size) => (at += size) > slot.filled) ?? LEAST_PIECE;
    if (slot.filled === 0) slot.start = padding;
    const from = slot.filled;
    const columns = Array.from({ length }, (_, column) => from + column - padding);
    const inputs = {
      ids: Int32Array.from(columns, (index) => tokens[index] ?? 0),
      positions: Int32Array.from(columns, (index) => Math.max(0, index)),
      start: Int32Array.of(padding),
      offset: Int32Array.of(from),
    };
    const variables = { ...weights.buffers, ...bound([slot]) };
    const program = this.program(`read ${length} ${wants}`, (graph) => this.reading(graph, length, wants));
    const outputs = await program.for(variables).run({ inputs, variables });
    slot.filled += length;
    const all = outputs["logits"] as Float32Array;
    const skipped = wants === "all" ? Math.max(0, padding - from) : 0;
    return { logits: all.subarray(skipped * this.config.vocabularySize), isWhole: slot.filled >= total };
  }

  /**
   * Adds a token to each of some sequences.
   * @returns Logits of their next tokens, `[V]` each.
   */
  async step(weights: DeviceWeights, rows: readonly SlotToken[]): Promise<readonly Float32Array[]> {
    const results: Float32Array[] = [];
    for (let first = 0; first < rows.length; first += MOST_ROWS) {
      results.push(...(await this.stepTogether(weights, rows.slice(first, first + MOST_ROWS))));
    }
    return results;
  }

  release(): void {
    for (const program of this.programs.values()) program.release();
    for (const { caches } of this.slots) for (const buffer of caches) this.backend.release(buffer);
    this.programs.clear();
    this.slots.length = this.free.length = 0;
  }

  private async stepTogether(weights: DeviceWeights, rows: readonly SlotToken[]): Promise<readonly Float32Array[]> {
    const slots = rows.map(({ slot }) => slot);
    const inputs: Record<string, Int32Array> = {
      ids: Int32Array.from(rows, ({ token }) => token),
      positions: Int32Array.from(slots, ({ filled, start }) => filled - start),
    };
    for (const [row, { start, filled }] of slots.entries()) {
      inputs[`start.${row}`] = Int32Array.of(start);
      inputs[`offset.${row}`] = Int32Array.of(filled);
    }
    const variables = { ...weights.buffers, ...bound(slots) };
    const program = this.program(`step ${rows.length}`, (graph) => this.stepping(graph, rows.length));
    const outputs = await program.for(variables).run({ inputs, variables });
    for (const slot of slots) slot.filled += 1;
    const all = outputs["logits"] as Float32Array;
    const V = this.config.vocabularySize;
    return rows.map((_, row) => all.subarray(row * V, (row + 1) * V));
  }

  /** Columns of a slot. The last token of an answer is never read, and leaves its column to the padding. */
  private get capacity(): number {
    return this.settings.context + LEAST_PIECE - 1;
  }

  private another(): Slot | undefined {
    if (this.slots.length >= this.mostSlots) return undefined;
    const { nLayers, nKvHeads, headSize } = this.config;
    const spec = { shape: [1, this.capacity, nKvHeads, headSize], dtype: this.backend.precision } as const;
    const caches: DeviceBuffer[] = [];
    try {
      while (caches.length < 2 * nLayers) caches.push(this.backend.allocate(spec));
    } catch (error) {
      for (const buffer of caches) this.backend.release(buffer);
      if (!(error instanceof OutOfMemoryError) || this.slots.length === 0) throw error;
      this.mostSlots = this.slots.length;
      return undefined;
    }
    const slot = new Slot(caches);
    this.slots.push(slot);
    return slot;
  }

  private program(name: string, build: (graph: Graph) => Program): TypedPrograms {
    const known = this.programs.get(name) ?? new TypedPrograms(this.backend, build);
    this.programs.set(name, known);
    return known;
  }

  /** Reads `length` tokens of one sequence. */
  private reading(graph: Graph, length: number, wants: "all" | "last"): Program {
    const inputs = { ...sequenceInputs(graph, 1, length), caches: this.cachesOf(graph, 0) };
    const h = hidden(graph, this.config, inputs); // [1, length, C]
    const { start, length: n } = wants === "all" ? { start: 0, length } : lastSpan(length);
    return plan({ logits: logits(slice(h, start, n).reshape([n, this.config.hiddenSize]), this.config) });
  }

  /** Reads one token of each of `width` sequences. */
  private stepping(graph: Graph, width: number): Program {
    const rows = Array.from({ length: width }, (_, row): RowPast => {
      const [start, offset] = [graph.input(`start.${row}`, [1], "i32"), graph.input(`offset.${row}`, [1], "i32")];
      return { start, offset, caches: this.cachesOf(graph, row) };
    });
    const [ids, positions] = [graph.input("ids", [width, 1], "i32"), graph.input("positions", [width, 1], "i32")];
    const h = hidden(graph, this.config, { ids, positions, rows });
    return plan({ logits: logits(h.reshape([width, this.config.hiddenSize]), this.config) });
  }

  private cachesOf(graph: Graph, row: number): readonly LayerCache[] {
    const { nLayers, nKvHeads, headSize } = this.config;
    const shape = [1, this.capacity, nKvHeads, headSize];
    const side = (index: number): Tensor => graph.variable(cacheName(row, index), shape);
    return Array.from({ length: nLayers }, (_, layer) => ({ k: side(2 * layer), v: side(2 * layer + 1) }));
  }
}

/** The slots' buffers by the names of a program's variables. */
function bound(slots: readonly Slot[]): Record<string, DeviceBuffer> {
  const named = slots.flatMap(({ caches }, row) =>
    caches.map((buffer, index) => [cacheName(row, index), buffer] as const),
  );
  return Object.fromEntries(named);
}

const cacheName = (row: number, index: number): string => `slot.${row}.${index}`;
