import type { XYPoint, XYSeries } from "../../figures/index.ts";
import { mean } from "../../evaluation/statistics/mean.ts";
import { meanEstimate, meanIntervalWords } from "./estimates.ts";
import type { FigureFacts } from "./facts.ts";
import type { FigureState, PaperFigure } from "./figure.ts";
import { betasLack, ppoLack, salsaLack } from "./lacks.ts";
import { comparedArms } from "./roles.ts";
import { type BetaTraining, betaTrainings, lastValues } from "./trainings.ts";

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

function draw(facts: FigureFacts): FigureState {
  const { choices, config, roles, state } = facts;
  const trainings = betaTrainings(facts);
  const { ppo, salsa } = comparedArms(roles);
  const few = roles.filter((role) => role.betas.length < 3);
  const lacks = [
    ...(ppo === undefined ? [ppoLack(config)] : []),
    ...(salsa === undefined ? [salsaLack(config)] : []),
    ...(few.length === 0
      ? []
      : [betasLack(few, BETAS, `Fewer than three β, so no front, of ${few.map(({ name }) => name).join(", ")}`)]),
  ];
  const series = roles.flatMap((arm): readonly XYSeries[] => {
    const points = trainings
      .filter((training) => training.arm === arm)
      .flatMap((training): readonly XYPoint[] => {
        const kl = lastValues(training, "objective/kl", state);
        const score = meanEstimate(lastValues(training, "objective/score", state), `${arm.name}, β ${training.beta}`);
        if (score === undefined || kl.length === 0) return [];
        const { n, ...rest } = score;
        return [
          {
            x: mean(kl.map(mean)),
            ...(arm.betas.length > 1 && { label: labelOf(training, choices) }),
            ...rest,
            n: n * arm.batchSize,
          },
        ];
      })
      .toSorted((a, b) => a.x - b.x);
    return points.length === 0 ? [] : [{ name: arm.name, color: arm.color, look: "line", points }];
  });
  if (series.length === 0) return { lacks: [...lacks, { what: "No arm has recorded its KL yet" }] };
  const points = series.flatMap((one) => one.points);
  const nSeeds = Math.max(...points.map((point) => point.nSeeds));
  const [least, most] = [Math.min(...points.map(({ n }) => n)), Math.max(...points.map(({ n }) => n))];
  const n = least === most ? String(most) : `${least} to ${most}`;
  return {
    spec: {
      title: "Reward and KL by β",
      caption: `Mean score of the reward model and mean KL, per response and to the arm's own reference, of the rollouts in the last tenth of the iterations. ${meanIntervalWords(nSeeds, "those iterations' means")} n = ${n} rollouts a point.`,
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

/** "β 0.2", or "β 0.2, chosen" where the arm is that one. */
function labelOf({ arm, beta }: BetaTraining, choices: FigureFacts["choices"]): string {
  const isChosen = choices.some(({ product, chosen }) => product === arm.name && chosen === beta);
  return isChosen ? `β ${beta}, chosen` : `β ${beta}`;
}
