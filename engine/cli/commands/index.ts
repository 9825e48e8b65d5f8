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

/** Every subcommand, in the order of the help. Add yours here. */
export const COMMANDS: readonly Command[] = [
  newCommand,
  run,
  attach,
  stop,
  resume,
  pull,
  plan,
  claims,
  data,
  soup,
  merge,
  score,
  generate,
  serveModel,
  fetch,
  judge,
  winrates,
  report,
  table,
  figure,
  exportCommand,
  importCommand,
  publish,
  verify,
  serve,
  mcp,
  doctor,
  cluster,
  schema,
];
