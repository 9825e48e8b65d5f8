import { basename, dirname, extname, resolve } from "node:path";
import { formatDuration } from "../../common/format.ts";
import {
  FIGURE_NAMES,
  type FigureName,
  MEASURED_FIGURES,
  type MeasuredFigure,
  nameFor,
} from "../../protocol/figureNames.ts";
import { BACKEND_CHOICES } from "../../config/index.ts";
import { suggest } from "../../config/suggest.ts";
import type { MeasureProgress, MeasureRequest } from "../../pipeline/index.ts";
import { choiceOption, numberListOption, numberOption, switchOption, textOption } from "../arguments.ts";
import { EXIT, UsageError } from "../command.ts";
import type { Arguments, Command, CommandContext } from "../command.ts";
import { findRunOf, writeBytes, writeText } from "../files.ts";
import { printLacks } from "../lacks.ts";
import { DIRECTORY_OPTION, runsDirectory } from "../runOptions.ts";
import { type Terminal, printJson } from "../terminal.ts";

const NAMES = Object.keys(FIGURE_NAMES);
/** Milliseconds between lines on the way where none is redrawn. */
const LINE_INTERVAL = 10_000;

/** Draws a figure of the paper for a run; lists them without a name. */
export const figure: Command = {
  name: "figure",
  summary: "draw a figure of the paper for a run, or list what can be drawn",
  details: [
    "From the run's own records: winRates (1), rewards (3), alpha (4a), mkl (4b), members (5), front, collapse (A.4).\n" +
      "Measured by this command, soup by soup, and kept: line (2a, 2b), plane (2c), warp (arXiv 2406.16768). Ctrl-C stops,\n" +
      "and the same command goes on. One pass over the checkpoints makes a soup; two models are held at most.\n" +
      "SVG, PNG, CSV and LaTeX go into the run's folder, below figures/, unless --out names one file.",
    'With --json, lines {"kind":"progress","done","total","secondsLeft"} while it measures, and at the end one object:\n' +
      '{"name","run","files","missing":[{"what","snippet"?,"command"?}]}; of the list, {"run","figures"}.',
  ],
  interruptNotice: "Stopping after this soup; what is measured is kept; Ctrl-C again quits at once",
  positionals: [
    {
      name: "NAME",
      description: `${NAMES.join(", ")}, or the paper's number (without: list them)`,
      number: "optional",
    },
    { name: "RUN", description: "Id or folder of the run, or its config (default: the latest)", number: "optional" },
  ],
  options: {
    ...DIRECTORY_OPTION,
    out: { value: "FILE", short: "o", description: "One file: .svg, .png, .csv, .tex or .txt" },
    ground: { value: "NAME", description: "light or dark (default: light)" },
    drawn: { description: "Draw what is measured already, and measure nothing" },
    models: { value: "A,B,...", description: "Models that span the line or plane; of warp, the arms" },
    from: { value: "A", description: "First share of the second model on the line (default -0.5; warp 0)" },
    to: { value: "A", description: "Last share (default 1.5; warp 1)" },
    points: { value: "N", description: "Soups on the line (default 21; warp 11)" },
    size: { value: "N", description: "Soups of the plane (default 400)" },
    prompts: { value: "NAME", description: "Benchmark whose prompts are answered, or validation (default: the first)" },
    n: { value: "N", description: "Prompts that each soup answers (default 256)" },
    seeds: { value: "N,...", description: "Base seeds (default: all; of the plane the first)" },
    backend: { value: "NAME", description: `Compute backend: ${BACKEND_CHOICES.join(" or ")} (default: the run's)` },
    threads: { value: "N", description: "Worker threads, 0 for one per core (default: as in the run)" },
  },
  examples: [
    ["salsa figure", "Figures that the latest run can draw, and what the others lack"],
    ["salsa figure demo-1", "The same of another run"],
    ["salsa figure 1 demo-1", "Its win rates as bars"],
    ["salsa figure line --from -1 --to 2 --points 31", "A wider line than the paper's"],
    ["salsa figure plane --size 100 --n 128 --out plane.svg", "A quick look at the plane of three SFTs"],
  ],
  async run(args, context) {
    const [asked, run] = args.positionals;
    const directory = runsDirectory(args, context);
    if (asked === undefined) return list(await findRunOf(directory, undefined), context);
    const name = nameFor(FIGURE_NAMES, asked);
    if (name === undefined) {
      if (run !== undefined) throw unknown(asked);
      const only = await findRunOf(directory, asked).catch(() => undefined);
      if (only === undefined) throw unknown(asked);
      return list(only, context);
    }
    const folder = await findRunOf(directory, run);
    const ground = choiceOption(args, "ground", ["light", "dark"] as const) ?? "light";
    const measured = MEASURED_FIGURES.find((one) => one === name);
    if (measured === undefined) refuseMeasureOptions(args, name);
    else if (!switchOption(args, "drawn") && !(await measure(measured, folder, args, context))) return EXIT.interrupted;
    return draw({ name, folder, ground, out: textOption(args, "out") }, context);
  },
};

