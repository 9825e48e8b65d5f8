import { join, resolve } from "node:path";
import { BENCHMARKS } from "../../evaluation/benchmarks/index.ts";
import { judgeKind } from "../../evaluation/judges/index.ts";
import { checkBudget, parseConfig, type RunConfig } from "../../config/index.ts";
import { usableFileName } from "../../config/usableName.ts";
import type { JudgedFiles } from "../../pipeline/index.ts";
import { makeFolder } from "../../storage/disk.ts";
import { choiceOption, numberOption, requiredOption, switchOption, textOption } from "../arguments.ts";
import { EXIT, UsageError } from "../command.ts";
import type { Arguments, Command, CommandContext } from "../command.ts";
import { YES_DETAILS, YES_OPTION, confirmCost } from "../confirmCost.ts";
import { loadConfig, writeText } from "../files.ts";
import { DIRECTORY_OPTION, runsDirectory } from "../runOptions.ts";
import { titledTable } from "../tables.ts";
import { printJson } from "../terminal.ts";

const KINDS = BENCHMARKS.map(({ name }) => name);
const PROTOCOLS = ["paper", "official", "arenaHard", "single"] as const;

/** Judges files of answers. */
export const judge: Command = {
  name: "judge",
  summary: "judge files of answers, your own or other tools', and print the win rates",
  details: [
    "Answers are files of salsa generate, FastChat, Arena-Hard (both forms) or AlpacaEval. Each is compared with\nthose of --against, in both orders. Who judges is said by a run config's evaluation (--config), or by --model and --server.",
    YES_DETAILS,
    "Replies are kept in .salsa/calls: a run that was stopped goes on, and one that is repeated costs nothing.",
    'With --json, one object: {"judge","isPartial","tables":[…]}; with --out, the judgments in FastChat\'s form as well.',
  ],
  positionals: [{ name: "ANSWERS", description: "Files of answers, one a model", number: "several" }],
  options: {
    against: { value: "FILE", description: "Answers that each is compared with" },
    questions: { value: "FILE", description: "The benchmark's questions" },
    kind: { value: "KIND", description: `Form of the questions: ${KINDS.join(", ")}` },
    references: { value: "FILE", description: "Reference answers, for mt-bench" },
    common: { description: "Judge the questions that all have answered, where some are missing" },
    config: { value: "FILE", description: "Run config whose evaluation says who judges" },
    model: { value: "NAME", description: "The model that judges, by the name that its server knows" },
    server: { value: "URL", description: "Its OpenAI-compatible server, such as http://127.0.0.1:8000/v1" },
    "key-variable": {
      value: "NAME",
      description: "Environment variable with the server's key, such as OPENAI_API_KEY",
    },
    protocol: { value: "NAME", description: `How it is asked: ${PROTOCOLS.join(", ")} (default: paper)` },
    budget: { value: "DOLLARS", description: "Most that it may cost; prices stand in --config" },
    out: {
      ...{ value: "DIR", short: "o" },
      description:
        "Write the judgments here: model_judgment/<judge>_pair.jsonl, and of single grades <judge>_single.jsonl",
    },
    ...DIRECTORY_OPTION,
    ...YES_OPTION,
  },
  examples: [
    [
      "salsa judge a.jsonl --against b.jsonl --questions q.jsonl --kind mt-bench --config my.salsa.json",
      "By the judge of a config",
    ],
    [
      "salsa judge a.jsonl --against b.jsonl --questions q.jsonl --kind arena-hard --model m --server URL",
      "By a model of a server",
    ],
  ],
  async run(args, context) {
    const { folder, isJson, signal, terminal } = context;
    const at = (path: string): string => resolve(folder, path);
    const kind = choiceOption(args, "kind", KINDS);
    if (kind === undefined) throw new UsageError(`--kind is missing: one of ${KINDS.join(", ")}`);
    const references = textOption(args, "references");
    const { openAnswers, judgeJob, Stopped } = await context.pipeline();
    const job = await openAnswers({
      config: await judgeConfig(args, context),
      answers: args.positionals.map(at),
      baseline: at(requiredOption(args, "against", "the answers that each is compared with")),
      questions: {
        file: at(requiredOption(args, "questions", "the file of the benchmark's questions")),
        kind,
        ...(references !== undefined && { references: at(references) }),
      },
      isCommon: switchOption(args, "common"),
    });
    const declined = await confirmCost(job.config, args, context);
    if (declined !== undefined) return declined;
    const left = job.questions.length - job.positions.length;
    if (left > 0) terminal.errLine(`${left} questions are left out, which not all have answered.`);
    const root = runsDirectory(args, context);
    const progress = progressLine(context);
    const tell = (message: string): void => {
      if (terminal.isInteractive) terminal.clearLine();
      terminal.errLine(message);
    };
    const judged = await judgeJob(job, { root, signal, env: process.env, progress, tell }).catch((error: unknown) => {
      if (error instanceof Stopped) return undefined;
      throw error;
    });
    if (judged === undefined) {
      terminal.errLine("Stopped; the same command goes on.");
      return EXIT.interrupted;
    }
    const out = textOption(args, "out");
    if (out !== undefined) await writeJudgments(at(out), judged);
    if (isJson) printJson(terminal, { judge: judged.judge, isPartial: judged.isPartial, tables: judged.tables });
    else for (const table of judged.tables) terminal.out(`${titledTable(table, terminal.outColumns)}\n`);
    return judged.isPartial ? EXIT.interrupted : EXIT.ok;
  },
};

