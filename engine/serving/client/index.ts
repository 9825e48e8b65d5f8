import { setTimeout } from "node:timers/promises";
import { JsonError, parseJson } from "../../common/json.ts";
import type { ModelReply, ModelRequest } from "../../protocol/modelCalls.ts";
import { baseAddress, isPrivate } from "./address.ts";
import { Breaker } from "./breaker.ts";
import { StreamError, eventData } from "./eventStream.ts";
import { estimatedTokens, tokensOf } from "./estimates.ts";
import { Faults } from "./faults.ts";
import { GarbledAnswers } from "./garbled.ts";
import { type HabitMemory, Habits, MOST_CHANGES } from "./habits.ts";
import { type Clock, Limiter, type ServerLimits } from "./limits.ts";
import { ReplyParts, complaintOf } from "./reply.ts";
import { Secret, isKey } from "./secret.ts";
import { ServerError } from "./serverError.ts";
import { type Answer, Connections } from "./transport.ts";

/** Times that a request is made before it is given up. */
const ATTEMPTS = 6;
/** First wait between two of them, ms; it doubles, up to the longest. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
/** Longest while that a server is left alone whose answers are no replies, in first waits: it has time, and something else is wrong. */
const GARBLED_COOLING = 4;
/** Longest wait that a server may ask for, ms; one that asks for more means tomorrow. */
const LONGEST_ASKED_MS = 15 * 60_000;
/** Most bytes of an answer. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Most models of a list that are remembered. */
const MOST_MODELS = 10_000;
/** Milliseconds that a stream may be silent. */
const SILENCE_MS = 300_000;
const PROBE_MS = 30_000;

/** A server, and how it is asked. */
export interface EndpointSettings extends ServerLimits {
  /** As a config has it. */
  readonly baseUrl: string;
  /** Goes into a header of requests to this server and nowhere else. */
  readonly key?: string | undefined;
  /** Sends the key over http, too, where others on the way could read it. */
  readonly allowsPlainKey?: boolean;
  /** Ms until an answer must be whole. */
  readonly deadlineMs: number;
  /** Asks for answers piece by piece, which keeps slow ones from looking dead. */
  readonly isStreaming?: boolean;
  /** Where what is learned of the server outlives this process. */
  readonly memory?: HabitMemory;
  /** Called where many answers are no replies, which is no error yet. */
  readonly tell?: ((message: string) => void) | undefined;
  readonly firstWaitMs?: number;
  readonly clock?: Clock;
  /** In [0, 1), for the jitter of waits. */
  readonly random?: () => number;
}

/** A server's first answer about itself. */
export interface ServerFacts {
  /** Its models; empty where it has no list of them. */
  readonly models: readonly string[];
  /** The program, where it gives itself away. */
  readonly program?: "vLLM" | "SGLang" | "Ollama" | "llama.cpp" | "OpenAI";
}

/** The machine's own time. */
export const CLOCK: Clock = {
  now: () => performance.now(),
  wait: async (ms, signal) => {
    try {
      await setTimeout(ms, undefined, { signal });
    } catch {
      signal.throwIfAborted();
    }
  },
};

/**
 * Client of one OpenAI-compatible server, for judging and for generating: vLLM, SGLang, TGI, Ollama, llama.cpp, LM
 * Studio, OpenAI.
 *
 * It keeps to the server's limits, asks again after what passes (408, 409, 429, 5xx, broken connections, garbled answers)
 * with growing waits or those that the server names, and leaves a server alone that fails again and again.
 */
export class ModelClient {
  readonly server: string;
  private readonly base: URL;
  private readonly settings: EndpointSettings;
  private readonly secret: Secret | undefined;
  private readonly faults: Faults;
  private readonly clock: Clock;
  private readonly connections: Connections;
  private readonly limiter: Limiter;
  private readonly breaker: Breaker;
  private readonly garbled: GarbledAnswers;
  private readonly habits = new Map<string, Promise<Habits>>();
  private facts: Promise<ServerFacts> | undefined;

  /** @throws {ServerError} when the address or the key does not do. */
  constructor(settings: EndpointSettings) {
    this.base = baseAddress(settings.baseUrl);
    this.server = this.base.href;
    this.settings = settings;
    this.secret = this.secretOf(settings);
    this.faults = new Faults(this.server, this.secret);
    this.clock = settings.clock ?? CLOCK;
    this.connections = new Connections(this.server);
    this.limiter = new Limiter(settings, this.clock);
    const { clock, faults } = this;
    const { firstWaitMs = FIRST_WAIT_MS, tell } = settings;
    this.breaker = new Breaker(clock, firstWaitMs);
    this.garbled = new GarbledAnswers({ faults, clock, firstWaitMs, tell });
  }

