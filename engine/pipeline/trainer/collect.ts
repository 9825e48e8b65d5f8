import { join } from "node:path";
import type { Trainer } from "../../cluster/trainer/trainer.ts";
import type { TrainedKind } from "../../config/trainedKinds.ts";
import { allFinite } from "../../compute/graph/dtype.ts";
import { type Head, formatModelConfig, parameters, parseModelConfig } from "../../models/index.ts";
import { CheckpointError } from "../../protocol/errors.ts";
import {
  CHAT_TEMPLATE_FILE,
  checkpointContents,
  readAsWritten,
  readCheckpoint,
  readCheckpointFiles,
} from "../../storage/checkpoints.ts";
import { atomicWrite } from "../../storage/disk.ts";
import { isInputFolder } from "../../storage/inputs.ts";
import type { JsonObject } from "../../storage/json.ts";
import { placeIn } from "../../storage/places.ts";
import { listAt } from "../../storage/reading.ts";
import { tokenizerDifference } from "../../storage/tokenizerJson.ts";
import { linkFiles, makeNewFolder } from "../../storage/writing.ts";
import { loadFormat } from "../chatChoice.ts";
import { writeRewardFacts } from "../stages/rewardModel.ts";
import { JOB_PLACES } from "./places.ts";
import type { TrainedStage } from "./trainedStage.ts";

/** A job that has finished. */
export interface FinishedJob {
  readonly by: Pick<Trainer, "title" | "policies">;
  readonly stage: Pick<TrainedStage, "kind" | "inputs">;
  /** The job's. */
  readonly folder: string;
  /** Becomes the artifact. */
  readonly into: string;
  /** Of a reward model: held-out accuracy by the trainer's last evaluation, and the pairs. */
  readonly reward?: Parameters<typeof writeRewardFacts>[1];
  readonly signal?: AbortSignal;
}

/** The folders beside a job's model, and those that could not stand there. */
export interface BesideModel {
  /** Names of folders in the artifact: the critic's and those of checkpoints. */
  readonly kept: readonly string[];
  /** The faults of the other checkpoints' models. */
  readonly leftOut: readonly CheckpointError[];
}

/**
 * Takes the model that a job has written as a stage's result: an ordinary Hugging Face folder, whose every tensor has been
 * read.
 *
 * A trainer may write the name of its own class into config.json where a model has a scalar head; other programs get the
 * class of transformers whose tensors it has. OpenRLHF reads scores at end-of-text, also where that is the padding token, before
 * which transformers and this engine look: such a token is not named as padding any more.
 *
 * The critic and the models of checkpoints, where they were kept, come to stand beside it. A job that is killed while it
 * writes the model of a checkpoint leaves it in parts, and the one that goes on from that checkpoint does not write it
 * again: such a model is left out.
 *
 * @throws {CheckpointError} when the folder is not whole, a tensor is missing, of another shape or not finite, or the tokenizer
 * is not the one that the training began with.
 */
export async function collectTrained(job: FinishedJob): Promise<BesideModel> {
  const { by, stage, folder, into, reward, signal } = job;
  const output = join(folder, JOB_PLACES.output);
  await takeModel(output, { by, stage, into, signal });
  if (reward !== undefined) await writeRewardFacts(into, reward);
  const critic = `${output}_critic`;
  const hasCritic = await isInputFolder(critic);
  if (hasCritic) await checkWeights(critic, { by, head: "score", signal });
  const kept = new Map<string, string>();
  const leftOut: CheckpointError[] = [];
  for (const [name, policy] of await policiesIn(join(folder, JOB_PLACES.checkpoints), by)) {
    try {
      await checkWeights(policy, { by, head: headOf(stage.kind), signal, isOutline: true });
      kept.set(name, policy);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      leftOut.push(error);
    }
  }
  if (hasCritic) kept.set("critic", critic);
  for (const [name, from] of kept) {
    const contents = new Set(await checkpointContents(from));
    await makeNewFolder(join(into, name));
    await linkFiles(from, join(into, name), (file) => contents.has(file));
  }
  return { kept: [...kept.keys()], leftOut };
}

type SavedHead = Extract<Head, "language" | "score">;

function headOf(kind: TrainedKind): SavedHead {
  return kind === "reward" ? "score" : "language";
}

