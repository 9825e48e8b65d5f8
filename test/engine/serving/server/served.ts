import { createWasmBackend } from "../../../../engine/compute/backends/wasm/index.ts";
import { DeviceWeights, SlotDecoder } from "../../../../engine/models/index.ts";
import { type ListenSettings, ModelServer, ServedModel } from "../../../../engine/serving/server/index.ts";
import { PromptFormat, type Tokenizer, wordLevelTokenizer } from "../../../../engine/text/index.ts";
import { PICO, picoWeights } from "../../models/pico.ts";

/** Words of the pico model, whose vocabulary has 19 tokens with the special ones. */
export const WORDS = [
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "red",
  "blue",
  "green",
  "cat",
  "dog",
  "hat",
  "sun",
  "sea",
  "sky",
];

/** Turns have no mark but a begin-of-text token at the front. */
const TEMPLATE = "{{ bos_token }}{% for m in messages %} {{ m.content }}{% endfor %}";

/** Settings of a test's server. */
export interface ServedOptions extends Partial<ListenSettings> {
  readonly nSlots?: number;
  readonly context?: number;
  readonly mostWaiting?: number;
  /** Without it, conversations are of one turn. */
  readonly template?: string | undefined;
}

/** A server of pico models on loopback. */
export interface Served {
  /** With `/v1`. */
  readonly baseUrl: string;
  readonly models: readonly ServedModel[];
  readonly tokenizer: Tokenizer;
  readonly server: ModelServer;
  /** Steps that the device took, by the number of answers in each. */
  readonly steps: readonly number[];
}

/** Serves two pico models, `pico` and `other`, with different weights. */
export async function withServed<T>(options: ServedOptions, test: (served: Served) => Promise<T>): Promise<T> {
  const { nSlots = 8, context = 60, mostWaiting = 64, host = "127.0.0.1", token, isRemote = false } = options;
  const template = "template" in options ? options.template : TEMPLATE;
  const backend = await createWasmBackend({ threads: 1 });
  const tokenizer = wordLevelTokenizer(WORDS);
  const steps: number[] = [];
  const models = ["pico", "other"].map((id, index) => {
    const decoder = new SlotDecoder(backend, PICO, { context, nSlots });
    const step = decoder.step.bind(decoder);
    decoder.step = (weights, rows) => {
      steps.push(rows.length);
      return step(weights, rows);
    };
    return new ServedModel({
      ...{ id, decoder, context, mostWaiting, created: 1_700_000_000, vocabularySize: PICO.vocabularySize },
      weights: DeviceWeights.upload(backend, picoWeights(index + 1)),
      format: new PromptFormat(tokenizer, template === undefined ? undefined : { text: template, where: "a test" }),
    });
  });
  const server = await ModelServer.listen(models, { host, port: 0, token, isRemote });
  try {
    return await test({ baseUrl: server.baseUrl, models, tokenizer, server, steps });
  } finally {
    await server.close();
    await backend.close();
  }
}

/** Posts a body as JSON. */
export async function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: text });
}
