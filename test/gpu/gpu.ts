import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Card, type Place, NoCard, cardOf } from "./card.ts";
import { figuresOf, resultsOf } from "./figures.ts";
import type { PartRequest } from "./part.ts";
import { type Part, PARTS } from "./parts.ts";
import { type Done, type ProcessCommand, runPart } from "./process.ts";
import { type PartReport, type Report, reportText } from "./report.ts";
import { SIZES, figureSizes } from "./shapes.ts";

/** Codes with which `npm run gpu` ends. */
export const EXIT = { ok: 0, failed: 1, usage: 2, noCard: 3 } as const;

/** Seconds that everything together may take, unless `--minutes` says so. */
const SECONDS = 350;

const USAGE = `npm run gpu -- [options]
  --only PART      run these alone: contract, contract.own, selfCheck, rates, train, decode.135m …; may be given several times
  --json FILE      where the results go; gpu.json unless given
  --card N         number of the card among the visible ones; 0 unless given
  --python FILE    a Python with PyTorch and transformers, to compare with; found by itself where it can be
  --minutes N      time for everything; 5.8 unless given. What has not begun by then is left out
  --cases REGEX    of the contract suite, only the cases whose titles match
  --interpreter    the interpreter of PTX in place of a card, with tiny sizes: tries this script, and measures nothing
  --no-compile     leaves out torch.compile, which takes long
  --pack DIR       in the repository: makes a folder that runs all this on a machine without Node or npm
  --planned        in the repository: counts launches and bytes, and computes what a card would take; measures nothing
Ends with 0 if everything passed, 1 if something failed, 2 if the options are wrong, 3 if there is no card.
`;

/** Options of the command line that main.ts takes before they come here. */
export const OPTIONS = {
  only: { type: "string", multiple: true },
  json: { type: "string" },
  card: { type: "string" },
  python: { type: "string" },
  minutes: { type: "string" },
  cases: { type: "string" },
  interpreter: { type: "boolean" },
  "no-compile": { type: "boolean" },
  pack: { type: "string" },
  planned: { type: "boolean" },
  help: { type: "boolean" },
} as const;

interface Settings extends Place {
  readonly parts: readonly Part[];
  readonly json: string;
  readonly python: string | undefined;
  readonly seconds: number;
  readonly cases: string | undefined;
  readonly compiles: boolean;
  readonly sizes: keyof typeof SIZES;
}

/** Writes to the terminal. */
export type Print = (text: string) => void;

