import * as z from "zod";
import { checkAddress, llmSchema, serverSnippets } from "../evaluation/judges/llmSettings.ts";
import type { Complaint } from "./complaint.ts";
import { optionalSetting, section, withSnippets } from "./setting.ts";
import { judgeKind } from "../evaluation/judges/index.ts";

const { model, baseUrl, keyVariable, plainKey, concurrency, requestsPerMinute, tokensPerMinute, deadline, stream } =
  llmSchema.shape;

/** A model of a server, or of the editor's, that answers the benchmarks: first what its answers depend on, then how it is asked. */
export const contestantSchema = withSnippets(
  section(
    {
      model,
      baseUrl,
      system: optionalSetting(z.string().min(1).max(20_000), {
        description: "A system's turn before every question",
        otherwise: "none",
      }),
      ...{ keyVariable, plainKey, concurrency, requestsPerMinute, tokensPerMinute, deadline, stream },
    },
    "A model of a server that answers the benchmarks",
  ),
  serverSnippets("gpt-4o-mini"),
);

/** A model of a server that answers the benchmarks. */
export type ContestantSettings = Readonly<z.output<typeof contestantSchema>>;

/** Complaints about where contestants are, and about those that the judge has no scores of: nothing but their texts is known. */
export function checkContestants(
  contestants: Readonly<Record<string, ContestantSettings>> | undefined,
  judge: string,
): Complaint[] {
  if (contestants === undefined) return [];
  const addresses = Object.entries(contestants).flatMap(([name, one]) =>
    checkAddress(one, ["evaluation", "contestants", name]),
  );
  if (!judgeKind(judge).needs.includes("reward")) return addresses;
  const message = `are judged by the judge ${JSON.stringify(judge)}, which scores no answers of a server`;
  return [...addresses, { path: ["evaluation", "contestants"], message, remedy: 'use the judge "llm"', atKey: true }];
}
