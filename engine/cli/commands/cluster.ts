import { resolve } from "node:path";
import type { DoctorOutput } from "../../protocol/toolOutput.ts";
import { confirmCluster, YES_OPTION } from "../confirmCost.ts";
import { EXIT, UsageError } from "../command.ts";
import type { Command } from "../command.ts";
import { loadConfig } from "../files.ts";
import { RUNTIME_OPTIONS, runtimeOverrides } from "../runOptions.ts";
import { printJson } from "../terminal.ts";
import { printFinding } from "./doctor.ts";

/** Looks at the cluster of a config. */
export const cluster: Command = {
  name: "cluster",
  summary: "look at a config's Ray cluster: reachable, cards, shared folder, whether the program runs there",
  details: [
    "Orders one short job there, which reads the shared folder and writes to it, and one that imports OpenRLHF and vLLM\n" +
      "where they may train; no stage is made. Exits with 1 when something is missing that no run can do without; each line\n" +
      "says what to do.",
    "Where a token is sent to another machine, it asks; --yes agrees, and is needed where nobody can be asked.",
    'With --json, one object: {"ok":true|false,"findings":[{"name","state":"ok"|"optional"|"missing","detail","remedy"?}],\n' +
      '"cluster"?:{"address","version","machines":[{"count","cpus","gpus","accelerator"?}],"free"?:{"cpus","gpus"}}}.',
  ],
  positionals: [{ name: "CONFIG", description: "Run config with runtime.cluster, a *.salsa.json file" }],
  options: { ...RUNTIME_OPTIONS, ...YES_OPTION },
  examples: [
    ["salsa cluster my.salsa.json", "Before a first run there"],
    ["salsa cluster my.salsa.json --json", "For a script"],
  ],
  async run(args, context) {
    const config = await loadConfig(
      resolve(context.folder, args.positionals[0] ?? ""),
      runtimeOverrides(args, context),
    );
    const { runtime } = config;
    if (runtime.cluster === undefined) {
      throw new UsageError(
        'the config names no cluster; add "runtime": { "cluster": { "address": "http://head:8265" } }',
      );
    }
    const refused = await confirmCluster(config, args, context);
    if (refused !== undefined) return refused;
    const { terminal, isJson, signal } = context;
    const { lookAtCluster } = await context.pipeline();
    const look = await lookAtCluster({
      ...{ runtime: { ...runtime, cluster: runtime.cluster }, env: process.env, signal },
      progress: (text) => terminal.errLine(text),
    });
    const ok = look.findings.every(({ state }) => state !== "missing");
    if (isJson) printJson(terminal, { ok, ...look } satisfies DoctorOutput);
    else for (const finding of look.findings) printFinding(terminal, finding);
    return ok ? EXIT.ok : EXIT.failed;
  },
};
