import { HostError } from "../../cluster/ssh/hostError.ts";
import { AUTO, identityOf } from "../../compute/backends/choose.ts";
import type { RunConfig } from "../../config/index.ts";
import type { EventBody } from "../../protocol/events.ts";
import { formatBytes } from "../../common/format.ts";
import { Artifacts } from "../../storage/artifacts.ts";
import { MOST_SKEW_MS, skewOf, skewText } from "../cluster/join.ts";
import { choiceOf, type WorkerFacts } from "../cluster/workerCheck.ts";
import { viewOf } from "../modelView.ts";
import { resolveRecipe } from "../resolve.ts";
import { salsa } from "../salsa.ts";
import { Stopped } from "../stage.ts";
import { hostInputs, usesHub } from "./hostInputs.ts";
import type { HostSession } from "./session.ts";
import { type TravellingUnit, bytesOf, unitAt } from "./travel.ts";

/** Milliseconds between two reports of how far a copy is. */
const REPORT_MS = 1000;
/** Room beyond what is sent that a run needs at least, in bytes. */
const LEAST_FREE = 2 ** 29;

/** The run to be made on a host, and who hears of it. */
export interface HostPlan {
  readonly host: string;
  readonly config: RunConfig;
  /** The folder of runs and artifacts of this machine. */
  readonly runsRoot: string;
  readonly signal: AbortSignal;
  readonly report: (event: EventBody) => Promise<void>;
}

/**
 * Looks at whether a host can make a run, and sends what it lacks: what the config names, and results of this machine's that
 * the run would make again.
 *
 * @returns The config for the host.
 * @throws {HostError} {DataError} {CheckpointError}
 * @throws {Stopped} when the signal is aborted.
 */
export async function prepareOnHost(session: HostSession, settings: HostPlan): Promise<RunConfig> {
  const { host, config, signal, report } = settings;
  const { backend, precision, threads } = config.runtime;
  const asked = Date.now();
  const question = { backend, ...(precision && { precision }), threads };
  const { facts, root } = await session.ask({ do: "describe", question }, "facts");
  checkFacts(host, facts, skewOf(facts, { asked, answered: Date.now() }));
  const inputs = await hostInputs(config);
  const units = [...inputs.units, ...(await reusable(facts, settings))];
  const { units: names } = await session.ask({ do: "lacks", units: units.map(({ unit }) => unit) }, "lacks");
  const lacking = units.filter(({ unit }) => names.includes(unit));
  checkRoom(host, facts, bytesOf(lacking));
  await send(session, lacking, { host, signal, report });
  return inputs.configAt(root);
}

function checkFacts(host: string, facts: WorkerFacts, skew: number): void {
  if (Math.abs(skew) > MOST_SKEW_MS) {
    const remedy = "set both clocks by NTP: signs of life of who works at a stage are dated by them";
    throw new HostError(`has another time, ${skewText(skew)}`, { host, fault: "unfit", remedy });
  }
  if (!("lack" in facts.choice)) return;
  const remedy = "set runtime.backend to what the machine has";
  throw new HostError(facts.choice.lack, { host, fault: "unfit", remedy });
}

function checkRoom(host: string, { freeBytes }: WorkerFacts, bytes: number): void {
  if (freeBytes >= bytes + LEAST_FREE) return;
  const what = `its disk has ${formatBytes(freeBytes)} free, and ${formatBytes(bytes)} are to be sent`;
  const remedy = `free ${formatBytes(bytes + LEAST_FREE - freeBytes)} there, or make ~/.salsa a link to another disk`;
  throw new HostError(what, { host, fault: "unfit", remedy });
}

/** Results of this machine's that the run would make again: whole ones, by the names that they have there. */
async function reusable(facts: WorkerFacts, { config, runsRoot }: HostPlan): Promise<readonly TravellingUnit[]> {
  // Files on the hub are not downloaded here for the sake of a look.
  if (usesHub(config)) return [];
  const artifacts = new Artifacts(runsRoot);
  if ((await artifacts.names()).length === 0) return [];
  const backend = identityOf(await choiceOf(facts, config.runtime.backend === AUTO));
  const { recipe } = salsa(config);
  const { stages } = await resolveRecipe(recipe, { artifacts, backend, view: await viewOf(config), isOffline: true });
  const units: TravellingUnit[] = [];
  for (const { key, artifact } of stages) {
    if (!(await artifacts.has(key))) continue;
    const unit = await unitAt(runsRoot, `artifacts/${artifact.key}`);
    if (unit !== undefined) units.push(unit);
  }
  return units;
}

async function send(
  session: HostSession,
  units: readonly TravellingUnit[],
  { host, signal, report }: Pick<HostPlan, "host" | "signal" | "report">,
): Promise<void> {
  const totalBytes = bytesOf(units);
  if (totalBytes === 0) return;
  let doneBytes = 0;
  let next = 0;
  const told = (): Promise<void> => report({ kind: "download", source: host, file: COPIED, doneBytes, totalBytes });
  for (const unit of units) {
    await session.put(unit, (bytes) => {
      doneBytes += bytes;
    });
    if (signal.aborted) throw new Stopped("stopped before the run began there");
    if (performance.now() < next) continue;
    next = performance.now() + REPORT_MS;
    await told();
  }
  if (doneBytes === totalBytes) await told();
}

/** For people, in place of a file's name. */
const COPIED = "inputs and results that the run can use, sent there";
