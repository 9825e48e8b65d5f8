import { hostname } from "node:os";
import type { Backend } from "../../compute/backend.ts";
import { type BackendChoice, BackendUnavailableError, choose, identityOf } from "../../compute/backends/choose.ts";
import { allBackends } from "../../compute/backends/registry.ts";
import { Artifacts } from "../../storage/artifacts.ts";
import { AttemptLog, type AttemptPlace, isAskedToEnd, orderText } from "../../storage/attempts.ts";
import { canonicalJson } from "../../storage/json.ts";
import { openChoice } from "../backends.ts";
import { takeOrMake } from "../executors/takeOrMake.ts";
import { preload } from "../preload.ts";
import { Stopped } from "../stage.ts";
import { type StageOrder, readOrder, stageOf } from "./order.ts";

/** Milliseconds between two looks at whether the attempt is to end. */
const LOOK_MS = 1000;

/**
 * Makes the stage of an order, on a machine of a cluster, and writes all that it reports to the attempt's log.
 *
 * @param attempt - Whose order there is.
 * @param stop - Aborted for a graceful stop, here or by a signal to the process.
 * @returns The exit code.
 * @throws {DataError} when there is no such order.
 */
export async function runJob(attempt: AttemptPlace, stop: AbortController): Promise<number> {
  const text = await orderText(attempt);
  const log = new AttemptLog(attempt);
  const look = setInterval(() => {
    isAskedToEnd(attempt).then(
      (isAsked) => isAsked && stop.abort(),
      () => undefined, // a folder that is gone for a moment
    );
  }, LOOK_MS);
  try {
    log.began(hostname());
    const order = readOrder(text ?? "", attempt.root);
    await make(order, attempt.root, { log, signal: stop.signal });
    log.ended({ how: "finished" });
    return 0;
  } catch (error) {
    if (error instanceof Stopped) {
      log.ended({ how: "stopped" });
      return 0;
    }
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    log.ended({ how: "failed", error: name, message });
    return 1;
  } finally {
    clearInterval(look);
    log.close();
  }
}

interface Reporting {
  readonly log: AttemptLog;
  readonly signal: AbortSignal;
}

async function make(order: StageOrder, root: string, { log, signal }: Reporting): Promise<void> {
  const choice = await orderedBackend(order);
  await preload(choice);
  const stage = stageOf(order, root);
  let backend: Promise<Backend> | undefined;
  const open = (): Promise<Backend> => (backend ??= openChoice(choice, order));
  try {
    await takeOrMake(stage, open, {
      ...{ run: order.run, artifacts: new Artifacts(root), paceOf: () => order.pace, signal, stages: [stage] },
      report: (event) => log.event(event),
      sample: (record) => log.sample(record),
    });
  } finally {
    await (await backend?.catch(() => undefined))?.close();
  }
}

/**
 * The backend of an order on this machine. Of its cards Ray has left one visible.
 * @throws {BackendUnavailableError} when this machine has none that computes the same bytes.
 */
async function orderedBackend({ backend: wanted, threads }: StageOrder): Promise<BackendChoice> {
  const precision = wanted.precision ?? "f32";
  const choice = await choose(await allBackends(), wanted.name, { threads, precision });
  const own = identityOf(choice);
  if (canonicalJson({ ...own }) === canonicalJson({ ...wanted })) return choice;
  const name = ({ name: backend, build = "" }: StageOrder["backend"]): string => `${backend} ${build}`.trimEnd();
  throw new BackendUnavailableError(
    `${hostname()} computes other bytes (${name(own)}) than the machine that the run was started for (${name(wanted)}); ` +
      "use machines with cards of one kind and one cuBLASLt, as by labels or a cluster of their own",
  );
}
