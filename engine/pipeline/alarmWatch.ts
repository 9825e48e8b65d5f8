import { alarmMessage } from "../protocol/alarms.ts";
import { ALARM_LIMITS, type Metrics, alarms } from "../rl/alarms.ts";
import type { StageContext } from "./stage.ts";

/** Watches the metrics of a training, and raises each alarm once. */
export class AlarmWatch {
  private readonly context: Pick<StageContext, "report">;
  private readonly kind: string;
  private readonly history: Metrics[];
  private readonly raised: Set<string>;

  /** For a kind of stage, by which the advice goes; with the history of an attempt that was cut off, whose alarms are not raised again. */
  constructor(context: Pick<StageContext, "report">, kind: string, history: readonly Metrics[] = []) {
    this.context = context;
    this.kind = kind;
    this.history = [...history];
    this.raised = new Set(alarms(history).map(({ name }) => name));
  }

  see(metrics: Metrics, step: number): void {
    this.history.push(metrics);
    for (const { name, seen } of alarms(this.history)) {
      if (this.raised.has(name)) continue;
      this.raised.add(name);
      this.context.report({ kind: "alarm", step, name, message: alarmMessage(name, seen, this.kind) });
    }
  }

  /**
   * The part of the history that is saved: its start and its end, where detectors look for trends. The best gold score
   * so far, which only one detector asks for, is found again after a resume.
   */
  get ends(): readonly Metrics[] {
    const { window } = ALARM_LIMITS;
    const { history } = this;
    return history.length <= 2 * window ? history : [...history.slice(0, window), ...history.slice(-window)];
  }
}
