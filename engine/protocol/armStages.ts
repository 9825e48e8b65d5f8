import type { StageInfo } from "./stages.ts";

/** Kinds of stages that train a policy. Add that of a new algorithm here: graph, curves and tables follow. */
const TRAININGS: ReadonlySet<string> = new Set(["rlhf", "dpo"]);

/** Kinds of stages that do a part of a training, with the kind of the whole. */
const PARTS: ReadonlyMap<string, string> = new Map([["rung", "rlhf"]]);

/** The kind of training that a stage does, all of it or a part; its own kind for every other stage. */
export function trainingKind(kind: string): string {
  return PARTS.get(kind) ?? kind;
}

/** True of a part of a training that one of some stages goes on from, whose curves hold those of the part. */
export function isContinued(
  { kind, product, seed, rung = Infinity }: TrainingPlace,
  stages: readonly TrainingPlace[],
): boolean {
  if (!PARTS.has(kind)) return false;
  const goesOn = (one: TrainingPlace): boolean =>
    trainingKind(one.kind) === trainingKind(kind) && one.product === product && one.seed === seed;
  return stages.some((one) => goesOn(one) && (one.rung ?? Infinity) > rung);
}

type TrainingPlace = Pick<StageInfo, "kind" | "product" | "seed" | "rung">;

/** True if a stage trains an arm's policy, or one of its candidates. */
export function trainsArm({ kind }: Pick<StageInfo, "kind">): boolean {
  return TRAININGS.has(kind);
}

/** True if a stage makes an arm's policy, by training it or by a choice, or belongs to one of its candidates. */
export function isOfArm({ kind, role }: Pick<StageInfo, "kind" | "role">): boolean {
  // A rung of successive halving decides about several arms.
  return kind !== "halving" && (role !== "result" || kind === "choice" || TRAININGS.has(kind));
}
