import { repeated, unknownName } from "./complaints.ts";
import type { PartialConfig } from "./complaints.ts";
import type { Complaint } from "./complaint.ts";
import type { ModelNames } from "./names.ts";

type WrittenRlhf = NonNullable<PartialConfig["rlhf"]>;
type WrittenArm = NonNullable<PartialConfig["arms"]>[string];

/** RLHF settings as one arm ends up with them, and where its own are written. */
interface Arm {
  readonly path: string[];
  readonly own: Partial<WrittenRlhf> | WrittenArm;
  readonly settings: WrittenRlhf;
}

/** RLHF settings that do not go together, in the section or in an arm. */
export function checkArms(config: PartialConfig): Complaint[] {
  const { rlhf, arms = {}, evaluation } = config;
  if (rlhf === undefined) return [];
  const section: Arm = { path: ["rlhf"], own: rlhf, settings: rlhf };
  const own = Object.entries(arms).map(([name, arm]): Arm => {
    const settings = { ...rlhf, ...arm } as WrittenRlhf;
    return { path: ["arms", name], own: arm, settings };
  });
  const validation = evaluation?.validationPrompts;
  return [section, ...own].flatMap((arm) => [
    ...checkBatches(arm),
    ...checkScores(arm),
    ...checkPositions(arm, config),
    ...checkBetas(arm, validation),
  ]);
}

/** Starts and references that are not models of the run. */
export function checkReferences(config: PartialConfig, names: ModelNames): Complaint[] {
  const section = { path: ["rlhf"], init: config.rlhf?.init, reference: config.rlhf?.reference };
  const arms = Object.entries(config.arms ?? {}).map(([name, arm]) => ({ ...arm, path: ["arms", name] }));
  return [section, ...arms].flatMap(({ path, init, reference = [] }) => {
    const start = init === undefined ? [] : unknownName([...path, "init"], init, names.references);
    const place = [...path, "reference"];
    if (typeof reference === "string") return [...start, ...unknownName(place, reference, names.references)];
    const unknown = reference.flatMap((name, index) => unknownName([...place, index], name, names.references));
    return [...start, ...unknown, ...repeated(place, reference)];
  });
}

function checkBatches({ path, own, settings }: Arm): Complaint[] {
  const { batchSize, minibatchSize, gradientAccumulation } = settings;
  const isOwn = [own.batchSize, own.minibatchSize, own.gradientAccumulation].some((one) => one !== undefined);
  const chunk = minibatchSize * gradientAccumulation;
  if (!isOwn || batchSize % chunk === 0) return [];
  const key =
    own.minibatchSize === undefined
      ? own.batchSize === undefined
        ? "gradientAccumulation"
        : "batchSize"
      : "minibatchSize";
  const message = `minibatchSize ${minibatchSize} × gradientAccumulation ${gradientAccumulation} does not divide batchSize ${batchSize}`;
  const remedy = `use a batchSize of ${Math.max(1, Math.round(batchSize / chunk)) * chunk}, or a minibatchSize that divides it`;
  return [{ path: [...path, key], message, remedy }];
}

function checkScores({ path, own, settings }: Arm): Complaint[] {
  if (own.scoreNormalizing !== true || settings.scoreScaling) return [];
  const remedy = "set scoreScaling to true as well; the mean is only subtracted while scaling";
  return [{ path: [...path, "scoreNormalizing"], message: "has no effect without scoreScaling", remedy }];
}

/** A new model's positions bound what it can write; 64 is the architecture's default. */
function checkPositions({ path, own }: Arm, { model, task }: PartialConfig): Complaint[] {
  const isNew = task !== undefined && model?.checkpoint === undefined;
  const room = isNew ? (model?.architecture?.maxPositions ?? 64) : Infinity;
  if (own.maxNewTokens === undefined || own.maxNewTokens < room) return [];
  const message = `${own.maxNewTokens} leaves no room for a prompt in the model's ${room} positions`;
  return [{ path: [...path, "maxNewTokens"], message, remedy: "use less, or raise model.architecture.maxPositions" }];
}

function checkBetas({ path, own }: Arm, validationPrompts: number | undefined): Complaint[] {
  if (!Array.isArray(own.beta)) return [];
  const place = [...path, "beta"];
  const twice = repeated(place, own.beta);
  if (own.beta.length < 2 || validationPrompts !== 0) return twice;
  const remedy = "set evaluation.validationPrompts above 0, or give one β";
  return [
    ...twice,
    { path: place, message: "a list needs a validation split to choose on, which has 0 prompts", remedy },
  ];
}