/** Runs what the arguments ask for; returns the exit code. */
export async function gpu(args: readonly string[], print: Print): Promise<number> {
  let settings: Settings | undefined;
  try {
    settings = settingsOf(args);
  } catch (error) {
    print(`gpu: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return EXIT.usage;
  }
  if (settings === undefined) {
    print(USAGE);
    return EXIT.ok;
  }
  let card: Card;
  try {
    card = cardOf(settings);
  } catch (error) {
    if (!(error instanceof NoCard)) throw error;
    print(`gpu: no card: ${error.message}\n`);
    return EXIT.noCard;
  }
  const report = await runParts(card, settings, print);
  print(`\n${reportText(report)}\nwritten to ${settings.json}\n`);
  // A measurement that PyTorch cannot do, or not in time, is no failure of ours.
  const own = report.parts.filter(({ name }) => !name.startsWith("torch."));
  return own.every(({ state }) => state === "passed" || state === "left out") ? EXIT.ok : EXIT.failed;
}

function settingsOf(args: readonly string[]): Settings | undefined {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help === true) return undefined;
  if (values.pack !== undefined || values.planned === true) {
    throw new TypeError("--pack and --planned work in the repository only");
  }
  const only = values.only ?? [];
  const parts = PARTS.filter(({ name }) => only.length === 0 || only.some((one) => isOf(name, one)));
  if (parts.length === 0) {
    throw new TypeError(`--only ${only.join(" ")}: there is ${PARTS.map(({ name }) => name).join(", ")}`);
  }
  const isInterpreted = values.interpreter === true;
  return {
    parts,
    card: isInterpreted ? "interpreter" : wholeNumber("--card", values.card ?? "0"),
    json: values.json ?? "gpu.json",
    python: values.python ?? (parts.some(({ isCompared }) => isCompared) ? findPython() : undefined),
    seconds: values.minutes === undefined ? SECONDS : 60 * positive("--minutes", values.minutes),
    cases: values.cases,
    compiles: values["no-compile"] !== true && !isInterpreted,
    sizes: isInterpreted ? "tiny" : "real",
  };
}

/** A part is meant by its name and by each beginning of it, as `train` means `train.135m`. */
const isOf = (name: string, asked: string): boolean => name === asked || name.startsWith(`${asked}.`);

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new TypeError(`${option} ${text}: must be a whole number`);
  return Number(text);
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new TypeError(`${option} ${text}: must be above 0`);
  return value;
}

/** Exits with 0 where there is what comparisons need; looks for it without loading it. */
const LOOK = "import importlib.util as u, sys; sys.exit(None in map(u.find_spec, ('torch', 'transformers')))";

/** The first python3 of the path, of conda or of a usual environment that has PyTorch and transformers. */
function findPython(): string | undefined {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const folders = [...path, "/opt/conda/bin", "/opt/venv/bin", "/venv/bin", "/usr/local/bin", "/usr/bin"];
  return folders
    .map((folder) => join(folder, "python3"))
    .find((file) => existsSync(file) && spawnSync(file, ["-c", LOOK], { stdio: "ignore" }).status === 0);
}

async function runParts(card: Card, settings: Settings, print: Print): Promise<Report> {
  const start = performance.now();
  const parts: PartReport[] = [];
  const measured = new Map<string, number>();
  const facts = new Map<string, string>();
  const report = (): Report => ({
    format: 1,
    date: new Date().toISOString(),
    isInterpreted: settings.card === "interpreter",
    card: { ...card.properties, driver: card.driver.version },
    host: { node: process.version, platform: `${process.platform}-${process.arch}`, processor: cpus()[0]?.model ?? "" },
    ...Object.fromEntries(facts),
    seconds: (performance.now() - start) / 1000,
    parts,
    figures: resultsOf(figuresOf({ ...figureSizes(SIZES[settings.sizes]), card: card.properties }), measured),
    measured: Object.fromEntries(measured),
  });
  // The interpreter is slow, and is asked for nothing but whether everything works.
  const patience = settings.card === "interpreter" ? 10 : 1;
  for (const part of settings.parts) {
    const left = settings.seconds - (performance.now() - start) / 1000;
    print(`${part.name} … `);
    const done = await doneOf(part, { ...settings, seconds: Math.min(patience * part.seconds, left) });
    for (const [name, value] of done.measured) measured.set(name, value);
    for (const [name, value] of done.facts) facts.set(name, value);
    parts.push(done.report);
    print(`${done.report.state}, ${done.report.seconds.toFixed(1)} s\n`);
    // After each, so that what is known is known whatever comes.
    writeFileSync(settings.json, `${JSON.stringify(report(), undefined, 2)}\n`);
  }
  return report();
}

async function doneOf(part: Part, settings: Settings): Promise<Done> {
  const { name } = part;
  const leftOut = (reason: string): Done => ({
    report: { name, state: "left out", seconds: 0, reason },
    measured: new Map(),
    facts: new Map(),
  });
  const { python, seconds } = settings;
  if (seconds <= 1) return leftOut("no time was left");
  if (part.isCompared && python === undefined) return leftOut("there is no Python with PyTorch and transformers");
  return runPart({ name, seconds, command: (from) => commandOf(part, settings, from) });
}

function commandOf(part: Part, settings: Settings, from: number): ProcessCommand {
  const { card, sizes, cases, python = "", compiles } = settings;
  if (!part.isCompared) {
    const request: PartRequest = { part: part.name, card, sizes, cases, from };
    const file = `./part${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`;
    return { file: process.execPath, args: [fileURLToPath(new URL(file, import.meta.url)), JSON.stringify(request)] };
  }
  const { models, decode, ppo, ...rest } = SIZES[sizes];
  const shape = models.find(({ name }) => part.name.endsWith(`.${name}`));
  const lengths = part.name.startsWith("torch.ppo") ? ppo : decode;
  const device = card === "interpreter" ? "cpu" : `cuda:${card}`;
  const request = { ...rest, ...shape, ...lengths, part: part.name, device, compiles };
  return { file: python, args: [fileURLToPath(new URL("./compare.py", import.meta.url)), JSON.stringify(request)] };
}

if (import.meta.main) process.exitCode = await gpu(process.argv.slice(2), (text) => process.stdout.write(text));
