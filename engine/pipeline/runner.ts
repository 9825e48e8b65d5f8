import { basename, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Backend } from "../compute/backend.ts";
import type { RunConfig } from "../config/index.ts";
import type { EventBody } from "../protocol/events.ts";
import { type Artifacts, artifactKey } from "../storage/artifacts.ts";
import type { Json } from "../storage/json.ts";
import { LockedError } from "../storage/locks.ts";
import { readSnapshot, writeSnapshot } from "../storage/snapshots.ts";
import { fileFingerprint, folderFingerprint } from "./fingerprints.ts";
import {
  type Artifact,
  type Snapshot,
  type Stage,
  type StageInput,
  type Steps,
  Stopped,
  stageIdentity,
} from "./step.ts";

/** Between two looks at whether another process has finished, ms. */
const POLL_MS = 250;

/** What a runner works with. */
export interface RunnerSettings {
  readonly config: RunConfig;
  readonly artifacts: Artifacts;
  readonly backend: () => Promise<Backend>;
  readonly signal: AbortSignal;
  readonly report: (event: EventBody) => void;
  readonly sample: (record: Json) => void;
}

/** Executes steps: takes a result that is there, else runs its stage from where an earlier attempt was cut off. */
export class Runner implements Steps {
  readonly config: RunConfig;
  private readonly settings: RunnerSettings;
  private readonly fingerprints = new Map<string, Promise<string>>();
  private current: string | undefined;

  constructor(settings: RunnerSettings) {
    this.config = settings.config;
    this.settings = settings;
  }

  /** The stage at work, for reports of what went wrong. */
  get currentStage(): string | undefined {
    return this.current;
  }

  async step<I extends StageInput>(stage: Stage<I>, input: I, name: string): Promise<Artifact> {
    const { artifacts, config, signal } = this.settings;
    const key = artifactKey(stage.name, stageIdentity(stage, input, config));
    const id = basename(artifacts.path(key));
    if (signal.aborted) throw new Stopped(`${name}: not begun`);
    const made = await artifacts.get(key);
    this.current = name;
    this.report({ kind: "stageStarted", stage: name, key: id, name: stage.title, cached: made !== undefined });
    const started = performance.now();
    const folder = made ?? (await this.makeOrAwait(stage, input, name, key));
    this.report({ kind: "stageFinished", stage: name, seconds: (performance.now() - started) / 1000 });
    this.current = undefined;
    return { key: id, name, folder };
  }

  async external(folder: string, name: string): Promise<Artifact> {
    return { key: await folderFingerprint(folder), name, folder };
  }

  fingerprint(file: string): Promise<string> {
    let known = this.fingerprints.get(file);
    if (known === undefined) {
      known = fileFingerprint(file);
      this.fingerprints.set(file, known);
    }
    return known;
  }

  /** Makes the artifact, or waits for another process that is making the very same. */
  private async makeOrAwait<I extends StageInput>(
    stage: Stage<I>,
    input: I,
    name: string,
    key: ReturnType<typeof artifactKey>,
  ): Promise<string> {
    let isAnnounced = false;
    for (;;) {
      try {
        return await this.make(stage, input, name, key);
      } catch (error) {
        if (!(error instanceof LockedError)) throw error;
        const message = `waiting for process ${error.owner.pid}, which is making the same`;
        if (!isAnnounced) this.report({ kind: "alarm", stage: name, step: 0, name: "waiting", message });
        isAnnounced = true;
      }
      if (this.settings.signal.aborted) throw new Stopped(`${name}: not begun`);
      await setTimeout(POLL_MS);
      const made = await this.settings.artifacts.get(key);
      if (made !== undefined) return made;
    }
  }

  private async make<I extends StageInput>(
    stage: Stage<I>,
    input: I,
    name: string,
    key: ReturnType<typeof artifactKey>,
  ): Promise<string> {
    const { artifacts, config, signal, sample } = this.settings;
    const backend = await this.settings.backend();
    const workspace = await artifacts.work(key);
    const savepoint = join(workspace.folder, "savepoint");
    const report = this.withTimeLeft();
    try {
      return await artifacts.create(key, (folder) =>
        stage.run(
          {
            config,
            name,
            backend,
            folder,
            signal,
            report,
            sample,
            restore: async () => {
              const saved = await readSnapshot(savepoint);
              return saved && { ...(saved.json as unknown as Pick<Snapshot, "step" | "json">), tensors: saved.tensors };
            },
            save: ({ step, json, tensors }) => writeSnapshot(savepoint, { json: { step, json }, tensors }),
          },
          input,
        ),
      );
    } catch (error) {
      // Work that has no steps of its own, such as mixing tensors, is cut off by the signal.
      if (signal.aborted && error === signal.reason) throw new Stopped(`${name}: stopped; it starts over`);
      throw error;
    } finally {
      await workspace.release();
    }
  }

  private report(event: EventBody): void {
    this.settings.report(event);
  }

  /** Adds to progress how long the rest of the stage will take, going by its steps so far. */
  private withTimeLeft(): (event: EventBody) => void {
    let first: { readonly time: number; readonly step: number } | undefined;
    return (event) => {
      if (event.kind !== "progress") {
        this.report(event);
        return;
      }
      const now = performance.now();
      first ??= { time: now, step: event.step };
      const taken = event.step - first.step;
      const etaSeconds = ((now - first.time) / 1000 / taken) * (event.total - event.step);
      this.report(taken > 0 ? { ...event, etaSeconds } : event);
    };
  }
}
