import * as z from "zod";
import { choice, optionalSetting, requiredSetting, section, setting, withSnippets } from "../../config/setting.ts";
import { gold } from "./gold.ts";
import { type GameCost, type Judge, JudgeError, type Ruling, type SeatedPair, type SeatWinner } from "./judge.ts";
import type { JudgeTools } from "./judgeModel.ts";
import type { JudgeKind } from "./kind.ts";
import { llmJudge, verdictSettings } from "./llm.ts";
import { type LlmSettings, checkAddress, llmSchema } from "./llmSettings.ts";
import { reward } from "./reward.ts";

const scores = {
  gold: "the task's own true score",
  reward: "the run's reward model",
} as const;

/** A member: one that goes by a score, or a language model; those have no prompt file. */
const memberSchema = z.union([choice(scores), llmSchema]);

const panelSchema = section(
  {
    members: requiredSetting(z.array(memberSchema).min(2).max(20), {
      description: 'Judges of the panel: "gold", "reward", or language models as in llm',
    }),
    rule: setting(
      choice({
        majority: "the side with most votes wins; none is a tie",
        mean: "a tie counts as half a vote for each side; more than half of all votes wins",
      }),
      "majority",
      { description: "How votes make a verdict", source: "this project" },
    ),
  },
  "Several judges that vote on every game",
);

/** A panel of judges. */
export type PanelSettings = Readonly<z.output<typeof panelSchema>>;

const SNIPPETS = [
  {
    label: "Two models and the reward model",
    description: "Judges that make different mistakes",
    body: {
      members: [
        { model: "${1:Qwen/Qwen2.5-7B-Instruct}", baseUrl: "${2:http://127.0.0.1:8000/v1}" },
        { model: "${3:gpt-4-turbo}", baseUrl: "${4:https://api.openai.com/v1}", keyVariable: "${5:OPENAI_API_KEY}" },
        "reward",
      ],
    },
  },
];

const settings = {
  panel: optionalSetting(withSnippets(panelSchema, SNIPPETS), {
    description: 'The judges that vote, for the judge "panel"',
    otherwise: "must be given for that judge",
  }),
};

/** Has several judges vote on every game (a panel of LLM evaluators, Verga et al. 2024, arXiv:2404.18796). */
export const panel: JudgeKind<{ readonly panel: PanelSettings | undefined }> & {
  readonly name: "panel";
  readonly settings: typeof settings;
} = {
  name: "panel",
  title: "panel of judges",
  description: "several judges that vote on every game",
  needs: [],
  settings,
  defaults: { panel: undefined },
  required: ["panel"],
  isReproducible: false,
  validationScore: (answer) => answer.scores.gold ?? answer.scores.reward,
  check: ({ panel: own }, { hasGold }) =>
    (own?.members ?? []).flatMap((member, index) => checkMember(member, index, hasGold)),
  models: ({ panel: own }) => modelsOf(own),
  verdictSettings: ({ panel: own }, official) => ({
    panel: own && {
      rule: own.rule,
      members: own.members.map((one) => (typeof one === "string" ? one : verdictSettings(one, official))),
    },
  }),
  create: ({ panel: own }, tools) => {
    if (own === undefined) throw new RangeError("judge panel: no members are named");
    return panelJudge(
      own,
      own.members.map((member) => memberJudge(member, tools)),
    );
  },
};

type Member = z.output<typeof memberSchema>;

function modelsOf(own: PanelSettings | undefined): readonly LlmSettings[] {
  return (own?.members ?? []).filter((member) => typeof member !== "string");
}

function checkMember(member: Member, index: number, hasGold: boolean): ReturnType<NonNullable<JudgeKind["check"]>> {
  const path = ["evaluation", "panel", "members", index];
  if (member === "gold" && !hasGold) {
    return [{ path, message: "there is no gold score for data", remedy: "leave it out: only tasks know a gold score" }];
  }
  if (typeof member === "string") return [];
  if (member.protocol !== "file") return checkAddress(member, path);
  return [
    { path: [...path, "protocol"], message: "members of a panel have no prompt file", remedy: "use another protocol" },
  ];
}

interface NamedJudge {
  readonly name: string;
  readonly judge: Judge;
}

function memberJudge(member: Member, tools: JudgeTools | undefined): NamedJudge {
  if (typeof member === "string") {
    const kind = member === "gold" ? gold : reward;
    return { name: member, judge: kind.create(kind.defaults) };
  }
  if (tools === undefined) throw new RangeError("judge panel: nobody asks its models");
  return { name: member.model, judge: llmJudge(member, tools.model(member), undefined) };
}

function panelJudge({ rule }: PanelSettings, members: readonly NamedJudge[]): Judge {
  return {
    concurrency: Math.max(...members.map(({ judge }) => judge.concurrency)),
    async play(game) {
      const rulings = await Promise.all(members.map(({ judge }) => opinion(judge, game)));
      const votes = rulings.map(({ winner }) => winner).filter((winner) => winner !== "error");
      const problem = rulings.find((ruling) => ruling.problem !== undefined)?.problem;
      const grades = rulings.flatMap((ruling) => ruling.grades ?? []);
      // One that was not answered does not know its model, which is no change of it.
      const models = rulings.some((ruling) => ruling.problem === "failed")
        ? []
        : rulings.flatMap(({ model = [] }) => model);
      return {
        winner: votes.length === 0 ? "error" : verdictBy(rule, votes),
        ...(problem !== undefined && { problem }),
        ...(rulings.some(({ isSuspicious }) => isSuspicious === true) && { isSuspicious: true }),
        ...(votes.length > 1 && { votes }),
        ...(grades.length > 0 && { grades }),
        ...(models.length > 0 && { model: models.join(", ") }),
        userPrompt: rulings.find(({ userPrompt }) => userPrompt !== undefined)?.userPrompt ?? "",
        judgment: rulings.map((ruling, index) => shown(members[index]?.name ?? "", ruling)).join("\n\n----\n\n"),
        cost: costOf(rulings),
      };
    },
  };
}

/** A member that cannot decide a game does not vote; errors that concern all games end the judging. */
async function opinion(judge: Judge, game: SeatedPair): Promise<Ruling> {
  try {
    return await judge.play(game);
  } catch (error) {
    if (!(error instanceof JudgeError)) throw error;
    return { winner: "error", problem: "failed", judgment: error.message };
  }
}

function verdictBy(rule: PanelSettings["rule"], votes: readonly SeatWinner[]): SeatWinner {
  const count = (wanted: SeatWinner): number => votes.filter((vote) => vote === wanted).length;
  const [first, second, tie] = [count("first"), count("second"), count("tie")];
  if (rule === "mean") {
    if (first === second) return "tie";
    return first > second ? "first" : "second";
  }
  if (first > second && first > tie) return "first";
  return second > first && second > tie ? "second" : "tie";
}

function shown(name: string, { winner, judgment = "" }: Ruling): string {
  return `${name}: ${winner}\n${judgment}`.trimEnd();
}

function costOf(rulings: readonly Ruling[]): GameCost {
  const sum = (of: keyof GameCost): number => rulings.reduce((total, { cost }) => total + (cost?.[of] ?? 0), 0);
  return { promptTokens: sum("promptTokens"), completionTokens: sum("completionTokens"), price: sum("price") };
}