function unknown(asked: string): UsageError {
  const near = suggest(asked, NAMES);
  const hint = near.length > 0 ? `did you mean ${near.join(" or ")}?` : `figures are ${NAMES.join(", ")}`;
  return new UsageError(`${JSON.stringify(asked)} is not a figure; ${hint}`);
}

const MEASURE_OPTIONS = [
  "drawn",
  "models",
  "from",
  "to",
  "points",
  "size",
  "prompts",
  "n",
  "seeds",
  "backend",
  "threads",
];

function refuseMeasureOptions({ options }: Arguments, name: string): void {
  const given = MEASURE_OPTIONS.find((one) => options[one] !== undefined);
  if (given === undefined) return;
  throw new UsageError(`--${given} goes with figures that are measured, ${MEASURED_FIGURES.join(", ")}, not ${name}`);
}

/** @returns False when it was stopped. */
async function measure(
  name: MeasuredFigure,
  folder: string,
  args: Arguments,
  context: CommandContext,
): Promise<boolean> {
  const { signal, terminal, isJson } = context;
  if (name === "plane") {
    for (const one of ["from", "to", "points"])
      if (args.options[one] !== undefined) throw new UsageError(`--${one} is not for the plane; use --size`);
  } else if (args.options["size"] !== undefined) throw new UsageError(`--size is for the plane; use --points`);
  const { measureFigure } = await context.pipeline();
  const request: MeasureRequest = {
    folder,
    figure: name,
    ...measureOptions(args),
    signal,
    onProgress: isJson ? progressJson(terminal) : progressLine(terminal),
  };
  try {
    await measureFigure(request);
    return true;
  } catch (error) {
    if (!(signal.aborted && error instanceof Error && error.name === "Stopped")) throw error;
    terminal.errLine("Stopped; what is measured is kept, and the same command goes on");
    return false;
  } finally {
    if (terminal.isInteractive) terminal.clearLine();
  }
}

function measureOptions(args: Arguments): Omit<MeasureRequest, "folder" | "figure" | "signal"> {
  const written = <T extends object>(options: T): Partial<{ [K in keyof T]: NonNullable<T[K]> }> =>
    Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
  return {
    choices: written({
      models: textOption(args, "models")
        ?.split(",")
        .map((one) => one.trim()),
      from: numberOption(args, "from", { least: -100, most: 100 }),
      to: numberOption(args, "to", { least: -100, most: 100 }),
      points: numberOption(args, "points", { least: 1, most: 1000, isWhole: true }),
      size: numberOption(args, "size", { least: 4, most: 10_000, isWhole: true }),
    }),
    ...written({
      prompts: textOption(args, "prompts"),
      n: numberOption(args, "n", { least: 2, isWhole: true }),
      seeds: numberListOption(args, "seeds"),
    }),
    compute: written({
      backend: choiceOption(args, "backend", BACKEND_CHOICES),
      threads: numberOption(args, "threads", { least: 0, isWhole: true }),
    }),
  };
}

