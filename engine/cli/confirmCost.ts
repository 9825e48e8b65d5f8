import { isFree, judgingCost, judgingCostTexts } from "../config/index.ts";
import type { RunConfig } from "../config/index.ts";
import { switchOption } from "./arguments.ts";
import { EXIT, UsageError } from "./command.ts";
import type { Arguments, CommandContext, OptionSpec } from "./command.ts";

/** The switch that agrees to what a run may cost. */
export const YES_OPTION: Readonly<Record<string, OptionSpec>> = {
  yes: { description: "Agree to what judging by a language model may send and cost" },
};

/** Its description in the help. */
export const YES_DETAILS =
  "Where a language model on another machine judges, or one that has a price, the run says beforehand what is sent where and\n" +
  "what it may cost, and asks; --yes agrees, and is needed where nobody can be asked.";

/**
 * Says what judging may cost, and asks whether to go on.
 * @returns The exit code where the answer is no; undefined to go on.
 * @throws {UsageError} when nobody can be asked, and --yes is not given.
 */
export async function confirmCost(
  config: RunConfig,
  args: Arguments,
  { terminal, ask, isJson }: CommandContext,
): Promise<number | undefined> {
  const costs = judgingCost(config);
  if (isFree(costs)) return undefined;
  const texts = judgingCostTexts(costs, config.evaluation.budget);
  for (const text of texts) terminal.errLine(text);
  if (switchOption(args, "yes")) return undefined;
  if (ask === undefined || isJson)
    throw new UsageError(`nobody can be asked whether that is right; add --yes. ${texts.join(". ")}`);
  if (/^(y|yes)$/i.test((await ask("Go on? [y/N] ")).trim())) return undefined;
  terminal.errLine("Nothing was started.");
  return EXIT.ok;
}
