import type { DoctorCheck } from "../../engine/protocol/toolOutput.ts";
import type { Salsa } from "../salsa.ts";

/**
 * The findings that a command of the tool prints, which fails if something is missing, after printing them.
 * @throws the tool's error if it has printed none.
 */
export async function toolFindings(
  { tool }: Pick<Salsa, "tool">,
  ...[args, options]: Parameters<Salsa["tool"]["run"]>
): Promise<readonly DoctorCheck[]> {
  // Loaded on first use: it brings its schemas along.
  const { readDoctorOutput } = await import("../../engine/protocol/toolOutput.ts");
  let findings: readonly DoctorCheck[] = [];
  const onLine = (line: unknown): void => {
    findings = readDoctorOutput(line)?.findings ?? findings;
  };
  try {
    await tool.run(args, { ...options, onLine });
  } catch (error) {
    if (findings.length === 0) throw error;
  }
  return findings;
}
