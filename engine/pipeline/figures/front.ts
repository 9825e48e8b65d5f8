import type { XYPoint, XYSeries } from "../../figures/index.ts";
import { mean } from "../../evaluation/statistics/mean.ts";
import { meanEstimate, meanIntervalWords } from "./estimates.ts";
import type { FigureFacts } from "./facts.ts";
import type { FigureState, Lack, PaperFigure } from "./figure.ts";
import { betasLack, ppoLack, salsaLack } from "./lacks.ts";
import { comparedArms } from "./roles.ts";
import { type BetaTraining, betaTrainings, lastScores, lastValues } from "./trainings.ts";

/** Candidates that span what the paper tried, and more. */
const BETAS = [0.01, 0.05, 0.2, 0.8];

/** Reward–KL fronts: where each arm ends for each of its β. */
export const front: PaperFigure = {
  name: "front",
  source: "Section A.4",
  title: "Reward and KL",
  description: "Reward against the KL to the reference at the end of each training, one line an arm, one point a β",
  draw,
};

async function draw(facts: FigureFacts): Promise<FigureState> {
  const { choices, config, roles, state } = facts;
  const trainings = betaTrainings(facts);
  const { ppo, salsa } = comparedArms(roles);
  const few = roles.filter((role) => role.betas.length < 3);
  const lacks: Lack[] = [
    ...(ppo === undefined ? [ppoLack(config)] : []),
    ...(salsa === undefined ? [salsaLack(config)] : []),
    ...(few.length === 0
      ? []
      : [betasLack(few, BETAS, `Fewer than three β, so no front, of ${few.map(({ name }) => name).join(", ")}`)]),
  ];
  const series: XYSeries[] = [];
  for (const arm of roles) {
    const points: XYPoint[] = [];
    for (const training of trainings.filter((one) => one.arm === arm)) {
      const kl = lastValues(training, "objective/kl", state);
      const score = meanEstimate(await lastScores(training, facts), `${arm.name}, β ${training.beta}`);
      if (kl.length > 0 && score === undefined && arm.method === "dpo") lacks.push(unscored(training));
      if (score === undefined || kl.length === 0) continue;
      points.push({
        x: mean(kl.map(mean)),
        ...(arm.betas.length > 1 && { label: labelOf(training, choices) }),
        ...score,
        n: score.n * (arm.method === "ppo" ? arm.batchSize : 1),
      });
    }
    points.sort((a, b) => a.x - b.x);
    if (points.length > 0) series.push({ name: arm.name, color: arm.color, look: "line", points });
  }
  if (series.length === 0) return { lacks: [...lacks, { what: "No arm has recorded its KL yet" }] };
  const points = series.flatMap((one) => one.points);
  const nSeeds = Math.max(...points.map((point) => point.nSeeds));
  const [least, most] = [Math.min(...points.map(({ n }) => n)), Math.max(...points.map(({ n }) => n))];
  const n = least === most ? String(most) : `${least} to ${most}`;
  return {
    spec: {
      title: "Reward and KL by β",
      caption: `Mean score of the reward model and mean KL, per response and to the arm's own reference, of the rollouts in the last tenth of the iterations. ${dpoWords(facts, series)}${meanIntervalWords(nSeeds, "those iterations' means or answers")} n = ${n} rollouts or answers a point.`,
      panels: [
        {
          kind: "xy",
          title: "",
          x: { label: "KL to the arm's reference", unit: "nats per response" },
          y: { label: "Reward-model score" },
          series,
        },
      ],
    },
    lacks,
  };
}

function unscored({ arm, beta }: BetaTraining): Lack {
  return { what: `${arm.name}, which makes no rollouts, has no answers with β ${beta} that the reward model scored` };
}

/** How the points of arms by DPO came about; nothing where none has one. */
function dpoWords({ roles }: FigureFacts, series: readonly XYSeries[]): string {
  const drawn = roles.filter(({ name, method }) => method === "dpo" && series.some((one) => one.name === name));
  if (drawn.length === 0) return "";
  const names = drawn.map(({ name }) => name).join(", ");
  return `DPO makes no rollouts: of ${names}, the KL is that of the answers that training samples, in its last tenth, and the score that of the final policy's answers to the validation prompts, or with one β to the first benchmark, sampled as the evaluation says. `;
}

/** "β 0.2", or "β 0.2, chosen" where the arm is that one. */
function labelOf({ arm, beta }: BetaTraining, choices: FigureFacts["choices"]): string {
  const isChosen = choices.some(({ product, chosen }) => product === arm.name && chosen === beta);
  return isChosen ? `β ${beta}, chosen` : `β ${beta}`;
}
