import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openView } from "../../e2e/host/workbench.ts";
import { SHORT_CONFIG, type Session, startSession } from "../../e2e/session.ts";
import type { Bench, Setting } from "../bench.ts";
import { writeRuns } from "./folders.ts";

const ENGINE = fileURLToPath(new URL("./liveEngine.ts", import.meta.url));
/** Runs at work, each with a training step a second: as models of some hundred million parameters have on a card. */
const RUNS = 3;
const STEPS = 5000;
/** Minutes that the window is left alone in each round; three rounds are an hour. */
const MINUTES = 20;
/** Minutes until all is read, and kept as long as anything asks for it. */
const SETTLING = 3;

/** Kinds of processes of a window. */
const KINDS = ["service", "extensionHost", "browser", "other"] as const;
type Kind = (typeof KINDS)[number];
type PerKind = Readonly<Record<Kind, number>>;

/**
 * Costs of a window that nobody touches, with three runs followed in its list: processor time of the service and, beyond
 * what the same window takes without us, of extension host and browser; and how their memory grows. A real VS Code and
 * the packaged extension; the runs' own processes do not count.
 */
export const idle: Bench = {
  name: "idle",
  targets: { "idle.corePercent": { atMost: 1 }, "idle.growthMiB": { atMost: 16 } },
  async run({ rounds, log }: Setting) {
    const bare = await alone(log);
    const { shares, growth } = await followed(rounds * MINUTES, log);
    const extra = KINDS.reduce((sum, kind) => sum + shares[kind] - bare[kind], 0);
    return {
      bench: "idle",
      figures: {
        "idle.corePercent": extra,
        "idle.servicePercent": shares.service,
        "idle.extensionHostPercent": shares.extensionHost - bare.extensionHost,
        "idle.browserPercent": shares.browser - bare.browser,
        "idle.growthMiB": growth,
      },
      timings: {},
    };
  },
};

/** A window without the extension. @returns Percent of a core by kind of process. */
async function alone(log: (line: string) => void): Promise<PerKind> {
  const session = await startSession({ vsix: [] });
  try {
    await wait(60_000 * SETTLING);
    const shares = await sharesOver(MINUTES / 2, new Set());
    log(`idle: without the extension, percent of a core: ${text(shares)}`);
    return shares;
  } finally {
    await session.close();
  }
}

async function followed(
  minutes: number,
  log: (line: string) => void,
): Promise<{ readonly shares: PerKind; readonly growth: number }> {
  const session = await startSession();
  const engines: ChildProcess[] = [];
  try {
    const { host, page } = session;
    writeFileSync(join(host.workspace, "demo.salsa.json"), SHORT_CONFIG);
    for (const folder of await writeRuns(join(host.workspace, ".salsa"), RUNS, STEPS)) {
      engines.push(await engineOf(session, folder, minutes + SETTLING + 2));
    }
    await openView(page, "SALSA");
    for (const engine of engines) engine.send("go");
    await wait(60_000 * SETTLING);
    const apart = new Set(engines.flatMap(({ pid }) => pid ?? []));
    const before = memoryOf(apart);
    const shares = await sharesOver(minutes, apart);
    const after = memoryOf(apart);
    log(`idle: with ${RUNS} runs followed for ${minutes} min, percent of a core: ${text(shares)}`);
    log(`idle: resident MiB before: ${text(before)}; after: ${text(after)}`);
    return { shares, growth: after.service + after.extensionHost - before.service - before.extensionHost };
  } finally {
    for (const engine of engines) engine.kill();
    await session.close();
  }
}

/** A run's process that trains a step a second, serving where this window's service looks. */
async function engineOf({ host }: Session, folder: string, minutes: number): Promise<ChildProcess> {
  const env = { ...process.env, SALSA_RUNTIME_DIR: join(dirname(host.userData), "run") };
  const rate = ["--rate", "1", "--seconds", String(60 * minutes), "--progress"];
  const engine = fork(ENGINE, [dirname(dirname(folder)), basename(folder), ...rate], { env });
  await once(engine, "message");
  return engine;
}

/** Percent of a core that the processes of the window take meanwhile. */
async function sharesOver(minutes: number, apart: ReadonlySet<number>): Promise<PerKind> {
  const before = new Map(processes(apart).map(({ pid, ticks }) => [pid, ticks]));
  const begin = performance.now();
  await wait(60_000 * minutes);
  const ticks = (performance.now() - begin) / 10;
  return perKind(processes(apart), (one) => (100 * (one.ticks - (before.get(one.pid) ?? 0))) / ticks);
}

function memoryOf(apart: ReadonlySet<number>): PerKind {
  return perKind(processes(apart), ({ pages }) => pages / 256);
}

/** A process below this one. */
interface Process {
  readonly pid: number;
  readonly kind: Kind;
  /** Processor time, in hundredths of a second. */
  readonly ticks: number;
  /** Resident memory, in pages of 4 KiB. */
  readonly pages: number;
}

/** All processes that this one has started, and those that they have, but for some. */
function processes(apart: ReadonlySet<number>): readonly Process[] {
  const all = new Map<number, Process & { readonly parent: number }>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
      // The name, in brackets, may hold blanks; the state comes first behind it, the rest by proc(5).
      const fields = stat
        .slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .map(Number);
      const [parent = 0, user = 0, system = 0, pages = 0] = [1, 11, 12, 21].map((at) => fields[at] ?? 0);
      all.set(pid, { pid, parent, kind: kindOf(command), ticks: user + system, pages });
    } catch {
      // It has ended meanwhile.
    }
  }
  const isBelow = (pid: number | undefined): boolean => {
    for (let at = pid; at !== undefined; at = all.get(at)?.parent) if (at === process.pid) return true;
    return false;
  };
  return [...all.values()].filter(({ pid, parent }) => isBelow(parent) && !apart.has(pid) && !apart.has(parent));
}

function kindOf(command: string): Kind {
  if (command.includes("--type=extensionHost")) return "extensionHost";
  if (/chrom/i.test(command)) return "browser";
  return /(salsa\.js|main\.ts) serve\b/.test(command) ? "service" : "other";
}

function perKind(all: readonly Process[], of: (one: Process) => number): PerKind {
  const sum = (kind: Kind): number => all.filter((one) => one.kind === kind).reduce((total, one) => total + of(one), 0);
  return { service: sum("service"), extensionHost: sum("extensionHost"), browser: sum("browser"), other: sum("other") };
}

function text(values: PerKind): string {
  return KINDS.map((kind) => `${kind} ${values[kind].toFixed(2)}`).join(", ");
}
