import { clusterText, isFree, judgingCost, judgingCostTexts, sendsToken } from "../config/index.ts";
import type { RunConfig } from "../config/index.ts";
import { switchOption } from "./arguments.ts";
import { EXIT, UsageError } from "./command.ts";
import type { Arguments, CommandContext, OptionSpec } from "./command.ts";

/** The switch that agrees to what a run may cost. */
export const YES_OPTION: Readonly<Record<string, OptionSpec>> = {
  yes: { description: "Agree to what judging by a language model may send and cost, and to where a token is sent" },
};

/** Its description in the help. */
export const YES_DETAILS =
  "Where a language model on another machine judges, or one that has a price, the run says beforehand what is sent where and\n" +
  "what it may cost, and asks; so it does where a cluster's token is sent to another machine. --yes agrees, and is needed\n" +
  "where nobody can be asked.";

/**
 * Says what judging may cost, and where the token of a cluster is sent, and asks whether to go on.
 * @returns The exit code where the answer is no; undefined to go on.
 * @throws {UsageError} when nobody can be asked, and --yes is not given.
 */
export async function confirmCost(
  config: RunConfig,
  args: Arguments,
  context: CommandContext,
): Promise<number | undefined> {
  const costs = judgingCost(config);
  const judging = isFree(costs) ? [] : judgingCostTexts(costs, config.evaluation.budget);
  return agreed([...clusterTexts(config), ...judging], args, context);
}

/** The same for a cluster alone. @throws {UsageError} */
export async function confirmCluster(
  config: RunConfig,
  args: Arguments,
  context: CommandContext,
): Promise<number | undefined> {
  return agreed(clusterTexts(config), args, context);
}

function clusterTexts({ runtime: { cluster } }: RunConfig): readonly string[] {
  return cluster !== undefined && sendsToken(cluster) ? [clusterText(cluster)] : [];
}

async function agreed(
  texts: readonly string[],
  args: Arguments,
  { terminal, ask, isJson }: CommandContext,
): Promise<number | undefined> {
  if (texts.length === 0) return undefined;
  for (const text of texts) terminal.errLine(text);
  if (switchOption(args, "yes")) return undefined;
  // A program reads the error alone.
  if (ask === undefined || isJson)
    throw new UsageError(
      `nobody can be asked whether that is right; add --yes${isJson ? `. ${texts.join(". ")}` : ""}`,
    );
  if (/^(y|yes)$/i.test((await ask("Go on? [y/N] ")).trim())) return undefined;
  terminal.errLine("Nothing was started.");
  return EXIT.ok;
}
