import type { DeviceWeights, Slot, SlotDecoder } from "../../models/index.ts";
import { ApiError } from "./apiError.ts";
import type { Sequence } from "./sequence.ts";

/** The parts of a model that a scheduler runs. */
export interface ScheduledModel {
  readonly decoder: SlotDecoder;
  readonly weights: DeviceWeights;
  /** V. */
  readonly vocabularySize: number;
}

/** Sequences at work and waiting. */
export interface Load {
  readonly running: number;
  readonly waiting: number;
}

/**
 * Continuous batching of one model's answers.
 *
 * A turn lets in those that wait for a free slot, reads one piece of one prompt, and takes one step with all answers whose
 * prompts are read. So answers begin and end at any token, and a long prompt holds the others up by one piece at a time.
 */
export class Scheduler {
  private readonly model: ScheduledModel;
  private readonly mostWaiting: number;
  private waiting: Sequence[] = [];
  private reading: Slotted[] = [];
  private running: Slotted[] = [];

  constructor(model: ScheduledModel, { mostWaiting }: { readonly mostWaiting: number }) {
    this.model = model;
    this.mostWaiting = mostWaiting;
  }

  get load(): Load {
    return { running: this.reading.length + this.running.length, waiting: this.waiting.length };
  }

  get hasWork(): boolean {
    return this.waiting.length + this.reading.length + this.running.length > 0;
  }

  /**
   * Queues answers, all or none.
   * @throws {ApiError} 429 when too many wait.
   */
  submit(sequences: readonly Sequence[]): void {
    if (this.waiting.length + sequences.length > this.mostWaiting) {
      const what = `${this.waiting.length} answers wait already, and at most ${this.mostWaiting} may; ask again later`;
      throw new ApiError(429, what, { code: "queue_full", retryAfter: 1 });
    }
    this.waiting.push(...sequences);
  }

  /** One round; returns with nothing done where there is no work. */
  async turn(): Promise<void> {
    this.dropCancelled();
    this.admit();
    await this.readPiece();
    await this.step();
  }

  /** Ends all work with an error. */
  fail(error: unknown): void {
    const all = [
      ...this.waiting,
      ...this.reading.map(({ sequence }) => sequence),
      ...this.running.map(({ sequence }) => sequence),
    ];
    for (const { slot } of [...this.reading, ...this.running]) this.model.decoder.leave(slot);
    this.waiting = [];
    this.reading = [];
    this.running = [];
    for (const { request, isCancelled } of all) if (!isCancelled) request.sink.fail(error);
  }

  private dropCancelled(): void {
    const isLeft = ({ sequence, slot }: Slotted): boolean => {
      if (sequence.isCancelled) this.model.decoder.leave(slot);
      return !sequence.isCancelled;
    };
    this.waiting = this.waiting.filter(({ isCancelled }) => !isCancelled);
    this.reading = this.reading.filter(isLeft);
    this.running = this.running.filter(isLeft);
  }

  private admit(): void {
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      let slot: Slot | undefined;
      try {
        slot = this.model.decoder.take();
      } catch (cause) {
        this.waiting.shift();
        next.request.sink.fail(
          isShortage(cause) ? new ApiError(503, NO_ROOM, { code: "out_of_memory" }, { cause }) : cause,
        );
        continue;
      }
      if (slot === undefined) return;
      this.waiting.shift();
      this.reading.push({ sequence: next, slot });
    }
  }

  private async readPiece(): Promise<void> {
    const [first] = this.reading;
    if (first === undefined) return;
    const { sequence, slot } = first;
    const { decoder, weights, vocabularySize: V } = this.model;
    const { prompt, maxTokens } = sequence.request;
    await this.guarded([first], async () => {
      // Where nothing is drawn and nobody asks about the prompt, it need not be read.
      const isIdle = maxTokens === 0 && !sequence.wantsPrompt;
      const wants = sequence.wantsPrompt ? "all" : "last";
      const read = isIdle ? undefined : await decoder.read(weights, slot, prompt, wants);
      if (read !== undefined && sequence.wantsPrompt) sequence.readPrompt(read.logits, V);
      if (read?.isWhole === false) return;
      this.reading = this.reading.filter((one) => one !== first);
      const goesOn = sequence.begin() && read !== undefined && sequence.next(read.logits.subarray(-V));
      if (goesOn) this.running.push(first);
      else decoder.leave(slot);
    });
  }

  private async step(): Promise<void> {
    const rows = this.running;
    if (rows.length === 0) return;
    const { decoder, weights } = this.model;
    await this.guarded(rows, async () => {
      const tokens = rows.map(({ sequence, slot }) => ({ slot, token: sequence.lastToken }));
      const logits = await decoder.step(weights, tokens);
      for (const [row, slotted] of rows.entries()) {
        const { sequence, slot } = slotted;
        let goesOn = false;
        try {
          goesOn = sequence.next(logits[row] ?? new Float32Array(0));
        } catch (error) {
          sequence.request.sink.fail(error); // its own numbers; the others go on
        }
        if (goesOn) continue;
        this.running = this.running.filter((one) => one !== slotted);
        decoder.leave(slot);
      }
    });
  }

  /** An error of the device ends the answers that it was to work for; others may be luckier. */
  private async guarded(rows: readonly Slotted[], work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const failed = new Set(rows);
      this.reading = this.reading.filter((one) => !failed.has(one));
      this.running = this.running.filter((one) => !failed.has(one));
      for (const { sequence, slot } of rows) {
        this.model.decoder.leave(slot);
        sequence.request.sink.fail(error);
      }
    }
  }
}

const NO_ROOM = "there is no room for an answer of this model; serve fewer models, or a shorter context";

const isShortage = (error: unknown): boolean => error instanceof Error && error.name === "OutOfMemoryError";

/** An answer with its place on the device. */
interface Slotted {
  readonly sequence: Sequence;
  readonly slot: Slot;
}
