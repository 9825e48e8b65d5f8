import * as z from "zod";
import { checkAddress, llmSchema, serverSnippets } from "../evaluation/judges/llmSettings.ts";
import type { Complaint } from "./complaint.ts";
import { filePath, modelName, optionalSetting, section, withSnippets } from "./setting.ts";
import { judgeKind } from "../evaluation/judges/index.ts";
import { unknownBenchmark } from "./complaints.ts";

const { model, baseUrl, keyVariable, plainKey, concurrency, requestsPerMinute, tokensPerMinute, deadline, stream } =
  llmSchema.shape;

/**
 * A model of a server, or of the editor's, that answers the benchmarks: first what its answers depend on, then how it is
 * asked. Or answers that are there already.
 */
export const contestantSchema = withSnippets(
  section(
    {
      answers: optionalSetting(filePath(), {
        description:
          "File of a model's answers, such as a benchmark's published baseline: FastChat's model_answer/*.jsonl, Arena-Hard's of before or since April 2025, AlpacaEval's model_outputs.json, or what salsa generate --out writes. Nobody is asked",
        otherwise: "the model is asked",
      }),
      benchmarks: optionalSetting(z.array(modelName()).min(1), {
        description: "Benchmarks that it answers; on the others, its pairs are not compared",
        otherwise: "all that are run",
      }),
      model: optionalSetting(model, {
        description: String(model.meta()?.description),
        otherwise: "must be given, unless there are answers",
      }),
      baseUrl,
      system: optionalSetting(z.string().min(1).max(20_000), {
        description: "A system's turn before every question",
        otherwise: "none",
      }),
      ...{ keyVariable, plainKey, concurrency, requestsPerMinute, tokensPerMinute, deadline, stream },
    },
    "A model of a server that answers the benchmarks, or a file of answers",
  ),
  [
    ...serverSnippets("gpt-4o-mini"),
    {
      label: "A file of answers",
      description: "A published baseline; nobody is asked",
      body: { answers: "${1:model_answer/gpt-4-0314.jsonl}" },
    },
  ],
);

/** A model of a server that answers the benchmarks, or a file of answers. */
export type ContestantSettings = Readonly<z.output<typeof contestantSchema>>;
/** A model of a server that answers the benchmarks. */
export type AskedContestant = ContestantSettings & { readonly model: string };

/** True for a model that is asked, false for a file of answers. */
export function isAsked(contestant: ContestantSettings): contestant is AskedContestant {
  return contestant.model !== undefined;
}

/** The part of an evaluation that says who answers what. */
interface Answering {
  readonly contestants?: Readonly<Record<string, ContestantSettings>> | undefined;
}

/** True unless it is a contestant that does not answer that benchmark. */
export function answersBenchmark({ contestants = {} }: Answering, name: string, benchmark: string): boolean {
  const own = Object.hasOwn(contestants, name) ? contestants[name] : undefined;
  return own?.benchmarks?.includes(benchmark) ?? true;
}

/** Pairs that are compared on a benchmark: those whose both models answer it. */
export function pairsOn<P extends readonly string[]>(
  benchmark: string,
  { pairs, ...evaluation }: Answering & { readonly pairs: readonly P[] },
): readonly P[] {
  return pairs.filter((pair) => pair.every((name) => answersBenchmark(evaluation, name, benchmark)));
}

/** Settings of a contestant of which none is written. */
const UNWRITTEN: ContestantSettings = contestantSchema.parse({});

/** Complaints about where contestants are, and about those that the judge has no scores of: nothing but their texts is known. */
export function checkContestants(
  { contestants }: Answering,
  { judge, benchmarks }: { readonly judge: string; readonly benchmarks?: readonly string[] },
): Complaint[] {
  if (contestants === undefined) return [];
  const each = Object.entries(contestants).flatMap(([name, one]) => {
    const path = ["evaluation", "contestants", name];
    const unknown = (one.benchmarks ?? []).flatMap((benchmark, at) =>
      benchmarks === undefined ? [] : unknownBenchmark([...path, "benchmarks", at], benchmark, benchmarks),
    );
    return [...checkWho(one, path), ...unknown];
  });
  if (!judgeKind(judge).needs.includes("reward")) return each;
  const message = `are judged by the judge ${JSON.stringify(judge)}, which scores no answers of others`;
  return [...each, { path: ["evaluation", "contestants"], message, remedy: 'use the judge "llm"', atKey: true }];
}

/** Complaints about who answers: one model behind an address, or one file. */
function checkWho(one: ContestantSettings, path: readonly string[]): Complaint[] {
  const { answers, benchmarks: _benchmarks, ...asking } = one;
  if (answers === undefined) {
    if (isAsked(one)) return checkAddress(one, path);
    const remedy = "name the model that is asked, or a file of answers";
    return [{ path, message: "has neither a model nor answers", remedy, atKey: true }];
  }
  const written = Object.entries(asking).filter(([key, value]) => value !== UNWRITTEN[key as keyof typeof asking]);
  const message = "would change nothing: the answers are there, and nobody is asked";
  return written.map(([key]) => ({ path: [...path, key], message, remedy: "leave it out", atKey: true }));
}
