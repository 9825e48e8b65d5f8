import { resolve } from "node:path";
import { choiceOption, numberListOption, numberOption, requiredOption, switchOption } from "../arguments.ts";
import { EXIT, UsageError } from "../command.ts";
import type { Arguments, Command } from "../command.ts";
import { printJson } from "../terminal.ts";

/** Methods that need nothing but the checkpoints; the others are for run configs, which have data. */
const METHODS = ["uniform", "linear", "slerp"] as const;

/** Mixes checkpoints into one. */
export const soup: Command = {
  name: "soup",
  summary: "mix checkpoints into one",
  details: [
    "Checkpoints are Hugging Face folders. They must agree in tensors, shapes, tokenizer and config; the first\n" +
      "difference is named if they do not. Tensors are streamed, so memory is needed for a few of them only.\n" +
      "Greedy and learned soups need held-out data: put them into a run config.",
    'With --json, one object: {"folder":...,"method":...,"of":[...]}.',
  ],
  positionals: [{ name: "CHECKPOINT", description: "Folders to mix, two or more", number: "several" }],
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
    force: { description: "Write over a checkpoint that is in --out already" },
  },
  examples: [
    ["salsa soup sft-1 sft-2 --out soup", "The mean of two"],
    ["salsa soup sft-1 sft-2 --alpha 0.3 --out soup", "Three tenths of the way to the second"],
    ["salsa soup a b c --weights 0.5,0.25,0.25 -o soup", "A weighted mean of three"],
    ["salsa soup sft-1 sft-2 --method slerp --out soup", "Along the arc"],
  ],
  async run(args, context) {
    const of = args.positionals.map((folder) => resolve(context.folder, folder));
    const recipe = readRecipe(args, of.length);
    const out = resolve(context.folder, requiredOption(args, "out", "where to write the soup, such as --out soup"));
    const { makeSoup } = await context.pipeline();
    const { folder } = await makeSoup({
      ...recipe,
      of,
      out,
      force: switchOption(args, "force"),
      signal: context.signal,
    });
    if (context.isJson) printJson(context.terminal, { folder, ...recipe, of });
    else context.terminal.out(`Soup of ${of.length}: ${folder}\n`);
    return EXIT.ok;
  },
};

interface Recipe {
  readonly method: (typeof METHODS)[number];
  readonly alpha?: number;
  readonly weights?: readonly number[];
}

/** @throws {UsageError} when method, shares and number of checkpoints do not go together. */
function readRecipe(args: Arguments, n: number): Recipe {
  const alpha = numberOption(args, "alpha");
  const weights = numberListOption(args, "weights");
  const method =
    choiceOption(args, "method", METHODS) ?? (alpha === undefined && weights === undefined ? "uniform" : "linear");
  if (n < 2) throw new UsageError("a soup needs at least 2 checkpoints, got 1");
  if (alpha !== undefined && weights !== undefined)
    throw new UsageError("--alpha and --weights are given together; keep one");
  if (method === "uniform") {
    const surplus = alpha === undefined ? (weights === undefined ? undefined : "--weights") : "--alpha";
    if (surplus !== undefined) throw new UsageError(`${surplus} goes with --method linear, not uniform`);
    return { method };
  }
  if (weights !== undefined) return { method: checkedWeights(method, weights, n), weights };
  if (n !== 2)
    throw new UsageError(`--method ${method} with --alpha mixes exactly 2 checkpoints, got ${n}; give --weights`);
  return { method, alpha: alpha ?? 0.5 };
}

function checkedWeights(method: Recipe["method"], weights: readonly number[], n: number): "linear" {
  if (method !== "linear") throw new UsageError(`--weights goes with --method linear, not ${method}`);
  if (weights.length !== n)
    throw new UsageError(`--weights has ${weights.length} numbers for ${n} checkpoints; give one each`);
  const sum = weights.reduce((total, one) => total + one, 0);
  if (Math.abs(sum - 1) > 1e-5)
    throw new UsageError(`--weights add up to ${Number(sum.toPrecision(6))}, not 1; divide each by their sum`);
  return method;
}
