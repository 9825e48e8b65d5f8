import { resolve } from "node:path";
import { ConfigError } from "../../protocol/errors.ts";
import { switchOption } from "../arguments.ts";
import { EXIT } from "../command.ts";
import type { Command } from "../command.ts";
import { loadConfig } from "../files.ts";
import { planned } from "../planning.ts";

/** Milliseconds that work under way has to end by itself once the client is gone. */
const GRACE = 2000;

/** Offers runs to agents. */
export const mcp: Command = {
  name: "mcp",
  summary: "offer runs, curves, tables and samples to agents: an MCP server over standard input and output",
  details: [
    "Speaks the Model Context Protocol (modelcontextprotocol.io) for any client of it, with the tools that chat agents in\n" +
      "VS Code have: it lists runs and configs, reads curves, tables, samples and alarms, checks configs and plans runs of\n" +
      "them. Nothing outside of the folders' configs and their runs is read, and nothing is changed, unless --allow-runs\n" +
      "lets agents start runs of these configs and stop runs. A run that asks a language model to judge is never started.",
    "Standard output has nothing but the protocol's messages, with and without --json.",
  ],
  positionals: [
    { name: "FOLDER", description: "Folders to look for configs and runs in (default: this one)", number: "any" },
  ],
  options: { "allow-runs": { description: "Let agents start and stop runs, which compute on this machine" } },
  examples: [
    ["salsa mcp", "Only reads"],
    ["salsa mcp ~/experiments --allow-runs", "May start runs of configs in that folder"],
  ],
  interruptNotice: "Ending; runs go on",
  async run(args, context) {
    const { terminal, version, signal, folder } = context;
    const { serveMcp } = await import("../../server/mcp/serveMcp.ts");
    const folders = args.positionals.length === 0 ? ["."] : args.positionals;
    await serveMcp({
      ...{ input: process.stdin, output: process.stdout, version, signal },
      folders: folders.map((one) => resolve(folder, one)),
      allowsRuns: switchOption(args, "allow-runs"),
      report: ({ message }) => terminal.errLine(`mcp: ${message}`),
      check: async (file) => {
        try {
          const { output } = await planned(await loadConfig(file), context, {
            isQuick: true,
            progress: () => undefined,
          });
          return { plan: output };
        } catch (error) {
          if (error instanceof ConfigError) return { issues: error.issues };
          throw error;
        }
      },
    });
    // A client that is gone waits for nothing, and neither does its server.
    setTimeout(() => process.exit(), GRACE).unref();
    process.stdin.destroy();
    return EXIT.ok;
  },
};
