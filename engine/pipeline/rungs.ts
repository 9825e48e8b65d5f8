import type { EventBody } from "../protocol/events.ts";
import { readVerdict } from "../storage/formats/halving.ts";
import type { ResolvedStage } from "./resolve.ts";

/** Folder of a savepoint, in a stage's workspace and in the artifact of a rung. */
export const SAVEPOINT = "savepoint";

/** Which stages successive halving leaves out: those of arms that a rung has dropped, and all that is made of them. */
export class DroppedStages {
  /** By id. */
  readonly ids = new Set<string>();
  /** Rung that an arm was dropped at. */
  private readonly rungs = new Map<string, number>();
  private readonly report: (event: EventBody) => void;

  constructor(report: (event: EventBody) => void) {
    this.report = report;
  }

  /** False for a stage that nothing is known to leave out. */
  concern({ gate }: ResolvedStage): boolean {
    return gate !== undefined || this.ids.size > 0;
  }

  /**
   * True for a stage that is left out; all that it waits for is there, or left out.
   * @throws {DataError} when a rung's verdict cannot be read.
   */
  async takes({ info, declared, gate }: ResolvedStage): Promise<boolean> {
    if (declared.takesDropped === true) return false;
    const verdict = gate && (await readVerdict(gate.verdict.folder));
    const own = verdict?.arms.find(({ arm }) => arm === gate?.arm);
    const isDropped = verdict !== undefined && own?.goesOn !== true;
    if (!isDropped && !info.inputs.some((id) => this.ids.has(id))) return false;
    this.ids.add(info.id);
    if (isDropped && own !== undefined) this.rungs.set(own.arm, verdict.rung);
    const rung = this.rungs.get(gate?.arm ?? "");
    this.report({ kind: "stageDropped", stage: info.id, ...(rung !== undefined && { rung }) });
    return true;
  }
}
