import type { Command } from "../command.ts";
import { attach } from "./attach.ts";
import { claims } from "./claims.ts";
import { cluster } from "./cluster.ts";
import { data } from "./data.ts";
import { doctor } from "./doctor.ts";
import { exportCommand } from "./export.ts";
import { fetch } from "./fetch.ts";
import { figure } from "./figure.ts";
import { generate } from "./generate.ts";
import { importCommand } from "./import.ts";
import { judge } from "./judge.ts";
import { mcp } from "./mcp.ts";
import { merge } from "./merge.ts";
import { newCommand } from "./new.ts";
import { plan } from "./plan.ts";
import { publish } from "./publish.ts";
import { pull } from "./pull.ts";
import { report } from "./report.ts";
import { resume } from "./resume.ts";
import { run } from "./run.ts";
import { schema } from "./schema.ts";
import { score } from "./score.ts";
import { serve } from "./serve.ts";
import { serveModel } from "./serveModel.ts";
import { soup } from "./soup.ts";
import { stop } from "./stop.ts";
import { table } from "./table.ts";
import { verify } from "./verify.ts";
import { winrates } from "./winrates.ts";

/** Subcommands of one purpose. */
export interface CommandGroup {
  readonly title: string;
  readonly commands: readonly Command[];
}

/** Every subcommand by its purpose, in the order of the help. Add yours here. */
export const COMMAND_GROUPS: readonly CommandGroup[] = [
  { title: "Configs", commands: [newCommand, plan, data, schema] },
  { title: "Runs", commands: [run, attach, stop, resume, pull, claims] },
  { title: "Results", commands: [report, table, figure, verify, exportCommand, importCommand] },
  { title: "Checkpoints", commands: [generate, score, soup, merge, serveModel, publish] },
  { title: "Benchmarks and judging", commands: [fetch, judge, winrates] },
  { title: "Machines, editors and agents", commands: [doctor, cluster, serve, mcp] },
];

/** Every subcommand. */
export const COMMANDS: readonly Command[] = COMMAND_GROUPS.flatMap(({ commands }) => commands);
