import { hostname } from "node:os";
import * as z from "zod";
import { type BackendChoice, BackendUnavailableError } from "../../compute/backends/choose.ts";
import { descriptorOf } from "../../compute/backends/registry.ts";
import { BACKENDS } from "../../compute/backends/index.ts";
import { DataError } from "../../protocol/errors.ts";
import { freeBytesAt } from "../../storage/disk.ts";
import { placeBelow } from "../../storage/places.ts";
import { readText } from "../../storage/reading.ts";
import { discard, sweepAt, writeAt } from "../../storage/writing.ts";
import { type ComputeSettings, chooseBackend } from "../backends.ts";
import { machineMemory } from "../machineMemory.ts";

/** Folder of questions to machines and their answers, below the folder of runs and artifacts. */
const FOLDER = "cluster";
const MOST_BYTES = 1 << 20;
const name = z.string().max(1000);
const bytes = z.number().min(0);

/** Form of a question. */
export const questionSchema = z.object({
  /** Of the run that is to compute there. */
  backend: name,
  precision: z.exactOptional(z.enum(["f32", "bf16"])),
  threads: z.int().min(0),
});

/** A question to a machine of a cluster. */
export type WorkerQuestion = z.output<typeof questionSchema>;

const deviceSchema = z.object({
  id: name,
  name,
  uuid: z.exactOptional(name),
  memoryBytes: z.exactOptional(bytes),
  limits: z.object({ maxBytes: z.exactOptional(bytes), maxThreads: z.exactOptional(bytes) }),
  build: z.exactOptional(name),
});

const choiceSchema = z.object({
  backend: z.enum(BACKENDS.map((one) => one.name)),
  device: deviceSchema,
  precision: z.enum(["f32", "bf16"]),
  reason: z.string(),
});

/** Form of a machine's description of itself. */
export const answerSchema = z.object({
  host: name,
  node: name,
  /** Of its clock, in milliseconds since 1970. */
  time: z.number(),
  memoryBytes: bytes,
  freeBytes: bytes,
  /** The backend that it takes, or why there is none. */
  choice: z.union([choiceSchema, z.object({ lack: z.string() })]),
});

/** A machine of a cluster as it describes itself. */
export type WorkerFacts = Readonly<z.output<typeof answerSchema>>;

/** Writes a question to the shared folder. */
export async function askWorker(root: string, nonce: string, question: WorkerQuestion): Promise<void> {
  await sweep(root);
  await writeAt(placeBelow(root, `${FOLDER}/${nonce}.json`), JSON.stringify(question));
}

/** The answer to a question; undefined until it is there. @throws {DataError} when it does not fit. */
export async function workerAnswer(root: string, nonce: string): Promise<WorkerFacts | undefined> {
  const place = placeBelow(root, `${FOLDER}/${nonce}.answer.json`);
  const text = await readText(place, MOST_BYTES);
  if (text === undefined) return undefined;
  const { success, data } = answerSchema.safeParse(parsed(text));
  if (success) return data;
  throw new DataError("is no answer of a machine", { file: place.file, remedy: "try again" });
}

/** Removes a question and its answer. */
export async function forgetQuestion(root: string, nonce: string): Promise<void> {
  for (const end of ["json", "answer.json"]) await discard(placeBelow(root, `${FOLDER}/${nonce}.${end}`).file);
}

/**
 * Answers a question, on a machine of a cluster.
 * @throws {DataError} when the shared folder, or the question, is not there, or is none.
 */
export async function answerQuestion(root: string, nonce: string): Promise<void> {
  const place = placeBelow(root, `${FOLDER}/${nonce}.json`);
  const text = await readText(place, MOST_BYTES);
  if (text === undefined) {
    const remedy = "set runtime.cluster.sharedFolder to the path by which this machine sees the folder of runs";
    throw new DataError(`${hostname()} does not see the shared folder`, { file: root, remedy });
  }
  const question = questionSchema.safeParse(parsed(text));
  if (!question.success) throw new DataError("is no question to a machine", { file: place.file, remedy: "try again" });
  const facts = await machineFacts(root, question.data);
  await writeAt(placeBelow(root, `${FOLDER}/${nonce}.answer.json`), JSON.stringify(facts));
}

/** Describes this machine, for a run that is to compute here. @param root - The folder of runs and artifacts. */
export async function machineFacts(root: string, question: WorkerQuestion): Promise<WorkerFacts> {
  return {
    host: hostname(),
    node: process.version,
    time: Date.now(),
    memoryBytes: machineMemory(),
    freeBytes: await freeBytesAt(root),
    choice: await ownChoice(question),
  };
}

async function ownChoice(question: WorkerQuestion): Promise<WorkerFacts["choice"]> {
  try {
    const { descriptor, device, precision, reason } = await chooseBackend(question as ComputeSettings);
    return { backend: descriptor.name, device, precision, reason };
  } catch (error) {
    if (!(error instanceof BackendUnavailableError)) throw error;
    return { lack: error.message };
  }
}

/** A machine's choice, as if it had been made here. @throws {BackendUnavailableError} when it has none. */
export async function choiceOf({ host, choice }: WorkerFacts, isAuto: boolean): Promise<BackendChoice> {
  if ("lack" in choice) throw new BackendUnavailableError(`${host}: ${choice.lack}`);
  const { backend, device, precision, reason } = choice;
  const descriptor = await descriptorOf(backend);
  return { descriptor, device, devices: [device], precision, isAuto, reason, roomier: [] };
}

/** Removes what was left when a process died: an hour is enough for any question. */
async function sweep(root: string): Promise<void> {
  const longAgo = Date.now() - 3_600_000;
  await sweepAt(placeBelow(root, FOLDER), (_, file) =>
    Promise.resolve(Number(/^(\d+)-/.exec(file)?.[1] ?? Infinity) < longAgo),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
