import { relative, resolve } from "node:path";
import { BENCHMARKS, benchmarkKind } from "../../evaluation/benchmarks/index.ts";
import type { BenchmarkKind } from "../../evaluation/benchmarks/benchmark.ts";
import { fetchPublished } from "../../data/published.ts";
import { formatBytes } from "../../common/format.ts";
import { textOption } from "../arguments.ts";
import { EXIT, UsageError } from "../command.ts";
import type { Command } from "../command.ts";
import { printJson } from "../terminal.ts";

const NAMES = (BENCHMARKS as readonly BenchmarkKind[]).flatMap(({ name, published }) =>
  published === undefined ? [] : [name],
);

/** Fetches the published files of benchmarks. */
export const fetch: Command = {
  name: "fetch",
  summary: "fetch a benchmark's published files, at a pinned commit with a checked hash",
  details: [
    `Benchmarks are ${NAMES.join(", ")}; their files go to benchmarks/<name>, with a list of their hashes.`,
    "A file that is there is compared with its hash, and not fetched again; HF_HUB_OFFLINE=1 asks nobody. Of ultrafeedback the\nhash is the hub's own, which is kept in that list at the first time and checked from then on.",
    'With --json, one object: {"benchmark","licence","files":[{"file","from","sha256","bytes","isNew"}],"config":{…}}.',
  ],
  positionals: [{ name: "BENCHMARK", description: NAMES.join(", ") }],
  options: { out: { value: "DIR", short: "o", description: "Folder for the files (default: benchmarks/<name>)" } },
  examples: [
    ["salsa fetch mt-bench", "Its 80 questions and GPT-4's reference answers"],
    ["salsa fetch arena-hard --out arena", "500 prompts and the baseline's answers"],
  ],
  async run(args, { folder, isJson, terminal }) {
    const [name = ""] = args.positionals;
    if (!NAMES.includes(name)) throw new UsageError(`${JSON.stringify(name)} is not one of ${NAMES.join(", ")}`);
    const kind = benchmarkKind(name);
    const home = textOption(args, "out") ?? `benchmarks/${name}`;
    const fetched = await fetchPublished(kind, {
      folder: resolve(folder, home),
      progress: (text) => terminal.errLine(text),
    });
    const { licence = "", config = {} } = kind.published ?? {};
    const inConfig = Object.entries(config).map(([key, value]) => [key, key === "kind" ? value : `${home}/${value}`]);
    const written = Object.fromEntries(inConfig) as Readonly<Record<string, string>>;
    if (isJson) {
      printJson(terminal, { benchmark: name, licence, files: fetched, config: written });
      return EXIT.ok;
    }
    for (const { file, sha256, bytes, isNew } of fetched) {
      const how = isNew ? "fetched" : "was there";
      terminal.outLine(`${relative(folder, file)}: ${formatBytes(bytes)}, SHA-256 ${sha256}, ${how}`);
    }
    terminal.outLine(
      `Licence: ${licence}. In a config: "benchmarks": { ${JSON.stringify(name)}: ${JSON.stringify(written)} }`,
    );
    return EXIT.ok;
  },
};
