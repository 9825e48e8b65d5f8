import { availableParallelism } from "node:os";
import { relative, resolve } from "node:path";
import type { RunConfig } from "../../config/index.ts";
import { readDocument } from "../../config/locate.ts";
import { CLAIMS_FORMS, claimsRecord } from "../../evaluation/claims/forms.ts";
import { RULE, RULE_TEXT } from "../../evaluation/claims/verdicts.ts";
import type { ClaimRoles } from "../../pipeline/claims/index.ts";
import { ConfigError } from "../../protocol/errors.ts";
import { formatDuration } from "../../common/format.ts";
import { visibleLine } from "../../common/visible.ts";
import { readConfigText } from "../../server/configFile.ts";
import type { ClaimsOutcome, ClaimsProgress } from "../../server/claims/runClaims.ts";
import { choiceOption, numberOption, switchOption, textOption } from "../arguments.ts";
import { EXIT } from "../command.ts";
import type { Arguments, Command, CommandContext } from "../command.ts";
import { YES_DETAILS, YES_OPTION, confirmCost } from "../confirmCost.ts";
import { loadConfig, writeText } from "../files.ts";
import { RUNTIME_OPTIONS, runtimeOverrides } from "../runOptions.ts";
import { type Terminal, printJson } from "../terminal.ts";

const FORMS = CLAIMS_FORMS.map(({ name }) => name);

/** Milliseconds between lines on how far it is: on a screen they are redrawn in place. */
const [REDRAW, LINE_INTERVAL] = [200, 30_000];

/** Puts the paper's claims to the test. */
export const claims: Command = {
  name: "claims",
  summary: "test the paper's seven claims over the base seeds of a config",
  details: [
    `The config's arms are recognised by what they are held to, and what is missing is named.\n${RULE_TEXT}`,
    "Every arm gets the β that does best on the validation split, of a list that is widened until the best is inside.\n" +
      "Seeds run in processes of their own, as ordinary runs; finished seeds and stages are kept, and the same command goes\n" +
      "on after Ctrl-C or a crash. The tables are left below the runs' folder, in claims/, in every form.",
    "With --json, standard output has one JSON object a line: while it works\n" +
      '{"kind":"progress","nSeeds","nDone","fraction","secondsLeft"?,"working"}, then {"kind":"result","status":\n' +
      '"finished"|"stopped","folder","rule","claims","controls","seeds"}. With --plan, one object:\n' +
      '{"seeds":[{"seed","isKnown","seconds"}],"seconds","secondsIfWidened","jobs"}.',
    YES_DETAILS,
  ],
  positionals: [{ name: "CONFIG", description: "Run config, a *.salsa.json file" }],
  options: {
    ...RUNTIME_OPTIONS,
    jobs: { value: "N", short: "j", description: "Seeds at a time (default: one per core)" },
    plan: { description: "Say how long it will take, and compute nothing" },
    format: { value: "FORM", description: `${FORMS.join(", ")} (default: text)` },
    out: { value: "FILE", short: "o", description: "Write the tables to a file instead of the screen" },
    ...YES_OPTION,
  },
  examples: [
    ["salsa claims examples/miniinstruct/claims.salsa.json", "On the demo's task, over ten base seeds"],
    ["salsa claims my.salsa.json --plan", "How long it will take"],
    ["salsa claims my.salsa.json --jobs 1 --format markdown -o claims.md", "One seed at a time, for a document"],
  ],
  async run(args, context) {
    const form = choiceOption(args, "format", FORMS) ?? "text";
    const cores = availableParallelism();
    const jobs = numberOption(args, "jobs", { least: 1, isWhole: true }) ?? cores;
    const configFile = resolve(context.folder, args.positionals[0] ?? "");
    const loaded = await loadConfig(configFile, runtimeOverrides(args, context));
    // A cluster's stages share no cores with each other.
    const isShared = args.options["threads"] === undefined && loaded.runtime.cluster === undefined;
    const threads = isShared ? Math.max(1, Math.floor(cores / jobs)) : loaded.runtime.threads;
    const config = { ...loaded, runtime: { ...loaded.runtime, threads } };
    const roles = await rolesIn(config, configFile);
    if (switchOption(args, "plan")) return showPlan(context, { config, configFile, roles, jobs });
    const { wholeClaimsConfig } = await import("../../pipeline/claims/index.ts");
    const refused = await confirmCost(wholeClaimsConfig(config, roles), args, context);
    if (refused !== undefined) return refused;
    const { runClaims } = await import("../../server/claims/runClaims.ts");
    const progress = progressLine(context);
    const { signal } = context;
    const outcome = await runClaims({ config, configFile, roles, jobs, signal, onProgress: progress.show }).finally(
      () => {
        progress.close();
      },
    );
    await showOutcome(outcome, { form, args, context, nSeeds: config.seeds.length });
    return outcome.status === "finished" ? EXIT.ok : EXIT.interrupted;
  },
};

