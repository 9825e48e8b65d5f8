import type { Lack } from "../pipeline/index.ts";
import type { Terminal } from "./terminal.ts";

/** Says what a run does not have, and how it would get it. */
export function printLacks(terminal: Terminal, lacks: readonly Lack[]): void {
  for (const { what, snippet, command } of lacks) {
    terminal.errLine({ style: "yellow", text: "missing:" }, ` ${what}`);
    if (snippet !== undefined) {
      terminal.errLine("  add to the config, and run it again (what is trained is reused):");
      for (const line of snippet.split("\n")) terminal.errLine(`    ${line}`);
    }
    if (command !== undefined) terminal.errLine(`  salsa ${command}`);
  }
}
