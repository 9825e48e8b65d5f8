import { basename } from "node:path";
import { codeSpan, fenced, literal } from "../../common/markdown.ts";
import { shellWord } from "../../common/shell.ts";
import type { RunFacts } from "./facts.ts";
import { tableOf, valueText } from "./markdown.ts";

const GIBIBYTE = 2 ** 30;

/** Lines of the diff that are shown; all of it is in run.json. */
const DIFF_LINES = 40;

/** Git's name of a commit; anything else is nothing to copy into a terminal. */
const HASH = /^[0-9a-f]{1,64}$/;

/** Instructions to reproduce the run, and the environment in which it was made. */
export function originSection({ id, configFile, config, origin, state }: RunFacts): string {
  if (origin.imported) return `By ${codeSpan("salsa import")} of ${codeSpan(configFile)}.`;
  const { git } = origin;
  const commit = git === undefined ? "not in a git repository" : `${codeSpan(git.commit)} on ${codeSpan(git.branch)}`;
  const rows = [
    ["Config", literal(configFile)],
    ["Git commit", git?.dirty === true ? `${commit}, **with changes that were not committed**` : commit],
    ["SALSA", literal(origin.salsa || "unknown")],
    ["Node", literal(`${origin.node || "unknown"} on ${origin.platform || "unknown"}`)],
    ["Machine", machineWords(origin)],
    ["Device", state.device === "" ? "–" : literal(state.device)],
    ["Seeds", valueText(`base ${config.seeds.join(", ")}; SFT ${config.sft.seeds.join(", ")}`)],
  ];
  const checkout = git !== undefined && HASH.test(git.commit) ? [`git checkout ${git.commit}`] : [];
  const commands = [...checkout, `salsa run ${shellWord(basename(configFile))}`].join("\n");
  const device = codeSpan(config.runtime.backend);
  return [
    tableOf(["", ""], rows),
    "In the folder of the config:",
    fenced(commands, "sh"),
    `On the backend ${device} the same config, seeds and version give the same bytes, whatever the number of threads. ` +
      `The config with every default filled in is in \`run.json\` of run ${codeSpan(id)}.`,
    ...(git?.dirty === true ? [diffWords(git.diff)] : []),
  ].join("\n\n");
}

function machineWords({ cpu, memoryBytes }: RunFacts["origin"]): string {
  const memory = memoryBytes === 0 ? "" : `, ${(memoryBytes / GIBIBYTE).toFixed(0)} GiB`;
  return `${literal(cpu || "unknown")}${memory}`;
}

function diffWords(diff: string): string {
  const lines = diff.trimEnd().split("\n");
  if (diff.trim() === "") return "The changes were to files that git does not follow.";
  const more = lines.length > DIFF_LINES ? `\n\n${lines.length - DIFF_LINES} more lines are in \`run.json\`.` : "";
  return `The changes:\n\n${fenced(lines.slice(0, DIFF_LINES).join("\n"), "diff")}${more}`;
}
