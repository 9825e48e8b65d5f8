import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { runPipeline } from "../../../engine/pipeline/index.ts";
import type { RunConfig } from "../../../engine/config/index.ts";
import type { RunEvent } from "../../../engine/protocol/events.ts";
import { readRunnable } from "../../../engine/storage/formats/runDescription.ts";
import { type Written, resolved, tiny } from "./tinyRun.ts";

interface Outcome {
  readonly folder: string;
  readonly events: readonly RunEvent[];
  /** Ids of the devices that the run waited for, and of those that it gave back. */
  readonly taken: readonly string[];
  readonly released: readonly string[];
}

describe("a run and its device", () => {
  let folder: string;
  let first: Outcome;

  /**
   * Runs the tiny recipe with another `runtime`, in a queue in which one run is ahead; `atFirst` is called when a stage
   * begins that is not cached.
   */
  async function run(
    runtime: Partial<RunConfig["runtime"]>,
    atFirst: (stop: AbortController) => void = () => undefined,
    changes: Written = {},
  ): Promise<Outcome> {
    const stop = new AbortController();
    const config = resolved(tiny({ soups: {}, ...changes }), folder);
    const [events, taken, released]: [RunEvent[], string[], string[]] = [[], [], []];
    const result = await runPipeline({
      config: { ...config, runtime: { ...config.runtime, ...runtime } },
      configFile: path.join(folder, "tiny.salsa.json"),
      runsRoot: config.runtime.directory,
      signal: stop.signal,
      report: (event) => {
        events.push(event);
        if (event.kind === "stageStarted" && !event.cached) atFirst(stop);
      },
      turn: (device, waiting) => {
        taken.push(device);
        waiting(1);
        const release = (): Promise<void> => {
          released.push(device);
          return Promise.resolve();
        };
        return Promise.resolve({ release });
      },
    });
    return { folder: result.folder, events, taken, released };
  }

  const kinds = ({ events }: Outcome): readonly string[] => events.slice(0, 2).map(({ kind }) => kind);
  const deviceOf = ({ events }: Outcome): string =>
    events.flatMap((event) => (event.kind === "runStarted" ? [event.device] : [])).join();
  const backendOf = async ({ folder: run }: Outcome): Promise<unknown> =>
    (await readRunnable(run)).config.runtime.backend;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-device-"));
    first = await run({});
  });
  after(() => fs.rm(folder, { recursive: true }));

  it("waits in the device's queue before it starts, and gives the device back", () => {
    assert.deepEqual(kinds(first), ["runQueued", "runStarted"]);
    assert.deepEqual([first.taken, first.released], [["cpu"], ["cpu"]]);
  });

  it("records the backend that auto took, and why", async () => {
    assert.equal(deviceOf(first), "wasm, 1 thread (auto: cuda: no NVIDIA driver was found)");
    assert.equal(await backendOf(first), "wasm");
  });

  it("finds everything made under the backend's own name, then waits for no device and opens none", async () => {
    // So many threads cannot be started.
    const second = await run({ backend: "wasm", threads: 1000 });
    assert.deepEqual([second.taken, second.released], [[], []]);
    assert.deepEqual(kinds(second).slice(0, 1), ["runStarted"]);
    const stages = second.events.flatMap((event) => (event.kind === "stageStarted" ? [event.cached] : []));
    assert.ok(stages.length > 0 && stages.every(Boolean));
    assert.equal(deviceOf(second), "wasm, 1000 threads");
  });

  it("waits for no device and opens none where only judgments are missing", async () => {
    const judged: string[] = [];
    const more = await run({ threads: 1000 }, () => judged.push("a stage"), {
      evaluation: { tieMargin: 0.25, judge: "gold" },
    });
    assert.deepEqual([more.taken, more.released], [[], []]);
    assert.ok(judged.length > 0, "nothing is judged again");
  });

  it("finds nothing made under another backend's name", async () => {
    const atFirst = (stop: AbortController): void => {
      stop.abort();
    };
    const other = await run({ backend: "tfjs" }, atFirst);
    assert.deepEqual([other.taken, other.released], [["cpu"], ["cpu"]]);
    const [isCached] = other.events.flatMap((event) => (event.kind === "stageStarted" ? [event.cached] : []));
    assert.equal(isCached, false);
    assert.deepEqual([deviceOf(other), await backendOf(other)], ["tfjs, cpu", "tfjs"]);
  });
});
