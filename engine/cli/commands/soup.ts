import { basename, resolve } from "node:path";
import { SAVED_TYPES } from "../../storage/elementTypes.ts";
import { type SoupMethod, checkpointMethods, recipeOf } from "../../soup/index.ts";
import { choiceOption, numberListOption, requiredOption, switchOption } from "../arguments.ts";
import { BASE_OPTION, baseFrom } from "../baseOption.ts";
import { EXIT, UsageError } from "../command.ts";
import type { Arguments, Command } from "../command.ts";
import { CHECKPOINT_FORMS, checkpointFolder } from "../namedCheckpoint.ts";
import { DIRECTORY_OPTION } from "../runOptions.ts";
import { printJson } from "../terminal.ts";

/** The others are for run configs, which have data. */
const METHODS = checkpointMethods();

/** Mixes checkpoints into one. */
export const soup: Command = {
  name: "soup",
  summary: "mix checkpoints into one",
  details: [
    "Checkpoints must agree in what computes: tensors, shapes, architecture and tokenizer;\n" +
      "the first difference is named if they do not. The soup is stored in their type, in f32 where they have several.\n" +
      "Tensors are streamed, so memory is needed for a few of them only.\n" +
      "Soups that are measured on held-out data, greedy and learned ones, belong into a run config.",
    "LoRA adapters of one base give an adapter: exactly their mixture, with their ranks added up.",
    'With --json, one object: {"folder":...,"method":...,"of":[...]}.',
  ],
  positionals: [{ name: "CHECKPOINT", description: `Two or more: ${CHECKPOINT_FORMS}`, number: "several" }],
  options: {
    out: { value: "DIR", short: "o", description: "Folder to write" },
    method: {
      value: "NAME",
      description: `${METHODS.join(", ")} (default: uniform, or linear with --alpha or --weights)`,
    },
    alpha: {
      value: "A",
      description: "Share of the second of two checkpoints; may leave 0 to 1 (linear, slerp; default 0.5)",
    },
    weights: { value: "W1,W2,...", description: "One weight per checkpoint, adding up to 1 (linear)" },
    "save-as": { value: "TYPE", description: `Type of the soup's numbers: ${Object.keys(SAVED_TYPES).join(", ")}` },
    ...DIRECTORY_OPTION,
    ...BASE_OPTION,
    force: { description: "Write over a checkpoint that is in --out already" },
  },
  examples: [
    ["salsa soup sft-1 sft-2 --out soup", "The mean of two"],
    ["salsa soup demo-1:sft-1 demo-1:sft-2 --out soup", "The same, of a run's SFTs"],
    ["salsa soup sft-1 sft-2 --alpha 0.3 --out soup", "Three tenths of the way to the second"],
    ["salsa soup a b c --weights 0.5,0.25,0.25 -o soup", "A weighted mean of three"],
    ["salsa soup sft-1 sft-2 --method slerp --out soup", "Along the arc"],
  ],
  async run(args, context) {
    const of = await Promise.all(args.positionals.map((named) => checkpointFolder(named, args, context)));
    const recipe = readRecipe(args, of);
    const out = resolve(context.folder, requiredOption(args, "out", "where to write the soup, such as --out soup"));
    const saveAs = choiceOption(args, "save-as", Object.keys(SAVED_TYPES) as (keyof typeof SAVED_TYPES)[]);
    const { makeSoup } = await context.pipeline();
    const { folder } = await makeSoup({
      ...recipe,
      of,
      out,
      ...(saveAs === undefined ? {} : { saveAs: SAVED_TYPES[saveAs] }),
      force: switchOption(args, "force"),
      ...baseFrom(args, context.folder),
      signal: context.signal,
    });
    if (context.isJson) printJson(context.terminal, { folder, ...recipe, of });
    else context.terminal.outLine(`Soup of ${of.length}: ${folder}`);
    return EXIT.ok;
  },
};

interface Recipe {
  readonly method: SoupMethod;
  readonly alpha?: number | readonly number[];
  readonly weights?: readonly number[];
}

/** @throws {UsageError} when method, shares and checkpoints do not go together. */
function readRecipe(args: Arguments, of: readonly string[]): Recipe {
  const [alpha, weights] = [numberListOption(args, "alpha"), numberListOption(args, "weights")];
  const written = {
    ...(alpha === undefined ? {} : { alpha: shareOf(alpha) }),
    ...(weights === undefined ? {} : { weights }),
  };
  const standard = Object.keys(written).length === 0 ? "uniform" : "linear";
  const method = choiceOption(args, "method", METHODS) ?? standard;
  if (of.length < 2) throw new UsageError("a soup needs at least 2 checkpoints, got 1");
  for (const setting of Object.keys(written)) {
    const fitting = METHODS.filter((one) => setting in recipeOf(one).settings);
    if (!fitting.includes(method))
      throw new UsageError(`--${setting} goes with --method ${fitting.join(" or ")}, not ${method}`);
  }
  const facts = { of: of.map((folder) => basename(folder)), isTask: false };
  for (const { path, message, remedy } of recipeOf(method).check(written, facts)) {
    const setting = path[0] === "of" ? "" : `--${path.join(".")} `;
    throw new UsageError(`${setting}${message}; ${remedy}`);
  }
  return { method, ...written };
}

/** One share stands by itself, as in a config. */
function shareOf(alpha: readonly number[]): number | readonly number[] {
  const [only, ...others] = alpha;
  return only === undefined || others.length > 0 ? alpha : only;
}
