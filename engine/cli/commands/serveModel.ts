import type { Serving, ServedCheckpoint } from "../../pipeline/index.ts";
import { formatBytes, formatCount } from "../../common/format.ts";
import { isLoopback } from "../../serving/server/index.ts";
import { numberOption, switchOption, textOption } from "../arguments.ts";
import { BASE_OPTION, baseFrom } from "../baseOption.ts";
import { CHAT_OPTIONS, chatFrom } from "../chatOptions.ts";
import { EXIT, UsageError } from "../command.ts";
import type { Arguments, Command, CommandContext } from "../command.ts";
import { namedCheckpoint } from "../namedCheckpoint.ts";
import { DIRECTORY_OPTION } from "../runOptions.ts";
import { type Terminal, printJson } from "../terminal.ts";

const DEFAULT_PORT = 8000;
const DEFAULT_CONTEXT = 2048;
const MOST_CHECKPOINTS = 16;
/** Characters of a token that strangers may try to guess. */
const LEAST_TOKEN = 16;

/** Serves checkpoints over HTTP. */
export const serveModel: Command = {
  name: "serve-model",
  summary: "serve checkpoints over the OpenAI API, for chat, judging and any client of such servers",
  details: [
    "Answers at /v1/chat/completions, /v1/completions and /v1/models, and /health. New requests join those under way at the\n" +
      "next token. Greedy answers are those of salsa generate, and the same seed gives the same answer, whatever else is asked.",
    "Only this machine can reach it, and no web page. --host with --allow-remote lets others in, who then need the token of\n" +
      "--token-variable; what is sent is not encrypted.",
    'With --json, one object once requests are answered: {"kind":"serving","baseUrl","backend","models":[{"name","folder","context",\n' +
      '"parameters","answerBytes"}]}.',
  ],
  positionals: [
    {
      name: "CHECKPOINT",
      description: "Folder of a model or a LoRA adapter, RUN, or RUN:MODEL; NAME=CHECKPOINT serves it by that name",
      number: "several",
    },
  ],
  options: {
    ...DIRECTORY_OPTION,
    port: { value: "N", description: `Port; 0 takes any that is free (default ${DEFAULT_PORT})` },
    host: { value: "ADDRESS", description: "Interface to listen on (default 127.0.0.1)" },
    "allow-remote": { description: "Let other machines in, with --host; needs --token-variable" },
    "token-variable": {
      value: "NAME",
      description: "Environment variable that holds a token, which every request then has to bear",
    },
    context: {
      value: "N",
      description: `Longest prompt and answer together, in tokens (default ${DEFAULT_CONTEXT}, or what the model sees)`,
    },
    parallel: { value: "N", description: "Answers of a model that are decoded side by side (default 8)" },
    queue: { value: "N", description: "Answers of a model that may wait for a place (default 64)" },
    threads: { value: "N", description: "Worker threads, 0 for one per core (default 0)" },
    "with-parent": { description: "End when the process that has started it ends" },
    ...BASE_OPTION,
    ...CHAT_OPTIONS,
  },
  examples: [
    ["salsa serve-model soups/soup", "At http://127.0.0.1:8000/v1, as the model soup"],
    ["salsa serve-model demo-1:salsa demo-1:ppo --port 8080", "Two arms of a run"],
  ],
  interruptNotice: "Ending",
  async run(args, context) {
    const { terminal, isJson } = context;
    const signal = switchOption(args, "with-parent") ? AbortSignal.any([context.signal, orphaned()]) : context.signal;
    const listening = listeningFrom(args);
    const checkpoints = await checkpointsFrom(args, context);
    const whole = (name: string, least: number, most: number): number | undefined =>
      numberOption(args, name, { least, most, isWhole: true });
    const { serveModels } = await context.pipeline();
    await serveModels({
      ...{ ...listening, checkpoints, signal },
      context: whole("context", 16, 2 ** 20) ?? DEFAULT_CONTEXT,
      parallel: whole("parallel", 1, 64) ?? 8,
      queue: whole("queue", 1, 10_000) ?? 64,
      threads: whole("threads", 0, 1024) ?? 0,
      ...baseFrom(args, context.folder),
      ...chatFrom(args, context.folder).chat,
      ready: (serving) => {
        if (isJson) printJson(terminal, { kind: "serving", ...serving });
        else printServing(terminal, serving);
      },
      report: (error) =>
        terminal.errLine(`answering failed: ${error instanceof Error ? error.message : String(error)}`),
    });
    return EXIT.ok;
  },
};

/** Milliseconds between two looks at whether the parent is still there. */
const LOOK_MS = 1000;

/** Aborted when the process that has started this one is gone: a window that is killed ends nothing itself. */
function orphaned(): AbortSignal {
  const controller = new AbortController();
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent && isAlive(parent)) return;
    clearInterval(timer);
    controller.abort();
  }, LOOK_MS);
  timer.unref();
  return controller.signal;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** @throws {UsageError} for what would let strangers in. */
function listeningFrom(args: Arguments): Listening {
  const host = textOption(args, "host") ?? "127.0.0.1";
  const isRemote = !isLoopback(host);
  const variable = textOption(args, "token-variable");
  const token = variable === undefined ? undefined : process.env[variable];
  if (variable !== undefined && (token === undefined || !/^[\x21-\x7e]+$/.test(token))) {
    throw new UsageError(`the environment variable ${variable} must hold a token: one word of ASCII`);
  }
  if (isRemote && !switchOption(args, "allow-remote")) {
    throw new UsageError(`--host ${host}: other machines could reach it; add --allow-remote if that is wanted`);
  }
  if (isRemote && (token === undefined || token.length < LEAST_TOKEN)) {
    throw new UsageError(`--allow-remote needs --token-variable, with a token of at least ${LEAST_TOKEN} characters`);
  }
  const port = numberOption(args, "port", { least: 0, most: 65_535, isWhole: true }) ?? DEFAULT_PORT;
  return { host, port, token, isRemote };
}

interface Listening {
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
  readonly isRemote: boolean;
}

async function checkpointsFrom(args: Arguments, context: CommandContext): Promise<readonly ServedCheckpoint[]> {
  const { positionals } = args;
  if (positionals.length > MOST_CHECKPOINTS) throw new UsageError(`at most ${MOST_CHECKPOINTS} checkpoints are served`);
  const found: ServedCheckpoint[] = [];
  for (const named of positionals) {
    const [, name, place = named] = /^([\w.-]{1,100})=(.+)$/.exec(named) ?? [];
    const subject = await namedCheckpoint(place, args, context);
    found.push({ name: name ?? subject.name, folder: subject.folder });
  }
  const isTwice = ({ name }: ServedCheckpoint): boolean => found.filter((one) => one.name === name).length > 1;
  const twice = found.find(isTwice);
  if (twice === undefined) return found;
  throw new UsageError(`two checkpoints are called ${twice.name}; name them apart: NAME=CHECKPOINT`);
}

function printServing(terminal: Terminal, { baseUrl, backend, models }: Serving): void {
  terminal.outLine(`Serving at ${baseUrl} on ${backend}; Ctrl-C ends it`);
  for (const { name, folder, context, parameters, answerBytes } of models) {
    const size = `${formatCount(parameters)} parameters, ${context} tokens, ${formatBytes(answerBytes)} per answer under way`;
    terminal.outLine(`  ${name}: ${size} (${folder})`);
  }
}
