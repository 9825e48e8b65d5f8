import type { Backend, Limits } from "../backend.ts";
import type { WeightType } from "../graph/dtype.ts";
import type { BackendDeclaration } from "./declaration.ts";
import type { BackendName } from "./index.ts";

/** How a backend is to work. */
export interface BackendSettings {
  /** Threads on the processor; 0 takes one per core. Results do not depend on it. */
  readonly threads: number;
  /** Which cards, as `runtime.device` names them; the first unless given. */
  readonly device?: string | undefined;
}

/** A place that computes. Runs on one device take turns; those on different devices do not wait for each other. */
export interface Device {
  /** "cpu", "cuda:0". */
  readonly id: string;
  /** For people, with the backend: "wasm, 2 threads". */
  readonly name: string;
  /** Of a card: the same whatever number it has in this process. */
  readonly uuid?: string;
  /** Memory of the device itself, in bytes; absent where it is not known. */
  readonly memoryBytes?: number;
  readonly limits: Limits;
  /** Names the build of the kernels where a backend has several, whose results differ; part of every artifact's key. */
  readonly build?: string;
}

/** One thing that a backend was found to have or to lack. */
export interface BackendPart {
  readonly name: string;
  readonly isThere: boolean;
  readonly detail: string;
  /** How to get it, where it is missing. */
  readonly remedy?: string;
}

/** Result of a probe: the devices of a backend that can be opened on this machine, or the reason why it cannot. */
export type Availability = { readonly parts: readonly BackendPart[] } & (
  | {
      readonly isAvailable: true;
      readonly devices: readonly [Device, ...Device[]];
      /** For the reason of a choice: "2 cards, CUDA 12.4: 0 NVIDIA H100, 80.0 GiB; 1 …". */
      readonly summary?: string;
    }
  | {
      readonly isAvailable: false;
      /** The part that it lacks: "this Node has no relaxed SIMD". */
      readonly reason: string;
      /** How to get it. */
      readonly remedy: string;
    }
);

/** How a backend is opened. */
export interface OpenSettings extends BackendSettings {
  /** One of those that it declares; f32 unless given. */
  readonly precision?: WeightType;
  /** Names of backends that hold more, for advice when memory runs out. */
  readonly roomier: readonly string[];
}

/** A backend with its code: the export `backend` of its folder's `index.ts`. */
export interface BackendDescriptor extends BackendDeclaration<BackendName> {
  /** Whose numbers it must give before it computes a run: for hardware and drivers that no test here has seen. */
  readonly checkedAgainst?: BackendName;
  /** Looks at the machine: quickly, changing nothing, taking no device memory. */
  probe(settings: BackendSettings): Promise<Availability>;
  /** Loads the files of this program that opening needs: they may be deleted afterwards. Takes no device memory. */
  load(): Promise<void>;
  /** Takes the device. To be closed by the caller. */
  open(settings: OpenSettings, device: Device): Promise<Backend>;
  /** Takes the device for some seconds and measures how fast it is; absent where that says nothing. */
  measure?(device: Device): Promise<readonly BackendPart[]>;
}
