import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { PRESETS } from "../../config/presets.ts";
import { configFileName, isDataName, isSurelyData, nameOf } from "../../config/paths.ts";
import { type OwnFiles, rolesOf } from "../../config/ownFiles.ts";
import { type PresetName, newConfig, ownConfig } from "../../config/templates.ts";
import { DataError } from "../../protocol/errors.ts";
import { inputExistsSync, inputTree } from "../../storage/inputs.ts";
import { choiceOption } from "../arguments.ts";
import { EXIT, UsageError } from "../command.ts";
import type { Command, CommandContext } from "../command.ts";
import { writeText } from "../files.ts";
import { printJson } from "../terminal.ts";

const OWN = "own";
const STARTS: readonly (PresetName | typeof OWN)[] = [OWN, ...PRESETS.map(({ name }) => name)];

/** Folders of programs, in which nobody keeps data for a run. */
const ELSEWHERE = new Set(["node_modules", "venv", "__pycache__"]);
/** Files that are looked into: who has more names them himself. */
const MOST_FILES = 60;

/** Writes a commented run config to start from. */
export const newCommand: Command = {
  name: "new",
  summary: "write a commented run config to start from",
  details: [
    "Of your own model and data: a checkpoint, conversations, preference pairs and prompts that are found in the config's\n" +
      "folder and below are filled in, by what their columns allow. What is not found has a usual name, to be changed.",
    'With --json, one object: {"config":...,"found":{...},"missing":[...]}.',
  ],
  positionals: [{ name: "FILE", description: "Config to write (default: my.salsa.json)", number: "optional" }],
  options: { from: { value: "START", description: `Template to start from: ${STARTS.join(", ")} (default ${OWN})` } },
  examples: [
    ["salsa new", "my.salsa.json, of the model and data in this folder"],
    ["salsa new demo --from miniinstruct", "The demo, which any machine trains from nothing"],
    ["salsa new paper --from llama2-7b", "The paper's settings, for a card"],
  ],
  async run(args, context) {
    const { folder, isJson, terminal } = context;
    const start = choiceOption(args, "from", STARTS) ?? OWN;
    const config = resolve(folder, configFileName(args.positionals[0] ?? "my"));
    if (basename(config).startsWith("."))
      throw new UsageError(`${config}: has no name that is looked for; give the config one that begins with no dot`);
    if (!inputExistsSync(dirname(config)))
      throw new UsageError(`${dirname(config)}: there is no such folder; make it first, or give another`);
    if (inputExistsSync(config)) throw new UsageError(`${config}: is there already; give another name`);
    const name = nameOf(config);
    const found = start === OWN ? await findOwnFiles(dirname(config), context) : {};
    await writeText(config, (start === OWN ? ownConfig(name, found) : newConfig(start, name)).text);
    const missing = start === "miniinstruct" ? [] : ROLES.filter((role) => found[role] === undefined);
    if (isJson) printJson(terminal, { config, found, missing });
    else terminal.out(`${summary(config, found, missing)}\n`);
    return EXIT.ok;
  },
};

const ROLES = ["checkpoint", "sft", "preferences", "prompts", "benchmark"] as const;

function summary(config: string, found: OwnFiles, missing: readonly string[]): string {
  const lines = Object.entries(found).map(([role, path]) => `  ${role}: ${path}`);
  return [
    `${config} is written${lines.length === 0 ? "" : ", with what was found:"}`,
    ...lines,
    ...(missing.length === 0 ? [] : [`still to be named in it: ${missing.join(", ")}`]),
    "salsa plan says what it takes and what is wrong; salsa run runs it",
  ].join("\n");
}

/** Checkpoints and data in a folder and below; what cannot be read is passed over. */
async function findOwnFiles(folder: string, context: CommandContext): Promise<OwnFiles> {
  const isWanted = (name: string, isFolder: boolean): boolean =>
    isFolder ? !ELSEWHERE.has(name) : isDataName(name) || name.endsWith(".safetensors");
  const tree = await inputTree(folder, isWanted, { isSearch: true }).catch((error: unknown) => {
    if (error instanceof DataError) return []; // so many files that this is no folder of data
    throw error;
  });
  const weights = new Set(tree.filter((file) => file.endsWith(".safetensors")).map(dirname));
  const at = (file: string): string => relative(folder, file).split(sep).join("/") || ".";
  const checkpoints = [...weights].filter((one) => inputExistsSync(join(one, "config.json"))).map(at);
  // The settings of a checkpoint are JSON, too.
  const data = tree.filter((file) => isDataName(file) && !weights.has(dirname(file)));
  const likely = data.toSorted((a, b) => Number(isSurelyData(b)) - Number(isSurelyData(a)));
  const { columnsOf } = await context.pipeline();
  const seen = await Promise.all(
    likely.slice(0, MOST_FILES).map(async (file) => {
      const columns = await columnsOf({ from: file }).catch(() => undefined);
      return columns === undefined ? [] : [{ path: at(file), columns }];
    }),
  );
  return rolesOf(seen.flat(), checkpoints);
}
