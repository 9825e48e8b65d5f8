import { optionalSetting, withSnippets } from "../../config/setting.ts";
import type { Judge, SeatedPair } from "./judge.ts";
import type { JudgeModel, JudgeReply } from "./judgeModel.ts";
import type { JudgeKind } from "./kind.ts";
import { ownForm } from "./parseVerdict.ts";
import { type LlmSettings, type Protocol, checkAddress, llmSchema, serverSnippets } from "./llmSettings.ts";
import {
  ARENA_HARD,
  type JudgePrompt,
  PAIR,
  PAIR_SECOND_TURN,
  PAIR_SECOND_TURN_WITH_REFERENCE,
  PAIR_WITH_REFERENCE,
  SINGLE,
  SINGLE_SECOND_TURN,
  SINGLE_SECOND_TURN_WITH_REFERENCE,
  SINGLE_WITH_REFERENCE,
  looksLikeAnOrder,
  pairPrompt,
  singlePrompt,
} from "./prompts.ts";
import { type GameVote, gradedVote, gradesOf, grading, pairVote, ruledBy } from "./votes.ts";

const settings = {
  llm: optionalSetting(withSnippets(llmSchema, serverSnippets("gpt-4-turbo")), {
    description: 'The language model that judges, for the judge "llm"',
    otherwise: "must be given for that judge",
  }),
};

/** Judges by a language model behind an OpenAI-compatible server, or of the editor's (Zheng et al. 2023, arXiv:2306.05685). */
export const llm: JudgeKind<{ readonly llm: LlmSettings | undefined }> & {
  readonly name: "llm";
  readonly settings: typeof settings;
} = {
  name: "llm",
  title: "LLM judge",
  description: "a language model behind an OpenAI-compatible server, or of the editor's, which reads both answers",
  needs: [],
  settings,
  defaults: { llm: undefined },
  required: ["llm"],
  isReproducible: false,
  validationScore: ({ scores }) => scores.gold ?? scores.reward,
  check: ({ llm: own }) =>
    own === undefined ? [] : [...checkAddress(own, ["evaluation", "llm"]), ...checkPrompt(own)],
  models: ({ llm: own }) => (own === undefined ? [] : [own]),
  nameInJudgments: ({ llm: own }) => own?.model ?? "llm",
  promptFile: ({ llm: own }) => own?.promptFile,
  verdictSettings: ({ llm: own }, official) => ({ llm: own && verdictSettings(own, official) }),
  create: ({ llm: own }, tools) => {
    if (own === undefined || tools === undefined) throw new RangeError("judge llm: no model is named");
    return llmJudge(own, tools.model(own), tools.promptText);
  },
};

/** Settings that verdicts depend on; all others are about how the server is asked. */
export function verdictSettings(
  { model, baseUrl, protocol, verdictPattern, samples, temperature, maxTokens }: LlmSettings,
  official: Protocol = "official",
): object {
  return {
    model,
    ...(baseUrl !== undefined && { baseUrl }),
    protocol: protocol === "official" ? official : protocol,
    // The first grade counts: earlier versions took the last, and their judgments are not these.
    ...(protocol === "single" && { grade: "first" }),
    ...(verdictPattern !== undefined && { verdictPattern }),
    samples,
    temperature,
    maxTokens,
  };
}

function checkPrompt({
  protocol,
  promptFile,
  verdictPattern,
}: LlmSettings): ReturnType<NonNullable<JudgeKind["check"]>> {
  const path = (key: string): string[] => ["evaluation", "llm", key];
  const own = { promptFile, verdictPattern };
  if (protocol === "file" && promptFile === undefined) {
    return [{ path: path("protocol"), message: 'is "file", and promptFile is missing', remedy: "name the file" }];
  }
  if (protocol !== "file") {
    return Object.entries(own)
      .filter(([, value]) => value !== undefined)
      .map(([key]) => ({
        path: path(key),
        message: `would change nothing with protocol ${JSON.stringify(protocol)}`,
        remedy: 'set protocol to "file", or leave it out',
        atKey: true,
      }));
  }
  try {
    ownForm(verdictPattern ?? "A");
    return [];
  } catch {
    return [
      { path: path("verdictPattern"), message: "is not a regular expression", remedy: "write it as in JavaScript" },
    ];
  }
}

