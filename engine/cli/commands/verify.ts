import { basename, dirname } from "node:path";
import { sheetText } from "../../evaluation/tables/sheet.ts";
import type { Sheet } from "../../evaluation/tables/sheet.ts";
import { formatBytes } from "../../common/format.ts";
import type { VerifiedArtifact, VerifyOutput } from "../../protocol/toolOutput.ts";
import { Artifacts } from "../../storage/artifacts.ts";
import { verifyArtifacts } from "../../storage/verification.ts";
import { switchOption } from "../arguments.ts";
import { EXIT, UsageError } from "../command.ts";
import type { Command } from "../command.ts";
import { findRun } from "../files.ts";
import { DIRECTORY_OPTION, runsDirectory } from "../runOptions.ts";
import { printJson } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

/** Bytes from which reading an artifact is shown. */
const LARGE_BYTES = 2 ** 28;

/** Checks artifacts against what was written. */
export const verify: Command = {
  name: "verify",
  summary: "check finished results against what was written, and say what descends from damaged ones",
  details: [
    "Every byte of every artifact is read and compared with the SHA-256 that was recorded when it was finished. Nothing\n" +
      "is changed: the next run that needs a damaged artifact moves it aside and makes it again, and all that was\n" +
      "computed from it while it may have been damaged. States: whole; damaged; doubtful, computed from a damaged one;\n" +
      "outdated, whole, and an artifact that it was computed from has other content now; missing, removed since.",
    "Exits with 1 when something is damaged or doubtful.",
    'With --json, one object: {"ok":true|false,"artifacts":[{"key","stages":[...],"state","file"?,"defect"?,"from"?}],\n' +
      '"affected":[{"run","models":[...],"answers":[...],"judgments":[...],"tables":[...]}],"setAside":[...]}.',
  ],
  positionals: [{ name: "RUN", description: "Id or folder of the run (default: the latest)", number: "optional" }],
  options: {
    ...DIRECTORY_OPTION,
    all: { description: "Every artifact of the folder, and the results of all runs" },
  },
  examples: [
    ["salsa verify", "The latest run's results"],
    ["salsa verify --all", "Everything, such as after a disk error or a copy from another machine"],
    ["salsa verify demo-2 --json", "For a script"],
  ],
  interruptNotice: "Stopping; nothing has been changed",
  async run(args, context) {
    const { terminal, isJson, signal } = context;
    const isAll = switchOption(args, "all");
    const [named] = args.positionals;
    if (isAll && named !== undefined) throw new UsageError("--all does not go with a run: it is about all of them");
    const directory = runsDirectory(args, context);
    const folder = isAll ? undefined : await findRun(directory, named);
    const root = folder === undefined ? directory : dirname(dirname(folder));
    const progress = terminal.isInteractive && !isJson ? readingLine(terminal) : undefined;
    const output = await verifyArtifacts(new Artifacts(root), {
      signal,
      ...(folder !== undefined && { run: basename(folder) }),
      ...(progress !== undefined && { progress }),
    });
    if (isAll && output.artifacts.length === 0 && output.setAside.length === 0) {
      throw new UsageError(`there is nothing to verify in ${root}; give --directory`);
    }
    if (isJson) printJson(terminal, output);
    else printVerified(terminal, output);
    return output.ok ? EXIT.ok : EXIT.failed;
  },
};

/** Shows how far a large artifact has been read, in a line that is overwritten. */
function readingLine(terminal: Terminal): (key: string, doneBytes: number, totalBytes: number) => void {
  let shown = -1;
  return (key, doneBytes, totalBytes) => {
    if (totalBytes < LARGE_BYTES) return;
    const percent = Math.floor((100 * doneBytes) / totalBytes);
    if (percent === shown) return;
    shown = percent;
    terminal.clearLine();
    if (doneBytes < totalBytes) terminal.err(`reading ${key}: ${percent} % of ${formatBytes(totalBytes)}`);
  };
}

const COLUMNS: Sheet["columns"] = [
  { header: "artifact", align: "left" },
  { header: "state", align: "left" },
  { header: "stages", align: "left" },
];

function printVerified(terminal: Terminal, { artifacts, affected, setAside }: VerifyOutput): void {
  const rows = artifacts.map(({ key, state, stages }) => [key, state, stages[0] ?? "–"]);
  const count = (state: VerifiedArtifact["state"]): number => artifacts.filter((one) => one.state === state).length;
  const counts = (["whole", "damaged", "doubtful", "outdated", "missing"] as const)
    .filter((state) => state === "whole" || count(state) > 0)
    .map((state) => `${count(state)} ${state}`);
  if (rows.length > 0) terminal.out(`${sheetText({ columns: COLUMNS, rows })}\n`);
  const lines = [
    counts.join(", "),
    ...artifacts.flatMap(remarks),
    ...affected.flatMap(affectedLines),
    ...setAside.map((name) => `moved aside earlier, to be removed once you have looked at it: artifacts/${name}`),
  ];
  for (const line of lines) terminal.outLine(line);
}

function remarks({ key, state, file, defect, from = [] }: VerifiedArtifact): readonly string[] {
  if (state === "damaged") return [`damaged: ${file ?? key}: ${defect ?? ""}; run its config again to make it again`];
  if (state === "doubtful") return [`doubtful: ${key} was computed from ${from.join(", ")}`];
  return state === "outdated" ? [`outdated: ${key} was computed from another ${from.join(", ")}`] : [];
}

function affectedLines({ run, ...results }: VerifyOutput["affected"][number]): readonly string[] {
  const lists = (["models", "answers", "judgments", "tables"] as const)
    .filter((kind) => results[kind].length > 0)
    .map((kind) => `  ${kind}: ${results[kind].join(", ")}`);
  return [`not to be relied on in ${run}:`, ...lists];
}