/** Progress for programs; the time left is null before the first soup. */
function progressJson(terminal: Terminal): (progress: MeasureProgress) => void {
  return ({ done, total, secondsLeft = null }) => printJson(terminal, { kind: "progress", done, total, secondsLeft });
}

/** A line redrawn in place on a screen, one now and then elsewhere. */
function progressLine(terminal: Terminal): (progress: MeasureProgress) => void {
  let last = -Infinity;
  return ({ done, total, secondsLeft }) => {
    const left = secondsLeft === undefined || done === total ? "" : `, ${formatDuration(secondsLeft)} left`;
    const text = `${done} of ${total} soups measured${left}`;
    if (terminal.isInteractive) {
      terminal.clearLine();
      terminal.err(`  ${text}`);
      return;
    }
    const now = performance.now();
    if (now - last < LINE_INTERVAL && done < total) return;
    last = now;
    terminal.errLine(text);
  };
}

interface Drawing {
  readonly name: FigureName;
  readonly folder: string;
  readonly ground: "light" | "dark";
  readonly out: string | undefined;
}

async function draw({ name, folder, ground, out }: Drawing, context: CommandContext): Promise<number> {
  const { terminal, isJson, folder: here } = context;
  const { figureOfRun, writeFigure, FIGURE_FORMATS } = await context.pipeline();
  const format =
    out === undefined ? undefined : FIGURE_FORMATS.find(({ extension }) => extension === extname(out).toLowerCase());
  if (out !== undefined && format === undefined) {
    throw new UsageError(
      `--out ${out}: the name must end in ${FIGURE_FORMATS.map(({ extension }) => extension).join(", ")}`,
    );
  }
  const { spec, lacks } = await figureOfRun(folder, name);
  const files: string[] = [];
  if (spec !== undefined && format !== undefined && out !== undefined) {
    const file = resolve(here, out);
    const content = format.render(spec, ground);
    await (typeof content === "string" ? writeText(file, content) : writeBytes(file, content));
    files.push(file);
  } else if (spec !== undefined) files.push(...(await writeFigure(folder, name, spec, ground)));
  if (isJson) printJson(terminal, { name, run: basename(folder), files, missing: lacks });
  else {
    for (const file of files) terminal.outLine(file);
    printLacks(terminal, lacks);
    if (spec === undefined) terminal.errLine(`Figure ${name} cannot be drawn from ${basename(folder)} yet`);
  }
  return spec === undefined ? EXIT.failed : EXIT.ok;
}

async function list(folder: string, context: CommandContext): Promise<number> {
  const { terminal, isJson } = context;
  const { figuresOfRun } = await context.pipeline();
  const figures = await figuresOfRun(folder);
  if (isJson) {
    const rows = figures.map(({ figure: { name, source, title, description }, spec, lacks }) => {
      return { name, source, title, description, canBeDrawn: spec !== undefined, missing: lacks };
    });
    printJson(terminal, { run: basename(folder), figures: rows });
    return EXIT.ok;
  }
  terminal.outLine({ style: "bold", text: basename(folder) }, ` in ${dirname(dirname(folder))}`);
  for (const { figure: one, spec, lacks } of figures) {
    const canBeMeasured = lacks.some(({ command }) => command !== undefined);
    const state = spec !== undefined ? "can be drawn" : canBeMeasured ? "to be measured" : "lacks something";
    terminal.outLine(`  ${one.name.padEnd(10)}${state.padEnd(17)}${one.source}: ${one.title}`);
    for (const { what } of spec === undefined ? lacks : []) terminal.outLine(`  ${" ".repeat(27)}${what}`);
  }
  return EXIT.ok;
}
