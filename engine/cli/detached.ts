import type { EngineRequest } from "../server/engineRequest.ts";
import { EXIT } from "./command.ts";
import type { CommandContext, OptionSpec } from "./command.ts";
import { commandLine } from "./runOptions.ts";
import { printJson } from "./terminal.ts";

/** The switch that puts a run into the background. */
export const DETACH_OPTION: Readonly<Record<string, OptionSpec>> = {
  detach: { description: "Run in the background, one run at a time; follow it with salsa attach" },
};

/** Its description in the help. */
export const DETACH_DETAILS =
  "With --detach, the run goes on by itself, whatever becomes of this terminal, and waits its turn while another one\n" +
  'in the background computes. With --json, that prints one object: {"kind":"started","id","folder","pid"}.';

/** Starts a run in the background and says how to follow it. @returns The exit code. */
export async function startDetached(context: CommandContext, request: EngineRequest): Promise<number> {
  const { launch } = await import("../server/launch.ts");
  const { run, folder, pid } = await launch(request);
  const { terminal } = context;
  if (context.isJson) {
    printJson(terminal, { kind: "started", id: run, folder, pid });
    return EXIT.ok;
  }
  terminal.outLine(`Started ${run} in the background (process ${pid})`);
  terminal.outLine(`Follow: ${commandLine(context, "attach", folder)}`);
  terminal.outLine(`Stop:   ${commandLine(context, "stop", folder)}`);
  return EXIT.ok;
}
