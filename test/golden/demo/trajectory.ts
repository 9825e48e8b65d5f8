import * as fs from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type ParseError, parse } from "jsonc-parser";
import type { RunEvent } from "../../../engine/protocol/events.ts";

/** The recorded run: by stage, then by metric, its values with their steps. Made by `record.ts`. */
export const TRAJECTORY = fileURLToPath(new URL("./trajectory.json", import.meta.url));

const DEMO = fileURLToPath(new URL("../../../examples/miniinstruct/demo.salsa.json", import.meta.url));

/** Losses, scores and the terms that hold a policy back; not throughput, which is the machine's. */
const METRICS = [
  ...["pretrain/loss", "sft/loss", "reward/loss", "reward/accuracy", "reward/heldOutAccuracy"],
  ...["objective/score", "objective/kl", "objective/entropy", "objective/gold", "loss/policy", "loss/value"],
  ...["choice/beta", "choice/score"],
];

/** A run's path: `[step, value]` of each metric of each stage. */
export type Trajectory = Readonly<Record<string, Readonly<Record<string, readonly (readonly [number, number])[]>>>>;

/** The path of a run, from its events. */
export function trajectoryOf(events: readonly RunEvent[]): Trajectory {
  const stages: Record<string, Record<string, [number, number][]>> = {};
  for (const event of events) {
    if (event.kind !== "metrics") continue;
    for (const [metric, value] of Object.entries(event.values)) {
      if (value === null || !METRICS.includes(metric)) continue;
      ((stages[event.stage] ??= {})[metric] ??= []).push([event.step, value]);
    }
  }
  return stages;
}

/** The demo with as few steps as show its effect. */
export async function shortenedDemo(): Promise<object> {
  const errors: ParseError[] = [];
  const demo = parse(await fs.readFile(DEMO, "utf8"), errors, { allowTrailingComma: true }) as Record<string, object>;
  if (errors.length > 0) throw new SyntaxError(`${DEMO} is not JSON with comments`);
  const { model, sft, reward, rlhf, evaluation } = demo;
  const { pretrain } = model as { readonly pretrain: object };
  return {
    ...demo,
    model: { ...model, pretrain: { ...pretrain, steps: 40 } },
    sft: { ...sft, steps: 10 },
    reward: { ...reward, pairs: 128, epochs: 1 },
    rlhf: { ...rlhf, iterations: 2 },
    evaluation: { ...evaluation, prompts: 32 },
  };
}
