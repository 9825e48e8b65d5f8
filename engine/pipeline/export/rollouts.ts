import { join } from "node:path";
import { SAMPLES_FILE, type SampleHead, parseSampleHead } from "../../storage/formats/samples.ts";
import { LineTail, forEachLine } from "../../storage/lineTail.ts";
import { recordFolder } from "../../storage/recordFolder.ts";
import { isArtifactKey } from "../../storage/artifacts.ts";
import type { ExportRow, ExportTable, ExportedRun } from "./table.ts";

/** Rollouts that were kept for people to read. */
export const rolloutsTable: ExportTable = {
  name: "samples",
  description: "Responses that were sampled and kept during RLHF",
  columns: [
    { name: "stage", kind: "text", description: "Id of the stage within its run" },
    { name: "product", kind: "text", description: "Arm that the stage trains" },
    { name: "seed", kind: "integer", description: "Base seed; empty in a run with one" },
    { name: "step", kind: "integer", description: "RLHF iteration, from 1" },
    { name: "prompt", kind: "text", description: "Prompt" },
    { name: "response", kind: "text", description: "Response" },
    { name: "ended", kind: "flag", description: "True if the response ended by itself" },
    { name: "tokens", kind: "integer", description: "Length of the response in tokens" },
    { name: "score", kind: "number", description: "By the reward model" },
    { name: "gold", kind: "number", description: "True quality, where the task knows it" },
  ],
  async *rows(run) {
    const stages = new Map(run.state.stages.map((stage) => [stage.id, stage]));
    for (const source of sourcesOf(run)) {
      for await (const heads of keptRollouts(source.file)) {
        yield heads.flatMap(({ stage: there, step, prompt, response, ended, nTokens, score, gold }): ExportRow[] => {
          const id = source.stageOf(there);
          if (id === undefined) return [];
          const { product = "", seed = null } = stages.get(id) ?? {};
          return [[id, product, seed, step, prompt, response, ended, nTokens, score, gold ?? null]];
        });
      }
    }
  },
};

interface RolloutSource {
  readonly file: string;
  /** Id of a record's stage in the run; undefined for one that does not belong to it. */
  readonly stageOf: (there: string) => string | undefined;
}

/** The run's own file, and those of the stages that it took from earlier runs. */
function sourcesOf({ folder, root, state }: ExportedRun): readonly RolloutSource[] {
  const borrowed = state.stages.filter(({ status, key }) => status === "cached" && isArtifactKey(key));
  const taken = new Set(borrowed.map(({ id }) => id));
  return [
    { file: join(folder, SAMPLES_FILE), stageOf: (there) => (taken.has(there) ? undefined : there) },
    ...borrowed.map(({ id, key }) => ({
      file: join(recordFolder(root, key), SAMPLES_FILE),
      stageOf: (there: string) => (there === key ? id : undefined),
    })),
  ];
}

/**
 * The rollouts of a file that count, in its order: a resumed stage records some steps again, and these replace the earlier
 * ones. The file is read twice, so that none of it is held.
 */
export async function* keptRollouts(file: string): AsyncGenerator<readonly SampleHead[], undefined> {
  const kept = new Map<string, KeptSteps>();
  for await (const heads of headsOf(file))
    for (const { stage, step } of heads) {
      const steps = kept.get(stage) ?? new KeptSteps();
      kept.set(stage, steps);
      steps.add(step);
    }
  for (const steps of kept.values()) steps.rewind();
  const last = new Map<string, { readonly step: number; readonly seen: Set<string> }>();
  for await (const heads of headsOf(file)) {
    yield heads.filter(({ stage, step, prompt, response }) => {
      if (kept.get(stage)?.next() !== true) return false;
      // The same once more is a step that was taken again after a crash.
      const now = last.get(stage)?.step === step ? last.get(stage) : { step, seen: new Set<string>() };
      if (now === undefined) return true;
      last.set(stage, now);
      const text = JSON.stringify([prompt, response]);
      if (now.seen.has(text)) return false;
      now.seen.add(text);
      return true;
    });
  }
}

/** Which records of a stage count, by their places among the stage's own: some numbers a step. */
class KeptSteps {
  /** Of each kept step its first and last place, in order. */
  private readonly ranges: { readonly step: number; readonly from: number; to: number }[] = [];
  private place = 0;
  private range = 0;

  add(step: number): void {
    const { ranges } = this;
    let last = ranges[ranges.length - 1];
    if (last !== undefined && step < last.step) {
      while ((ranges[ranges.length - 1]?.step ?? -1) >= step) ranges.pop();
      last = undefined;
    }
    if (last?.step === step) last.to = this.place;
    else ranges.push({ step, from: this.place, to: this.place });
    this.place += 1;
  }

  rewind(): void {
    this.place = 0;
  }

  /** True if the next record counts. */
  next(): boolean {
    while ((this.ranges[this.range]?.to ?? Infinity) < this.place) this.range += 1;
    const isKept = (this.ranges[this.range]?.from ?? Infinity) <= this.place;
    this.place += 1;
    return isKept;
  }
}

async function* headsOf(file: string): AsyncGenerator<readonly SampleHead[], undefined> {
  for await (const block of new LineTail(file).blocks()) {
    const heads: SampleHead[] = [];
    forEachLine(block, (bytes) => {
      const head = parseSampleHead(bytes);
      if (head !== undefined) heads.push(head);
    });
    yield heads;
  }
}
