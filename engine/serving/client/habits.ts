import type { ModelRequest } from "../../protocol/modelCalls.ts";
import type { ServerComplaint } from "./reply.ts";

/** Words for the longest reply; `/completions` has only the first. */
export const LENGTH_FIELDS = ["max_tokens", "max_completion_tokens"] as const;
/** Of a request that some servers do not take: left out once one has said so. */
export const OPTIONAL_FIELDS = ["temperature", "top_p", "seed", "stop", "stream_options"] as const;
/** Most times that a request is changed: for each of these, the other word, and what was remembered and holds no more. */
export const MOST_CHANGES = OPTIONAL_FIELDS.length + 2;

/** How one model wants to be asked, as far as it was learned from its server's complaints. */
export interface LearnedHabits {
  readonly longest: (typeof LENGTH_FIELDS)[number];
  readonly omitted: readonly (typeof OPTIONAL_FIELDS)[number][];
}

/** Those that are assumed at first: every server but OpenAI's newest models takes them. */
const ASSUMED: LearnedHabits = { longest: "max_tokens", omitted: [] };

/** A model of a server: its base address, and its name there. */
export interface AskedModel {
  readonly server: string;
  readonly model: string;
}

/** Keeps what was learned of servers' models, from one process to the next; where it cannot, it does nothing. */
export interface HabitMemory {
  recall(about: AskedModel): Promise<LearnedHabits | undefined>;
  keep(about: AskedModel, learned: LearnedHabits): Promise<void>;
  forget(about: AskedModel): Promise<void>;
}

/** Habits of one model: remembered, or assumed, and then learned. */
export class Habits {
  /** True for those of a process before this one, until they turn out to be wrong. */
  isRemembered: boolean;
  /** Changes so far: a request that others have overtaken is asked again as they are. */
  nChanges = 0;
  private learned: LearnedHabits;
  private isKept: boolean;
  private readonly about: AskedModel;
  private readonly memory: HabitMemory | undefined;

  private constructor(about: AskedModel, memory: HabitMemory | undefined, remembered: LearnedHabits | undefined) {
    this.about = about;
    this.memory = memory;
    this.learned = remembered ?? ASSUMED;
    this.isRemembered = this.isKept = remembered !== undefined;
  }

  /** Those that are remembered of a model, or assumed. */
  static async of(about: AskedModel, memory: HabitMemory | undefined): Promise<Habits> {
    return new Habits(about, memory, await memory?.recall(about));
  }

  /** The body of a request, with every field of sampling: servers fill in others from the model's own settings. */
  body(request: ModelRequest, isStreaming: boolean): Record<string, unknown> {
    const { prompt, temperature, topP = 1, maxTokens, seed, stop } = request;
    const isText = typeof prompt === "string";
    const all: Record<string, unknown> = {
      model: this.about.model,
      ...(isText ? { prompt } : { messages: prompt.map(({ role, content }) => ({ role, content })) }),
      temperature,
      top_p: topP,
      n: 1,
      [isText ? "max_tokens" : this.learned.longest]: maxTokens,
      ...(seed !== undefined && { seed }),
      ...(stop !== undefined && { stop }),
      stream: isStreaming,
      ...(isStreaming && { stream_options: { include_usage: true } }),
    };
    const omitted: readonly string[] = this.learned.omitted;
    return Object.fromEntries(Object.entries(all).filter(([name]) => !omitted.includes(name)));
  }

  /** Takes what a complaint asks for, or forgets what was remembered. @returns False if nothing can be done. */
  async change(complaint: ServerComplaint | undefined, sent: Readonly<Record<string, unknown>>): Promise<boolean> {
    if (complaint === undefined) return false;
    const isStale = this.isRemembered && isAboutFields(complaint, this.learned);
    const next = changed(this.learned, complaint, sent) ?? (isStale ? ASSUMED : undefined);
    if (next === undefined) return false;
    const wasRemembered = this.isRemembered;
    this.learned = next;
    this.nChanges += 1;
    this.isRemembered = this.isKept = false;
    if (wasRemembered) await this.memory?.forget(this.about);
    return true;
  }

  /** Remembers them: a request was answered. */
  async worked(): Promise<void> {
    if (this.isKept) return;
    this.isKept = true;
    await this.memory?.keep(this.about, this.learned);
  }
}

const UNSUPPORTED = /unsupported|not support|unrecognized|unknown|unexpected|extra|not permitted/i;

function isAboutFields({ message, code }: ServerComplaint, { longest }: LearnedHabits): boolean {
  return UNSUPPORTED.test(`${message} ${code}`) || message.includes(longest);
}

function changed(
  { longest, omitted }: LearnedHabits,
  { message, param, code }: ServerComplaint,
  sent: Readonly<Record<string, unknown>>,
): LearnedHabits | undefined {
  if (
    "messages" in sent &&
    "max_tokens" in sent &&
    longest === "max_tokens" &&
    message.includes("max_completion_tokens")
  ) {
    return { longest: "max_completion_tokens", omitted };
  }
  if (!UNSUPPORTED.test(`${message} ${code}`)) return undefined;
  const name = OPTIONAL_FIELDS.find(
    (one) => one in sent && (param === one || new RegExp(`\\b${one}\\b`).test(message)),
  );
  return name === undefined ? undefined : { longest, omitted: [...new Set([...omitted, name])] };
}