/** @throws {ConfigError} that names every arm that is missing. */
async function rolesIn(config: RunConfig, file: string): Promise<ClaimRoles> {
  const { findRoles } = await import("../../pipeline/claims/index.ts");
  const found = findRoles(config);
  if ("roles" in found) return found.roles;
  throw new ConfigError(readDocument(await readConfigText(file), file).issuesOf(found.complaints));
}

async function showPlan(
  { terminal, isJson }: CommandContext,
  { config, configFile, roles, jobs }: { config: RunConfig; configFile: string; roles: ClaimRoles; jobs: number },
): Promise<number> {
  const { planClaims } = await import("../../pipeline/claims/index.ts");
  const plan = await planClaims(config, { roles, configFile, jobs });
  if (isJson) {
    printJson(terminal, { ...plan, jobs });
    return EXIT.ok;
  }
  const nKnown = plan.seeds.filter(({ isKnown }) => isKnown).length;
  const each = plan.seeds.reduce((most, { seconds }) => Math.max(most, seconds), 0);
  terminal.outLine(`${nKnown} of ${plan.seeds.length} base seeds are measured; ${jobs} at a time`);
  if (each > 0) {
    const widened = `${formatDuration(plan.secondsIfWidened)} where every arm's list of β has to be widened once`;
    terminal.outLine(`about ${formatDuration(plan.seconds)} to go, ${formatDuration(each)} a seed; ${widened}`);
  }
  if (plan.seeds.length < RULE.leastSeeds) {
    terminal.outLine(`fewer than ${RULE.leastSeeds} base seeds decide nothing: add some to "seeds"`);
  }
  return EXIT.ok;
}

/** Shows how far it is: redrawn on a screen, now and then a line elsewhere. */
function progressLine({ terminal, isJson }: CommandContext): {
  readonly show: (progress: ClaimsProgress) => void;
  readonly close: () => void;
} {
  let shown = -Infinity;
  let isDrawn = false;
  const show = (progress: ClaimsProgress): void => {
    const now = performance.now();
    if (now - shown < (terminal.isInteractive || isJson ? REDRAW : LINE_INTERVAL)) return;
    shown = now;
    if (isJson) {
      printJson(terminal, { kind: "progress", ...progress });
      return;
    }
    draw(terminal, progressText(progress));
    isDrawn = terminal.isInteractive;
  };
  return {
    show,
    close: () => {
      if (isDrawn) terminal.clearLine();
    },
  };
}

function draw(terminal: Terminal, text: string): void {
  if (!terminal.isInteractive) {
    terminal.errLine(text);
    return;
  }
  terminal.clearLine();
  terminal.err(visibleLine(text).slice(0, terminal.columns - 1));
}

function progressText({ nSeeds, nDone, fraction, secondsLeft, working }: ClaimsProgress): string {
  const left = secondsLeft === undefined || fraction >= 1 ? "" : `, ${formatDuration(secondsLeft)} left`;
  const at = working.map(({ seed, stage }) => `seed ${seed}${stage === "" ? "" : `: ${stage}`}`).join(" · ");
  return `${nDone}/${nSeeds} seeds, ${Math.floor(100 * fraction)} %${left}${at === "" ? "" : `  ${at}`}`;
}

async function showOutcome(
  { status, evidence, folder }: ClaimsOutcome,
  { form, args, context, nSeeds }: { form: string; args: Arguments; context: CommandContext; nSeeds: number },
): Promise<void> {
  const { terminal, isJson } = context;
  const out = textOption(args, "out");
  const render = CLAIMS_FORMS.find(({ name }) => name === form)?.render;
  const text = evidence.length === 0 || render === undefined ? "" : render(evidence);
  if (out !== undefined && text !== "") await writeText(resolve(context.folder, out), text);
  if (isJson) printJson(terminal, { kind: "result", status, folder, ...claimsRecord(evidence) });
  else if (out === undefined && text !== "") terminal.out(text);
  if (status === "stopped") {
    terminal.errLine(
      `Stopped and saved: ${evidence.length} of ${nSeeds} base seeds are measured; the same command goes on`,
    );
  } else if (!isJson && form === "text") {
    const fromHere = relative(context.folder, folder);
    terminal.outLine(`Files: ${fromHere.startsWith("..") ? folder : fromHere}`);
  }
}