async function takeModel(
  output: string,
  {
    by,
    stage,
    into,
    signal,
  }: Pick<FinishedJob, "by" | "stage" | "into"> & { readonly signal: AbortSignal | undefined },
): Promise<void> {
  const { kind, inputs } = stage;
  const head = headOf(kind);
  const start =
    "base" in inputs && kind === "sft" ? inputs.base : (inputs as { readonly init?: typeof inputs.base }).init;
  if (start === undefined) throw new TypeError("trainer: a stage starts from no model");
  await checkWeights(output, { by, head, signal });
  await checkTokenizer(output, start.folder);
  const contents = new Set(await checkpointContents(output));
  await linkFiles(output, into, (name) => contents.has(name));
  const config = await adopted(output, head);
  await atomicWrite(join(into, "config.json"), `${JSON.stringify(config, undefined, 2)}\n`);
  const { template } = inputs;
  const { source } = await loadFormat(start.folder, template === undefined ? {} : { template });
  if (source !== undefined) await atomicWrite(join(into, CHAT_TEMPLATE_FILE), source.text);
}

/** The config of a model with the class of transformers in place of a trainer's own. */
async function adopted(folder: string, head: SavedHead): Promise<JsonObject> {
  const written = (await readAsWritten(folder, "config")) ?? {};
  if (head === "language") return written;
  const { architectures: _own, ...rest } = written;
  const model = await scoreModelOf(folder);
  const { architectures, num_labels, id2label, label2id } = formatModelConfig(model, "score") as JsonObject;
  const { ends } = await loadFormat(folder);
  const { pad, ...tokens } = model.specialTokens;
  const isEnd = pad !== undefined && (ends.includes(pad) || (tokens.eos ?? []).includes(pad));
  return { ...rest, architectures, num_labels, id2label, label2id, ...(isEnd && { pad_token_id: null }) };
}

/** The shape of a model that config.json names by a trainer's own class: its type says which it is. */
async function scoreModelOf(folder: string): Promise<ReturnType<typeof parseModelConfig>> {
  const { architectures: _own, ...config } = (await readCheckpointFiles(folder)).config;
  return parseModelConfig(config, join(folder, "config.json"));
}

/** How the weights of a folder are checked. */
interface CheckSettings extends Pick<FinishedJob, "by"> {
  readonly head: SavedHead;
  readonly signal: AbortSignal | undefined;
  /** True if their names and shapes are looked at alone. */
  readonly isOutline?: boolean;
}

/** Looks at every tensor, and reads them one by one. */
async function checkWeights(folder: string, { by, head, signal, isOutline = false }: CheckSettings): Promise<void> {
  const checkpoint = await readCheckpoint(folder);
  try {
    const isScore = head === "score";
    const model = isScore
      ? await scoreModelOf(folder)
      : parseModelConfig(checkpoint.config, join(folder, "config.json"));
    for (const [tensor, shape] of parameters(model, [head])) {
      signal?.throwIfAborted();
      const found = checkpoint.weights.tensors.get(tensor);
      const remedy = "look at the job's log: it may have ended before it had saved everything";
      const place = { file: folder, tensor, remedy };
      if (found === undefined) throw new CheckpointError(`${by.title} has not saved it`, place);
      if (found.shape.join() !== shape.join()) {
        throw new CheckpointError(`has shape [${found.shape.join(", ")}], not [${shape.join(", ")}]`, place);
      }
      if (isOutline || allFinite(await checkpoint.weights.readTensor(tensor))) continue;
      const diverged = "lower the learning rate, and look at the curves of the training";
      throw new CheckpointError("holds numbers that are not finite", { ...place, remedy: diverged });
    }
  } finally {
    await checkpoint.weights.close();
  }
}

async function checkTokenizer(folder: string, start: string): Promise<void> {
  const [saved, own] = await Promise.all([folder, start].map(readCheckpointFiles));
  const at = tokenizerDifference(own?.tokenizer, saved?.tokenizer);
  if (at === undefined) return;
  const remedy = "does the job's model come from another folder than the stage's input?";
  throw new CheckpointError(`the tokenizer is not that of ${start}: it differs at ${at}`, { file: folder, remedy });
}

/** Folders of the models of checkpoints, by `global_step<N>_hf`. */
async function policiesIn(
  checkpoints: string,
  { policies }: FinishedJob["by"],
): Promise<readonly (readonly [name: string, folder: string])[]> {
  const folder = join(checkpoints, policies.folder);
  if (!(await isInputFolder(folder))) return [];
  const names = (await listAt(placeIn(folder))).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const found = names.flatMap((name) => {
    const [, tag, step] = policies.tag.exec(name) ?? [];
    return tag === undefined ? [] : [{ step: Number(step), name: `${tag}_hf`, folder: join(folder, name) }];
  });
  return found.toSorted((a, b) => a.step - b.step).map((one) => [one.name, one.folder]);
}
