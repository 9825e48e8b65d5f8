import * as z from "zod";
import { damagedSnapshot } from "../storage/snapshots.ts";
import { type RandomState, Random } from "../training/index.ts";
import { type ScoredResponse, scoredResponseSchema } from "./responseSampler.ts";
import { type StageContext, Stopped, jsonOf } from "./stage.ts";

/**
 * Time that is worked between two savepoints, in times that it takes to write one: so that they cost two percent at most,
 * whatever the model, the number of answers and the disk.
 */
const WORK_PER_SAVE = 50;

const randomStateSchema: z.ZodType<RandomState> = z.object({
  key: z.tuple([z.int(), z.int()]),
  position: z.int().min(0),
});

/** A savepoint's JSON. */
const savedSchema = z.object({
  /** In the order in which they were drawn. */
  responses: z.array(scoredResponseSchema),
  /** Behind the last of them. */
  random: randomStateSchema,
});

type Saved = Readonly<z.output<typeof savedSchema>>;

/** The stage, as far as it is needed to keep and find its responses. */
type KeepingContext = Pick<StageContext, "name" | "signal" | "report" | "restore" | "save">;

interface KeptSettings {
  readonly context: KeepingContext;
  /** Responses when all are there. */
  readonly total: number;
  /** Milliseconds from some moment on; the process's own clock when left out. It changes no result. */
  readonly clock?: () => number;
}

/** Responses of a stage that are there, kept in savepoints. */
export class KeptResponses {
  private readonly context: KeepingContext;
  private readonly total: number;
  private readonly clock: () => number;
  private readonly responses: ScoredResponse[];
  private readonly random: RandomState | undefined;
  /** Those of them that are answers already. */
  private nTaken = 0;
  /** Time from which on the next savepoint is due. */
  private due = -Infinity;

  private constructor({ context, total, clock, saved }: KeptSettings & { readonly saved?: Saved | undefined }) {
    this.context = context;
    this.total = total;
    this.clock = clock ?? (() => performance.now());
    this.responses = saved?.responses ?? [];
    this.random = saved?.random;
  }

  /** With those of an earlier attempt. @throws {CheckpointError} when its savepoint was damaged, or is of other prompts. */
  static async open(settings: KeptSettings): Promise<KeptResponses> {
    const { context, total } = settings;
    const saved = await context.restore(savedSchema);
    if (saved === undefined) return new KeptResponses(settings);
    const { folder, step, json } = saved;
    const { length } = json.responses;
    if (length !== step || step >= total)
      throw damagedSnapshot(`resume: it has ${length} of ${total} answers, after ${step}`, folder);
    // An attempt that was killed may have been further.
    context.report({ kind: "progress", step, total });
    return new KeptResponses({ ...settings, saved: json });
  }

  /** The next `count` responses, as far as they are there, and the numbers that the rest of them is drawn with. */
  of(count: number, random: Random): { readonly responses: readonly ScoredResponse[]; readonly random: Random } {
    const responses = this.responses.slice(this.nTaken, this.nTaken + count);
    this.nTaken += responses.length;
    const isCut = responses.length > 0 && responses.length < count;
    return { responses, random: isCut && this.random !== undefined ? Random.from(this.random) : random };
  }

  /** Adds a batch, and saves all now and then, and when asked to stop. @throws {Stopped} then. */
  async add(batch: readonly ScoredResponse[], random: Random): Promise<void> {
    const { context, total, responses } = this;
    const { name, signal } = context;
    responses.push(...batch);
    this.nTaken = responses.length;
    const step = responses.length;
    context.report({ kind: "progress", step, total });
    // A batch may hold the thread from its beginning to its end; this is where signals and timers get their turn.
    await new Promise((resolve) => setImmediate(resolve));
    if (step === total) return;
    const began = this.clock();
    if (!signal.aborted && began < this.due) return;
    await context.save({ step, json: jsonOf({ responses, random: random.state }), tensors: new Map() });
    const ended = this.clock();
    this.due = ended + WORK_PER_SAVE * (ended - began);
    if (signal.aborted) throw new Stopped(`${name}: stopped after ${step} of ${total} answers`);
  }
}
