import { EXIT } from "../command.ts";
import type { Command } from "../command.ts";
import type { DoctorCheck, DoctorOutput } from "../../protocol/toolOutput.ts";
import { diagnose } from "../diagnosis.ts";
import { runsDirectory, DIRECTORY_OPTION } from "../runOptions.ts";
import { printJson } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

/** Looks at the machine. */
export const doctor: Command = {
  name: "doctor",
  summary: "look at the machine: devices, backends, threads, what is missing and how to get it",
  details: [
    "Exits with 1 when something is missing that no run can do without.",
    'With --json, one object: {"ok":true|false,"findings":[{"name","state":"ok"|"optional"|"missing","detail","remedy"?}]}.',
  ],
  positionals: [],
  options: DIRECTORY_OPTION,
  examples: [
    ["salsa doctor", "Before a first run"],
    ["salsa doctor --json", "For a bug report or a script"],
  ],
  async run(args, context) {
    const findings = await diagnose(runsDirectory(args, context));
    const ok = findings.every(({ state }) => state !== "missing");
    if (context.isJson) printJson(context.terminal, { ok, findings } satisfies DoctorOutput);
    else for (const finding of findings) printFinding(context.terminal, finding);
    return ok ? EXIT.ok : EXIT.failed;
  },
};

const MARKS = { ok: ["green", "ok"], optional: ["yellow", "--"], missing: ["red", "NO"] } as const;

/** Prints a finding with its remedy. */
export function printFinding(terminal: Terminal, { name, state, detail, remedy }: DoctorCheck): void {
  const [style, text] = MARKS[state];
  terminal.outLine({ style, text }, `  ${name.padEnd(22)}  ${detail}`);
  if (remedy !== undefined) terminal.outLine(`    ${" ".repeat(22)}  ${remedy}`);
}
