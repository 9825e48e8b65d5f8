import { dictionary } from "../engine/common/dictionary.ts";
import type { RunEvent } from "../engine/protocol/events.ts";
import { applyEvent, type MetricsEvent, type RunState } from "../engine/protocol/runState.ts";
import type { PackedCurves, RunOutline, SeriesKey } from "../engine/protocol/service.ts";
import { GrowingCurve } from "./growing.ts";
import type { Curve } from "./model.ts";
import { unpack } from "./packed.ts";

/** Points per request: a larger response would block the page when it arrives, so requests are split. */
const POINTS_A_REQUEST = 200_000;

/** A run in focus: its outline and the requested curves, kept up to date by its events. */
export class FollowedRun {
  readonly folder: string;
  private state: RunState | undefined;
  private series: Record<string, Record<string, number>> = dictionary();
  /** Stages whose counts are shared with an outline that was given out. */
  private sharedStages = new Set<string>();
  private given: RunOutline | undefined;
  private readonly curves = new Map<string, GrowingCurve>();
  /** Curves still to be requested, and curves requested but not received. */
  private wanted = new Map<string, SeriesKey>();
  private readonly awaited = new Set<string>();
  /** Failed curves; requested again only after a reset. */
  private readonly refused = new Set<string>();
  /** Events received while curves or the outline are pending, which may or may not include them. */
  private recent: RunEvent[] = [];
  /** Incremented by a reset, so that answers to earlier requests are dropped. */
  private generation = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Replaces the outline and requests the curves again; the old ones stay visible until then. */
  reset(outline: RunOutline): void {
    const { folder: _folder, series, ...rest } = structuredClone(outline);
    this.generation++;
    this.state = { ...rest, metrics: dictionary() };
    this.series = dictionary(Object.entries(series).map(([stage, counts]) => [stage, copied(counts)]));
    this.given = undefined;
    this.sharedStages.clear();
    const early = this.recent;
    this.recent = [];
    this.awaited.clear();
    this.refused.clear();
    for (const id of this.curves.keys()) this.wanted.set(id, keyOf(id));
    this.take(early);
  }

  /** Takes events in, each once. */
  take(events: readonly RunEvent[]): void {
    const { state } = this;
    if (state === undefined || this.awaited.size > 0) this.recent.push(...events);
    if (state === undefined) return;
    for (const event of events) applyEvent(state, event, this.keepMetrics);
    this.given = undefined;
  }

  /** Snapshot of the outline; it is never modified once returned. */
  outline(): RunOutline | undefined {
    if (this.state === undefined) return undefined;
    if (this.given === undefined) {
      const { metrics: _metrics, ...rest } = this.state;
      const stages = this.state.stages.map((stage) => ({ ...stage }));
      this.given = { ...rest, stages, folder: this.folder, series: this.series };
      this.sharedStages = new Set(Object.keys(this.series));
    }
    return this.given;
  }

  /** Snapshot of a curve; undefined until it has been received, and for metrics that the run has not recorded. */
  curve(key: SeriesKey): Curve | undefined {
    const id = idOf(key);
    const curve = this.curves.get(id);
    const isKnown = curve !== undefined || this.awaited.has(id) || this.refused.has(id);
    if (!isKnown && this.series[key.stage]?.[key.metric] !== undefined) this.wanted.set(id, key);
    return curve?.curve();
  }

  get wants(): boolean {
    return this.state !== undefined && this.wanted.size > 0;
  }

  /** Moves the wanted curves to the pending ones; returns them in portions of one request each. */
  ask(): { readonly generation: number; readonly portions: readonly (readonly SeriesKey[])[] } {
    const portions: SeriesKey[][] = [];
    let room = 0;
    for (const [id, key] of this.wanted) {
      this.awaited.add(id);
      const points = this.series[key.stage]?.[key.metric] ?? 0;
      if (portions.length === 0 || points > room) {
        portions.push([]);
        room = POINTS_A_REQUEST;
      }
      portions.at(-1)?.push(key);
      room -= points;
    }
    this.wanted = new Map();
    return { generation: this.generation, portions };
  }

  /** Stores received curves, with the points recorded since. */
  receive(generation: number, packed: PackedCurves, nextSequence: number): void {
    if (generation !== this.generation) return;
    for (const { stage, metric, curve: columns } of unpack(packed)) {
      const id = idOf({ stage, metric });
      const curve = new GrowingCurve(columns, nextSequence);
      for (const event of this.recent) {
        if (event.kind === "metrics" && event.stage === stage) appendTo(curve, event, metric);
      }
      this.curves.set(id, curve);
      this.awaited.delete(id);
    }
    if (this.awaited.size === 0) this.recent = [];
  }

  /** Marks requested curves that were not received as failed. */
  refuse(generation: number, keys: readonly SeriesKey[]): void {
    if (generation !== this.generation) return;
    for (const id of keys.map(idOf)) {
      if (this.awaited.delete(id)) this.refused.add(id);
    }
    if (this.awaited.size === 0) this.recent = [];
  }

  private readonly keepMetrics = (event: MetricsEvent): void => {
    for (const metric of Object.keys(event.values)) {
      this.count(event.stage, metric);
      const curve = this.curves.get(idOf({ stage: event.stage, metric }));
      if (curve !== undefined) appendTo(curve, event, metric);
    }
  };

  private count(stage: string, metric: string): void {
    if (this.sharedStages.has(stage) || this.series[stage] === undefined) {
      this.series = copied(this.series);
      this.series[stage] = copied(this.series[stage] ?? {});
      this.sharedStages.delete(stage);
    }
    const counts = this.series[stage] ?? dictionary();
    counts[metric] = (counts[metric] ?? 0) + 1;
  }
}

function copied<T>(object: Readonly<Record<string, T>>): Record<string, T> {
  return dictionary(Object.entries(object));
}

/** A curve takes each event once: it knows how far it goes. */
function appendTo(curve: GrowingCurve, event: MetricsEvent, metric: string): void {
  if (event.sequence < curve.nextSequence || !Object.hasOwn(event.values, metric)) return;
  curve.nextSequence = event.sequence + 1;
  curve.append(event.step, event.time, event.values[metric] ?? NaN);
}

/** No stage or metric has a line break in its name. */
function idOf({ stage, metric }: SeriesKey): string {
  return `${stage}\n${metric}`;
}

function keyOf(id: string): SeriesKey {
  const [stage = "", metric = ""] = id.split("\n");
  return { stage, metric };
}
