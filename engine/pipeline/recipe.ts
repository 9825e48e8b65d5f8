import type { Backend } from "../compute/backend.ts";
import { type CheckpointConfig, type RunConfig, type SourceConfig, configAt } from "../config/index.ts";
import type { RecordKind } from "../data/index.ts";
import { MOST_STAGES } from "../protocol/limits.ts";
import { stageName } from "../protocol/stageName.ts";
import type { StageInfo } from "../protocol/stages.ts";
import type { Json } from "../storage/json.ts";
import {
  type Artifact,
  type Cost,
  type CostFacts,
  type DataFile,
  type HostContext,
  type Stage,
  type StageInputs,
  jsonOf,
} from "./stage.ts";

/** Stands for an artifact that a stage will make, or for a checkpoint from outside. */
export class ArtifactHandle {
  /** Id of the stage, or of the checkpoint among the recipe's sources. */
  readonly id: string;
  readonly product: string;
  constructor(id: string, product: string) {
    this.id = id;
    this.product = product;
  }
}

/** Stands for a file that is read as it is. */
export class FileHandle {
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
}

/** Stands for a source of data, and what its records are for. */
export class DataHandle {
  readonly source: SourceConfig;
  readonly kind: RecordKind;
  constructor(source: SourceConfig, kind: RecordKind) {
    this.source = source;
    this.kind = kind;
  }
}

export type DeclaredInput = ArtifactHandle | readonly ArtifactHandle[] | FileHandle | DataHandle | undefined;

/** Inputs as a recipe names them: handles where the stage gets artifacts and files. */
export type Declared<Inputs extends StageInputs> = { readonly [K in keyof Inputs]: HandleOf<Inputs[K]> };
type HandleOf<T> = T extends Artifact
  ? ArtifactHandle
  : T extends readonly Artifact[]
    ? readonly ArtifactHandle[]
    : T extends DataFile
      ? FileHandle | DataHandle
      : T;

/** A stage's place in its recipe. */
export type StagePlace = Omit<StageInfo, "id" | "kind" | "title" | "makes" | "inputs">;

/** A rung of successive halving that a stage comes after. It changes no result, and so is no part of keys. */
export interface RungGate<Handle = ArtifactHandle> {
  /** The verdict, by which the stage is made or left out. */
  readonly verdict: Handle;
  /** The arm that the stage trains. */
  readonly arm: string;
  /** The arm's training up to the rung, whose savepoint it goes on from. */
  readonly from: Handle;
  /** Share of the stage's training that is left. */
  readonly left: number;
  /** Share of the arms that go on. */
  readonly share: number;
}

/** A stage of a recipe, declared and not run. */
export interface DeclaredStage extends StageWork {
  readonly info: StageInfo;
  readonly revision: number;
  readonly slice: Json;
  readonly inputs: Readonly<Record<string, DeclaredInput>>;
  readonly batchSetting?: readonly string[];
  readonly takesDropped?: true;
  readonly gate?: RungGate;
}

/** The work of a stage on its slice of a config. */
export interface StageWork {
  /** The kind of work, as it is defined. */
  readonly definition: object;
  /** A device is waited for and opened before it runs. */
  readonly usesDevice: boolean;
  /** Runs the stage on its slice; `open` is called if it uses a device. `inputs` are the resolved handles. */
  run(context: HostContext, open: () => Promise<Backend>, inputs: StageInputs): Promise<void>;
  cost(facts: CostFacts): Cost;
}

/** Binds a stage to its slice. The inputs that it is then run with must be its own. */
export function workOn<Of, Slice extends object, Inputs extends StageInputs>(
  stage: Stage<Of, Slice, Inputs>,
  slice: Slice,
): StageWork {
  return {
    definition: stage,
    usesDevice: stage.usesDevice,
    run: async (context, open, inputs) => {
      if (stage.usesDevice) await stage.run({ ...context, backend: await open() }, slice, inputs as Inputs);
      else await stage.run(context, slice, inputs as Inputs);
    },
    cost: (facts) => stage.cost(slice, facts),
  };
}

/** Stages and their dependencies, declared without running any: an executor runs those that are ready. */
export class Recipe {
  /** In the order of their declaration: each comes after its inputs. */
  readonly stages: DeclaredStage[] = [];
  /** Checkpoints from outside, by the id of their handle. */
  readonly checkpoints = new Map<string, CheckpointConfig>();
  private readonly config: RunConfig;

  constructor(config: RunConfig) {
    this.config = config;
  }

  /** A checkpoint that was there before the run. */
  checkpoint(from: CheckpointConfig, { product, seed }: Pick<StagePlace, "product" | "seed">): ArtifactHandle {
    const id = this.idOf({ product, role: "result", ...(seed !== undefined && { seed }) });
    this.checkpoints.set(id, from);
    return new ArtifactHandle(id, product);
  }

  /**
   * Declares a stage. Its handle may be the input of later ones.
   * @throws {RangeError} at one more than a run may have.
   */
  add<Of, Slice extends object, Inputs extends StageInputs>(
    stage: Stage<Of, Slice, Inputs>,
    {
      of,
      inputs,
      place,
      gate,
    }: {
      readonly of: Of;
      readonly inputs: Declared<Inputs>;
      readonly place: StagePlace;
      readonly gate?: RungGate | undefined;
    },
  ): ArtifactHandle {
    const slice = stage.select(configAt(this.config, place.product), of);
    const declared = inputs as Readonly<Record<string, DeclaredInput>>;
    const id = this.idOf(place);
    if (this.stages.some(({ info }) => info.id === id)) throw new RangeError(`recipe: there are two stages ${id}`);
    if (this.stages.length === MOST_STAGES) {
      const most = MOST_STAGES.toLocaleString("en-US");
      throw new RangeError(
        `recipe: more than ${most} stages; split it over several configs: finished stages are shared`,
      );
    }
    const sources = [
      ...Object.values(declared).flatMap(handlesIn),
      ...(gate === undefined ? [] : [gate.verdict, gate.from]),
    ].map((handle) => handle.id);
    this.stages.push({
      info: {
        ...{ id, kind: stage.kind, title: stage.title, makes: stage.makes, ...place },
        inputs: [...new Set(sources.filter((one) => !this.checkpoints.has(one)))],
      },
      revision: stage.revision,
      slice: jsonOf(slice),
      inputs: declared,
      // The compiler has seen above that the inputs fit the stage; executors resolve handle by handle.
      ...workOn(stage, slice),
      ...(stage.batchSetting !== undefined && { batchSetting: stage.batchSetting }),
      ...(stage.takesDropped && { takesDropped: stage.takesDropped }),
      ...(gate && { gate }),
    });
    return new ArtifactHandle(id, place.product);
  }

  /** Unique within the run; the base seed is in it where there are several. */
  private idOf(place: StagePlace): string {
    const name = stageName(place);
    return this.config.seeds.length > 1 && place.seed !== undefined ? `seed-${place.seed}/${name}` : name;
  }
}

/** Handles of artifacts in an input. */
export function handlesIn(input: DeclaredInput): readonly ArtifactHandle[] {
  if (input instanceof ArtifactHandle) return [input];
  return Array.isArray(input) ? (input as readonly ArtifactHandle[]) : [];
}
