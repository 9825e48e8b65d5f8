import type { Panel, XYPoint, XYSeries } from "../../figures/index.ts";
import { meanEstimate, meanIntervalWords } from "./estimates.ts";
import type { FigureFacts } from "./facts.ts";
import type { FigureState, Lack, PaperFigure } from "./figure.ts";
import { betasLack } from "./lacks.ts";
import type { ArmRole } from "./roles.ts";
import { type BetaTraining, betaTrainings, lastValues } from "./trainings.ts";

/** From where the paper found gibberish to where it found empty answers. */
const BETAS = [0.01, 0.05, 0.2, 0.8];
/** The largest β of an arm is at least this many times its least where both ends are looked at. */
const SPAN = 10;

/** Appendix A.4: what too small and too large a β do to answers. */
export const collapse: PaperFigure = {
  name: "collapse",
  source: "Appendix A.4 and figure 6",
  title: "Gibberish and collapse by β",
  description:
    "Length, repetition and entropy of answers by β: gibberish where it is too small, empty answers where it is too large",
  draw,
};

async function draw(facts: FigureFacts): Promise<FigureState> {
  const { roles } = facts;
  const narrow = roles.filter(({ betas }) => betas.length < 3 || Math.max(...betas) < SPAN * Math.min(...betas));
  const lacks: Lack[] =
    narrow.length === 0
      ? []
      : [
          betasLack(
            narrow,
            BETAS,
            `Neither a small nor a large β was tried for ${narrow.map(({ name }) => name).join(", ")}`,
          ),
        ];
  // An arm with one β says nothing here.
  const trainings = betaTrainings(facts).filter(({ arm }) => arm.betas.length > 1);
  if (trainings.length === 0) return { lacks };
  const { state } = facts;
  const recorded = (metric: string) => (training: BetaTraining) => Promise.resolve(lastValues(training, metric, state));
  const panels = [
    await panelOf({ title: "Length", unit: "tokens" }, recorded("rollout/length"), { facts, trainings }),
    await panelOf({ title: "Repetition", format: "percent" }, (training) => repetitions(training, facts), {
      facts,
      trainings,
    }),
    await panelOf({ title: "Entropy", unit: "nats per token" }, recorded("policy/entropy"), { facts, trainings }),
  ].flat();
  if (panels.length === 0) return { lacks: [...lacks, { what: "No arm has recorded the length of its answers yet" }] };
  const points = panels.flatMap((panel) =>
    panel.kind === "xy" ? panel.series.flatMap((series) => series.points) : [],
  );
  const nSeeds = Math.max(...points.map((point) => point.nSeeds));
  return {
    spec: {
      title: "Answers by β",
      caption: `Length and entropy of rollouts in the last tenth of the iterations, of DPO of the answers that training samples (n: iterations, or times); repetition, the share of three-word runs that stood in the answer before, of the answers to the validation prompts (n: answers). ${meanIntervalWords(nSeeds, "iterations or answers")} n = ${rangeWords(points)}.`,
      panels,
    },
    lacks,
  };
}

function rangeWords(points: readonly XYPoint[]): string {
  const [least, most] = [Math.min(...points.map(({ n }) => n)), Math.max(...points.map(({ n }) => n))];
  return least === most ? String(most) : `${least} to ${most}`;
}

async function panelOf(
  { title, unit, format }: { readonly title: string; readonly unit?: string; readonly format?: "percent" },
  valuesOf: (training: BetaTraining) => Promise<readonly (readonly number[])[]>,
  { facts: { roles }, trainings }: { readonly facts: FigureFacts; readonly trainings: readonly BetaTraining[] },
): Promise<readonly Panel[]> {
  const series: XYSeries[] = [];
  for (const arm of roles) {
    const points = await pointsOf(arm, trainings, valuesOf);
    if (points.length > 0) series.push({ name: arm.name, color: arm.color, look: "line", points });
  }
  if (series.length === 0) return [];
  const isLog = series.every(({ points }) => points.every(({ x }) => x > 0));
  const y = { label: title, ...(unit !== undefined && { unit }), ...(format !== undefined && { format }) };
  return [{ kind: "xy", title, x: { label: "β", isLog }, y, series }];
}

async function pointsOf(
  arm: ArmRole,
  trainings: readonly BetaTraining[],
  valuesOf: (training: BetaTraining) => Promise<readonly (readonly number[])[]>,
): Promise<readonly XYPoint[]> {
  const points: XYPoint[] = [];
  for (const training of trainings.filter((one) => one.arm === arm)) {
    const estimate = meanEstimate(await valuesOf(training), `β ${training.beta}`);
    if (estimate !== undefined) points.push({ x: training.beta, ...estimate });
  }
  return points;
}

/** Of the answers to the validation prompts, which only candidates for β are asked for. */
async function repetitions({ arm, beta }: BetaTraining, facts: FigureFacts): Promise<readonly (readonly number[])[]> {
  const bySeed: (readonly number[])[] = [];
  for (const stage of facts.state.stages) {
    const isWanted = stage.kind === "answers" && stage.role === "validation" && stage.beta === beta;
    if (!isWanted || stage.product !== arm.name) continue;
    const answers = await facts.answers(stage);
    if (answers !== undefined) bySeed.push(answers.repetitions);
  }
  return bySeed;
}