/** The config that says who judges. */
async function judgeConfig(args: Arguments, { folder }: CommandContext): Promise<RunConfig> {
  const [file, model, baseUrl] = [textOption(args, "config"), textOption(args, "model"), textOption(args, "server")];
  const budget = numberOption(args, "budget", { least: 0 });
  if (file !== undefined) {
    if (model !== undefined || baseUrl !== undefined) throw new UsageError("give --config, or --model and --server");
    const config = await loadConfig(resolve(folder, file));
    if (judgeKind(config.evaluation.judge).needs.length > 0) {
      throw new UsageError(`${file}: its judge is ${config.evaluation.judge}, which these answers have no scores for`);
    }
    if (budget === undefined) return config;
    const evaluation = { ...config.evaluation, budget };
    const [complaint] = checkBudget(evaluation, evaluation.judge);
    if (complaint !== undefined) throw new UsageError(`--budget ${complaint.message}; ${complaint.remedy}`);
    return { ...config, evaluation };
  }
  if (model === undefined || baseUrl === undefined) throw new UsageError("give --config, or --model and --server");
  const keyVariable = textOption(args, "key-variable");
  const protocol = choiceOption(args, "protocol", PROTOCOLS);
  const llm = { model, baseUrl, ...(keyVariable !== undefined && { keyVariable }), ...(protocol && { protocol }) };
  const written = {
    task: { name: "miniinstruct" },
    evaluation: { judge: "llm", llm, ...(budget !== undefined && { budget }) },
  };
  return parseConfig(JSON.stringify(written), "the command line");
}

function progressLine({ terminal, isJson }: CommandContext): (done: number, total: number) => void {
  return (done, total) => {
    if (!terminal.isInteractive || isJson) return;
    terminal.clearLine();
    terminal.err(done < total ? `${done} of ${total} comparisons` : "");
  };
}

async function writeJudgments(
  folder: string,
  { judge: name, judgments, grades }: Pick<JudgedFiles, "judge" | "judgments" | "grades">,
): Promise<void> {
  const home = join(folder, "model_judgment");
  await makeFolder(home);
  const write = (file: string, records: readonly object[]): Promise<void> =>
    writeText(join(home, file), records.map((one) => `${JSON.stringify(one)}\n`).join(""));
  await write(`${usableFileName(name)}_pair.jsonl`, judgments);
  for (const [judge, of] of Map.groupBy(grades, (one) => usableFileName(one.judge[0]))) {
    await write(`${judge}_single.jsonl`, of);
  }
}
