import type { Command } from "../command.ts";
import { doctor } from "./doctor.ts";
import { generate } from "./generate.ts";
import { plan } from "./plan.ts";
import { report } from "./report.ts";
import { resume } from "./resume.ts";
import { run } from "./run.ts";
import { schema } from "./schema.ts";
import { score } from "./score.ts";
import { soup } from "./soup.ts";

/** Every subcommand, in the order of the help. Add yours here. */
export const COMMANDS: readonly Command[] = [run, resume, plan, soup, score, generate, report, doctor, schema];