  /**
   * Asks a model for a reply.
   * @throws {ServerError} after all attempts; `isLocal` tells whether other requests are worth making.
   * @throws the signal's reason, at any moment.
   */
  async ask(model: string, request: ModelRequest, asked: AbortSignal): Promise<ModelReply> {
    const signal = AbortSignal.any([asked, this.garbled.signal]);
    const { isRemembered } = await this.habitsOf(model);
    if (!isRemembered) await this.probe(signal);
    const { firstWaitMs = FIRST_WAIT_MS, random = Math.random } = this.settings;
    const before = this.breaker.nSuccesses;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attempt(model, request, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ServerError)) throw error;
        const isAgain = error.isPassing && attempt < ATTEMPTS && (error.retryAfter ?? 0) <= LONGEST_ASKED_MS;
        if (!isAgain) {
          const isLocal = error.fault === "garbled" || this.breaker.nSuccesses > before;
          throw this.faults.final(error, { attempts: attempt, isLocal });
        }
        const grown = Math.min(LONGEST_WAIT_MS, firstWaitMs * 2 ** (attempt - 1));
        // The wait that the server asks for is the least: jitter comes on top, so that not all come back at once.
        const wait =
          error.retryAfter === undefined ? grown * (0.5 + random() / 2) : error.retryAfter + grown * random();
        if (error.retryAfter !== undefined) this.limiter.pause(error.retryAfter);
        await this.clock.wait(wait, signal);
      }
    }
  }

  /**
   * The server's description of itself: asked for once, then remembered.
   * @throws {ServerError} when it refuses the key, or the address does not do.
   */
  async probe(signal: AbortSignal): Promise<ServerFacts> {
    this.facts ??= this.look(signal).catch((error: unknown) => {
      // The first request, which is repeated, shows if it is down.
      if (error instanceof ServerError && error.isPassing) return { models: [] };
      this.facts = undefined;
      throw error;
    });
    return this.facts;
  }

  /** Closes idle connections. */
  close(): void {
    this.connections.close();
  }

  private secretOf({ key, allowsPlainKey = false }: EndpointSettings): Secret | undefined {
    if (key === undefined || key === "") return undefined;
    const facts = { fault: "key", server: this.server } as const;
    if (!isKey(key)) throw new ServerError("the key is not one", { ...facts, remedy: "it is one word of ASCII" });
    if (!isPrivate(this.base) && !allowsPlainKey) {
      const remedy = "use https, or set plainKey if the network is yours";
      throw new ServerError("a key would be sent over http, for others to read", { ...facts, remedy });
    }
    return new Secret(key);
  }

  private async look(signal: AbortSignal): Promise<ServerFacts> {
    const answer = await this.send("GET", "models", undefined, signal, PROBE_MS);
    const value = answer.status < 400 ? parsed(await this.text(answer)) : undefined;
    answer.close();
    // A key may be good for replies and not for this list, which is 403.
    if (answer.status === 401) throw this.faults.refused(answer.status, undefined);
    const list = (value as { readonly data?: unknown } | undefined)?.data;
    const entries = Array.isArray(list) ? (list as unknown[]).slice(0, MOST_MODELS) : [];
    const models = entries.flatMap((one) => {
      const id = (one as { readonly id?: unknown } | null)?.id;
      return typeof id === "string" ? [this.shown(id)] : [];
    });
    const owner = (entries[0] as { readonly owned_by?: unknown } | null | undefined)?.owned_by;
    const program = typeof owner === "string" ? PROGRAMS[owner] : undefined;
    return { models, ...(program !== undefined && { program }) };
  }

  /** One attempt, in turn; what the server does not take is left out and asked again at once. */
  private async attempt(model: string, request: ModelRequest, signal: AbortSignal): Promise<ModelReply> {
    const turn = await this.limiter.turn(estimatedTokens(request), signal);
    let reply: ModelReply | undefined;
    try {
      await this.breaker.pass(signal);
      reply = await this.once(model, request, signal);
      this.breaker.succeeded();
      this.garbled.passed();
      return reply;
    } catch (error) {
      this.failed(error);
      throw error;
    } finally {
      turn.end(reply === undefined ? undefined : tokensOf(reply));
    }
  }

  private failed(error: unknown): void {
    const { breaker, garbled, settings } = this;
    // A server that says no is well.
    if (!(error instanceof ServerError) || !error.isPassing || error.status === 429) breaker.ended();
    else if (error.fault !== "garbled") breaker.failed();
    else {
      breaker.failed(GARBLED_COOLING * (settings.firstWaitMs ?? FIRST_WAIT_MS));
      garbled.came(error);
    }
  }

  private async once(model: string, request: ModelRequest, signal: AbortSignal): Promise<ModelReply> {
    const habits = await this.habitsOf(model);
    const path = typeof request.prompt === "string" ? "completions" : "chat/completions";
    for (let left = MOST_CHANGES; ; left--) {
      const { nChanges } = habits;
      const body = habits.body(request, this.settings.isStreaming ?? false);
      const answer = await this.send("POST", path, body, signal, this.settings.deadlineMs);
      if (answer.status < 300) {
        const reply = await this.read(answer);
        await habits.worked();
        return reply;
      }
      const complaint = complaintOf(parsed(await this.text(answer).catch(() => "")));
      const isRefused = answer.status === 400 || answer.status === 422;
      if (isRefused && left > 0 && (habits.nChanges > nChanges || (await habits.change(complaint, body)))) continue;
      throw this.faults.refused(answer.status, complaint, answer, model);
    }
  }

  private async send(
    method: "GET" | "POST",
    path: string,
    body: object | undefined,
    signal: AbortSignal,
    deadlineMs: number,
  ): Promise<Answer> {
    const headers = {
      accept: "application/json, text/event-stream",
      "accept-encoding": "identity",
      "user-agent": "salsa",
      ...(this.secret !== undefined && { authorization: this.secret.header() }),
    };
    const url = new URL(`${this.base.href}/${path}`);
    const patience = { deadlineMs, silenceMs: Math.min(SILENCE_MS, deadlineMs) };
    if (body === undefined) return this.connections.send({ url, method, headers }, patience, signal);
    const text = JSON.stringify(body);
    const sized = { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) };
    return this.connections.send({ url, method, headers: { ...headers, ...sized }, body: text }, patience, signal);
  }

  private async text(answer: Answer): Promise<string> {
    const pieces: Buffer[] = [];
    for await (const piece of this.bounded(answer.body)) pieces.push(piece);
    answer.close();
    return Buffer.concat(pieces).toString("utf8");
  }

  private async *bounded(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
    let bytes = 0;
    for await (const piece of body) {
      bytes += piece.byteLength;
      if (bytes > MOST_BYTES) throw this.faults.garbled(`an answer of more than ${MOST_BYTES} bytes`);
      yield piece;
    }
  }

  private async read(answer: Answer): Promise<ModelReply> {
    const parts = new ReplyParts();
    if (/^text\/event-stream\b/i.test(answer.headers["content-type"] ?? "")) await this.readStream(answer, parts);
    else this.readWhole(await this.text(answer), parts);
    const reply = parts.reply();
    const { text, reasoning, model } = reply;
    return {
      ...reply,
      text: this.shown(text),
      ...(reasoning !== undefined && { reasoning: this.shown(reasoning) }),
      ...(model !== undefined && { model: this.shown(model) }),
    };
  }

  private readWhole(text: string, parts: ReplyParts): void {
    if (/^\s*</.test(text)) {
      // One that has replied before has the right address, and somebody between has put up a page.
      throw this.breaker.nSuccesses === 0 ? this.faults.page(text) : this.faults.garbled("a web page", text);
    }
    const value = parsed(text);
    const complaint = complaintOf(value);
    if (complaint !== undefined) throw this.faults.inAnswer(complaint);
    if (value === undefined || !parts.add(value) || !parts.isBegun)
      throw this.faults.garbled("an answer that is not a reply", text);
  }

  private async readStream(answer: Answer, parts: ReplyParts): Promise<void> {
    let isDone = false;
    try {
      for await (const data of eventData(this.bounded(answer.body))) {
        if (data.trim() === "[DONE]") {
          isDone = true;
          break;
        }
        const value = parsed(data);
        const complaint = complaintOf(value);
        if (complaint !== undefined) throw this.faults.inAnswer(complaint);
        if (value === undefined || !parts.add(value)) throw this.faults.garbled("a stream that is not a reply", data);
      }
    } catch (error) {
      throw error instanceof StreamError ? this.faults.garbled(error.message) : error;
    } finally {
      answer.close();
    }
    if (!parts.isEnded)
      throw this.faults.garbled(isDone ? "a stream without an end of its reply" : "a stream that is cut off");
  }

  private async habitsOf(model: string): Promise<Habits> {
    const habits = this.habits.get(model) ?? Habits.of({ server: this.server, model }, this.settings.memory);
    this.habits.set(model, habits);
    return habits;
  }

  private shown(text: string): string {
    return this.secret?.hide(text) ?? text;
  }
}

const PROGRAMS: Readonly<Record<string, ServerFacts["program"]>> = {
  vllm: "vLLM",
  sglang: "SGLang",
  library: "Ollama",
  llamacpp: "llama.cpp",
  openai: "OpenAI",
  system: "OpenAI",
};

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return undefined;
  }
}
