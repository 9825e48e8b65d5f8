import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import type { Findings, Setting, Target } from "./bench.ts";
import { BENCHES, THREADS } from "./benches.ts";

const USAGE = `Usage: npm run bench -- [NAME...] [--rounds N] [--json]

Measures us and the others side by side and prints ratios: our speed over theirs, above 1 is faster.
Names: ${BENCHES.map(({ name }) => name).join(", ")} (default: all)
  --rounds N  processes per runtime, alternating (default 3)
  --json      one JSON object instead of the table
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { json: { type: "boolean" }, rounds: { type: "string", default: "3" }, help: { type: "boolean" } },
    allowPositionals: true,
  });
  const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench.name === name));
  const rounds = Number(values.rounds);
  if (values.help === true || unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
    process.stderr.write(USAGE);
    return values.help === true ? 0 : 2;
  }

  const log = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const selected = BENCHES.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const { findings, failures } = await runAll(selected, { rounds, log });
  if (values.json === true) process.stdout.write(`${JSON.stringify(asJson(findings, failures))}\n`);
  else process.stdout.write(asTable(findings));
  return failures.length === 0 ? 0 : 1;
}

/** Runs benchmark after benchmark; one that fails is reported and the rest still run. */
async function runAll(
  benches: readonly (typeof BENCHES)[number][],
  setting: Setting,
): Promise<{ findings: Findings[]; failures: string[] }> {
  const findings: Findings[] = [];
  const failures: string[] = [];
  for (const bench of benches) {
    try {
      findings.push(await bench.run(setting));
    } catch (error) {
      failures.push(bench.name);
      setting.log(`${bench.name} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { findings, failures };
}

function asJson(findings: readonly Findings[], failed: readonly string[]): unknown {
  const raw = findings.flatMap(({ bench, timings }) =>
    Object.entries(timings).map(([runtime, timing]) => [`${bench}.${runtime}`, timing] as const),
  );
  const versions = raw.flatMap(([, { processes }]) => processes.flatMap((process) => Object.entries(process.versions)));
  return {
    ...Object.fromEntries(findings.flatMap(({ figures }) => Object.entries(figures))),
    raw: Object.fromEntries(raw),
    failed,
    threads: THREADS,
    versions: Object.fromEntries(versions),
    machine: {
      platform: `${process.platform} ${process.arch}`,
      processor: cpus()[0]?.model,
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
    },
  };
}

function asTable(findings: readonly Findings[]): string {
  const targets = new Map<string, Target>(BENCHES.flatMap((bench) => Object.entries(bench.targets)));
  const rows = [["figure", "value", "target", ""]];
  for (const { figures, timings } of findings) {
    for (const [name, value] of Object.entries(figures)) rows.push([name, ...describe(value, targets.get(name))]);
    for (const [name, { ms, minMs }] of Object.entries(timings)) {
      rows.push([`  ${name}`, `${ms.toFixed(1)} ms`, `fastest ${minMs.toFixed(1)}`, ""]);
    }
  }
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return (
    rows
      .map((row) =>
        row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join("  ")
          .trimEnd(),
      )
      .join("\n") + "\n"
  );
}

function describe(value: number, target?: Target): [string, string, string] {
  if (target === undefined) return [value.toFixed(2), "", ""];
  const { atLeast, atMost } = target;
  const isMet = value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity);
  const wanted = atLeast === undefined ? `at most ${atMost ?? "?"}` : `at least ${atLeast}`;
  return [value.toFixed(2), wanted, isMet ? "met" : "missed"];
}

process.exitCode = await main();
