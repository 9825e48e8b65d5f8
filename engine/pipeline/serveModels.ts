import { DeviceWeights, SlotDecoder, handOver, parameterCount } from "../models/index.ts";
import { ModelServer, ServedModel, type ListenSettings } from "../serving/server/index.ts";
import { openBackend } from "./backends.ts";
import type { LoadChoice } from "./chatChoice.ts";
import { AS_STORED, loadFrozenModel } from "./modelFolder.ts";

/** A checkpoint to be served. */
export interface ServedCheckpoint {
  /** The name that requests ask for it by. */
  readonly name: string;
  readonly folder: string;
}

/** A request of `salsa serve-model`. */
export interface ServeRequest extends ListenSettings, LoadChoice {
  readonly checkpoints: readonly ServedCheckpoint[];
  /** Longest sequence, prompt and answer together, in tokens; fewer where a model sees fewer. */
  readonly context: number;
  /** Answers of one model that are decoded side by side. */
  readonly parallel: number;
  /** Answers of one model that may wait. */
  readonly queue: number;
  /** Worker threads; 0 for one per core. */
  readonly threads: number;
  /** Called once requests are answered. */
  readonly ready: (serving: Serving) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Models to serve, and the address. */
export interface Serving {
  readonly baseUrl: string;
  readonly backend: string;
  readonly models: readonly ServingModel[];
}

/** One model that is served. */
export interface ServingModel extends ServedCheckpoint {
  readonly context: number;
  readonly parameters: number;
  /** Memory of each answer under way, in bytes. */
  readonly answerBytes: number;
}

/**
 * Serves checkpoints until the signal.
 *
 * @throws {CheckpointError} {ModelConfigError} {TokenizerError} when one cannot be loaded.
 * @throws {ListenError} when the port cannot be had.
 */
export async function serveModels(request: ServeRequest): Promise<void> {
  const { checkpoints, signal, ready } = request;
  const backend = await openBackend({ backend: "auto", threads: request.threads });
  try {
    const served: ServedModel[] = [];
    const listed: ServingModel[] = [];
    for (const { name, folder } of checkpoints) {
      signal.throwIfAborted();
      const { config, weights, format } = await loadFrozenModel(folder, AS_STORED, ["language"], request);
      const context = Math.min(request.context, config.maxPositions);
      const decoder = new SlotDecoder(backend, config, { context, nSlots: request.parallel });
      const model = new ServedModel({
        ...{ id: name, format, context, decoder, vocabularySize: config.vocabularySize },
        weights: DeviceWeights.upload(backend, handOver(weights)),
        mostWaiting: request.queue,
        created: Math.floor(Date.now() / 1000),
      });
      served.push(model);
      listed.push({ name, folder, context, parameters: parameterCount(config), answerBytes: decoder.slotBytes });
    }
    const server = await ModelServer.listen(served, request);
    try {
      ready({ baseUrl: server.baseUrl, backend: backend.name, models: listed });
      await aborted(signal);
    } finally {
      await server.close();
    }
  } finally {
    await backend.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
