import type { DoctorOutput } from "../../engine/protocol/toolOutput.ts";
import type { Salsa } from "../salsa.ts";

/**
 * The findings that a command of the tool prints, which fails if something is missing, after printing them; with what a
 * cluster has.
 * @throws the tool's error if it has printed none.
 */
export async function toolFindings(
  { tool }: Pick<Salsa, "tool">,
  ...[args, options]: Parameters<Salsa["tool"]["run"]>
): Promise<Pick<DoctorOutput, "findings" | "cluster">> {
  // Loaded on first use: it brings its schemas along.
  const { readDoctorOutput } = await import("../../engine/protocol/toolOutput.ts");
  let output: DoctorOutput | undefined;
  const onLine = (line: unknown): void => {
    output = readDoctorOutput(line) ?? output;
  };
  try {
    await tool.run(args, { ...options, onLine });
  } catch (error) {
    if (output === undefined) throw error;
  }
  return output ?? { findings: [] };
}