/** The judge: asks for each game as often as its settings say, and counts votes. */
export function llmJudge(own: LlmSettings, model: JudgeModel, promptText: string | undefined): Judge {
  const prompts = promptsOf(own, promptText);
  const { temperature, maxTokens, samples } = own;
  const ask = async (prompt: ReturnType<typeof pairPrompt>, sample: number): Promise<JudgeReply> =>
    // Servers that know seeds give other replies for other samples, and the same ones again.
    model.ask({ prompt, temperature, maxTokens, ...(samples > 1 && { seed: sample }) }, sample);
  const played = async (game: SeatedPair, sample: number): Promise<GameVote> => {
    const prompt = promptFor(prompts, game.question);
    if (own.protocol !== "single") {
      const shown = pairPrompt(prompt, game);
      return pairVote(prompt, shown, await ask(shown, sample));
    }
    const shown = [game.first, game.second].map((answer) => singlePrompt(prompt, game.question, answer));
    return gradedVote(await Promise.all(shown.map((one) => grading(prompt, one, () => ask(one, sample)))));
  };
  return {
    concurrency: model.concurrency,
    async play(game) {
      const votes = await Promise.all(Array.from({ length: samples }, (_, sample) => played(game, sample)));
      const { question, first, second } = game;
      const shown = [first, second].flatMap(({ text, earlier = [] }) => [...earlier, text]);
      const asked = [
        ...(question.earlier ?? []).map(({ said }) => said),
        ...question.prompt.map(({ content }) => content),
      ];
      const texts = [...asked, ...shown];
      const grades = gradesOf(votes, [own.model, promptFor(prompts, question).name]);
      return { ...ruledBy(votes), ...grades, ...(texts.some(looksLikeAnOrder) && { isSuspicious: true }) };
    },
  };
}

interface Prompts {
  readonly plain: JudgePrompt;
  readonly withReference: JudgePrompt;
  /** For a second turn; those above where there are none. */
  readonly second?: Omit<Prompts, "second">;
}

function promptFor({ second, ...first }: Prompts, { reference, earlier = [] }: SeatedPair["question"]): JudgePrompt {
  const { plain, withReference } = earlier.length === 1 && second !== undefined ? second : first;
  const isKnown = reference !== undefined && earlier.every((turn) => turn.reference !== undefined);
  return isKnown ? withReference : plain;
}

function promptsOf({ protocol, verdictPattern }: LlmSettings, promptText: string | undefined): Prompts {
  if (protocol === "official") {
    const second = { plain: PAIR_SECOND_TURN, withReference: PAIR_SECOND_TURN_WITH_REFERENCE };
    return { plain: PAIR, withReference: PAIR_WITH_REFERENCE, second };
  }
  if (protocol === "single") {
    const second = { plain: SINGLE_SECOND_TURN, withReference: SINGLE_SECOND_TURN_WITH_REFERENCE };
    return { plain: SINGLE, withReference: SINGLE_WITH_REFERENCE, second };
  }
  const form = verdictPattern === undefined ? PAIR.form : ownForm(verdictPattern);
  const prompt = { paper: PAIR, arenaHard: ARENA_HARD, file: ownPrompt(promptText ?? "", form) }[protocol];
  if (protocol !== "paper") return { plain: prompt, withReference: prompt };
  const second = { plain: PAIR_SECOND_TURN, withReference: PAIR_SECOND_TURN };
  return { plain: prompt, withReference: prompt, second };
}

/** A prompt of the user's: what stands before a line of three dashes is the system prompt. */
function ownPrompt(text: string, form: JudgePrompt["form"]): JudgePrompt {
  const [, system = "", template = text] = /^([\s\S]*?)\n---\r?\n([\s\S]*)$/.exec(text) ?? [];
  return { name: "file", system, template: template.trimEnd(), form };
}

/** Defect of a prompt file's text; undefined where there is none. */
export function promptFault(text: string): string | undefined {
  const missing = ["{question}", "{answer_a}", "{answer_b}"].filter((name) => !text.includes(name));
  return missing.length === 0 ? undefined : `lacks ${missing.join(", ")}`;
}
