import { configTable, jsonSchema } from "../../config/index.ts";
import { switchOption } from "../arguments.ts";
import { EXIT } from "../command.ts";
import type { Command } from "../command.ts";

/** Prints all settings that a run config may hold. */
export const schema: Command = {
  name: "schema",
  summary: "print every setting of a run config, as JSON schema or Markdown",
  details: ["The output is the JSON schema with and without --json."],
  positionals: [],
  options: { markdown: { description: "A Markdown table instead of the JSON schema" } },
  examples: [
    ["salsa schema > salsa.schema.json", "For an editor"],
    ["salsa schema --markdown", "Every setting with its range, default and the default's source"],
  ],
  run(args, { terminal, isJson }) {
    const isTable = switchOption(args, "markdown") && !isJson;
    terminal.out(isTable ? configTable() : `${JSON.stringify(jsonSchema(), undefined, isJson ? 0 : 2)}\n`);
    return Promise.resolve(EXIT.ok);
  },
};
