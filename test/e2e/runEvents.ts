import { existsSync, readFileSync } from "node:fs";
import type { RunEvent } from "../../engine/protocol/events.ts";

/** Events of a run's log that are whole by now; none while there is no log. */
export function runEvents(file: string): readonly RunEvent[] {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as RunEvent);
}
