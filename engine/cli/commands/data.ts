import { resolve } from "node:path";
import { isHubName } from "../../config/paths.ts";
import type { OpenPreview } from "../../pipeline/index.ts";
import { REASONS } from "../../protocol/dataCounts.ts";
import type { PreviewCounts, PreviewRow, PreviewSequence } from "../../protocol/preview.ts";
import { textOption } from "../arguments.ts";
import { CHAT_OPTIONS, chatFrom } from "../chatOptions.ts";
import { EXIT, UsageError } from "../command.ts";
import type { Arguments, Command, CommandContext } from "../command.ts";
import { loadConfig } from "../files.ts";
import { type Printed, type Terminal, printJson } from "../terminal.ts";

/** Rows that are shown unless asked otherwise, and at most: more are scrolled in the editor. */
const ROWS = 5;
const MOST_ROWS = 100_000;
/** Rows that are fetched at once. */
const PAGE = 100;

const KINDS = ["sft", "preferences", "prompts"] as const;

/** Shows data as a model will see it. */
export const data: Command = {
  name: "data",
  summary: "show what the model will see of data: tokens, what is learned, what is cut or left out",
  details: [
    "Of each row: its place, what becomes of it and why, and its tokens with | between them: those that the loss falls\n" +
      "on between ⟦ and ⟧, in green, and those that are cut off between ⟨ and ⟩. Then the lengths of the first thousand\n" +
      "rows. A config's data is seen by its base model, other data by the one of --model. Nothing is written; data on the\n" +
      "hub is downloaded into Hugging Face's cache.",
    'With --json, one object a line: {"kind":"row","file","line"|"row","fate","reason"?,"problem"?,"sequences":[{"role",\n' +
      '"nTokens","used","start","pieces":[...],"ids":[...],"learned":"0011"}]}, and at the end {"kind":"counts","rows","fates",\n' +
      '"reasons","cut","sequences","shortest","median","longest","bins":[{"from","to","count"}]}.',
  ],
  positionals: [
    { name: "FILE|CONFIG", description: "Run config, or a file, folder, pattern or hf:owner/name@revision" },
  ],
  options: {
    source: {
      value: "NAME",
      description: "Source of the config: sft (default), preferences, prompts, benchmarks.NAME",
    },
    model: { value: "FOLDER", description: "Hugging Face folder of the model that sees a file" },
    kind: { value: "KIND", description: "Use of a file: sft, preferences or prompts (default: by its columns)" },
    "max-length": { value: "N", description: "Tokens at which a file's sequences are cut (default: the model's)" },
    limit: { value: "N", description: `Rows to show (default: ${ROWS})` },
    offset: { value: "N", description: "Rows to pass over (default: 0)" },
    ...CHAT_OPTIONS,
  },
  examples: [
    ["salsa data my.salsa.json", "The first SFT examples, token by token"],
    ["salsa data my.salsa.json --source preferences --limit 20", "Pairs"],
    ["salsa data pairs.jsonl --model path/to/model --max-length 512", "A file before there is a config"],
  ],
  async run(args, context) {
    const { terminal, isJson, signal } = context;
    const [limit, offset] = [numberOption(args, "limit", ROWS), numberOption(args, "offset", 0)];
    const opened = await open(args, context);
    const { preview, source } = opened;
    try {
      if (!isJson) terminal.outLine(`${source.name} ${source.from}: ${preview.facts.prompts}`);
      for (let from = offset, left = limit; left > 0;) {
        const { rows } = await preview.page({ offset: from, limit: Math.min(PAGE, left) }, signal);
        for (const at of rows.keys()) {
          const row = preview.row(from + at); // a page has only some of its tokens
          if (isJson) printJson(terminal, { kind: "row", ...row });
          else printRow(terminal, row);
        }
        if (rows.length === 0) break;
        from += rows.length;
        left -= rows.length;
      }
      const counts = await preview.counts(undefined, signal);
      if (isJson) printJson(terminal, { kind: "counts", ...counts });
      else printCounts(terminal, counts, opened);
      return EXIT.ok;
    } catch (error) {
      if (signal.aborted) return EXIT.interrupted;
      throw error;
    } finally {
      await preview.close();
    }
  },
};

async function open(args: Arguments, context: CommandContext): Promise<OpenPreview> {
  const { folder, terminal } = context;
  const [named = ""] = args.positionals;
  const settings = { progress: (text: string) => terminal.errLine(text) };
  const { openConfigData, openFileData } = await context.pipeline();
  if (named.endsWith(".salsa.json")) {
    const configFile = resolve(folder, named);
    const config = await loadConfig(configFile);
    return openConfigData({ config, configFile, source: textOption(args, "source") }, settings);
  }
  const model = textOption(args, "model");
  if (model === undefined)
    throw new UsageError("say which model sees it: --model FOLDER, or give a *.salsa.json config");
  const wanted = textOption(args, "kind");
  const kind = KINDS.find((one) => one === wanted);
  if (wanted !== undefined && kind === undefined) throw new UsageError(`--kind is one of ${KINDS.join(", ")}`);
  const from = isHubName(named) ? named : resolve(folder, named);
  const maxLength = args.options["max-length"] === undefined ? undefined : numberOption(args, "max-length", 0);
  return openFileData({ from, model: resolve(folder, model), kind, maxLength, ...chatFrom(args, folder) }, settings);
}

function numberOption(args: Arguments, name: string, otherwise: number): number {
  const text = textOption(args, name);
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0 && value <= MOST_ROWS) return value;
  throw new UsageError(`--${name} is a whole number of at most ${MOST_ROWS.toLocaleString("en-US")}, got ${text}`);
}

function printRow(terminal: Terminal, row: PreviewRow): void {
  const { file, line, row: at, fate, reason, problem } = row;
  const place = line === undefined ? (at === undefined ? file : `${file}: row ${at}`) : `${file}:${line}`;
  const style = fate === "refused" ? "red" : fate === "left out" ? "yellow" : "green";
  const why = problem ?? (reason === undefined ? "" : `one of those ${REASONS[reason]}`);
  terminal.out("\n");
  terminal.outLine({ style: "bold", text: place }, "  ", { style, text: fate }, why === "" ? "" : `: ${why}`);
  for (const sequence of row.sequences) printSequence(terminal, sequence);
}

function printSequence(terminal: Terminal, { role, nTokens, used, start, pieces, learned }: PreviewSequence): void {
  const cut = used < nTokens ? `, cut at ${used}` : "";
  terminal.outLine({ style: "dim", text: `${role}, ${nTokens} tokens${cut}` });
  const parts: Printed[] = [start > 0 ? `  ${start} tokens … ` : "  "];
  const rest = nTokens - start - pieces.length;
  let state = "0";
  for (const [at, piece] of pieces.entries()) {
    const now = start + at >= used ? "cut" : (learned[at] ?? "0");
    if (now !== state) parts.push(...closing(state), ...opening(now));
    else if (at > 0) parts.push({ style: "dim", text: "|" });
    state = now;
    const text = piece.replaceAll("\n", "⏎\n  ");
    parts.push(now === "1" ? { style: "green", text } : now === "cut" ? { style: "dim", text } : text);
  }
  parts.push(...closing(state), rest > 0 ? ` … ${rest} more tokens\n` : "\n");
  terminal.out(...parts);
}

function opening(state: string): readonly Printed[] {
  if (state === "1") return [{ style: "green", text: "⟦" }];
  return state === "cut" ? [{ style: "red", text: "⟨" }] : [];
}

function closing(state: string): readonly Printed[] {
  if (state === "1") return [{ style: "green", text: "⟧" }];
  return state === "cut" ? [{ style: "red", text: "⟩" }] : [];
}

/** Columns of the longest bar. */
const BAR = 40;

function printCounts(terminal: Terminal, counts: PreviewCounts, { preview, source }: OpenPreview): void {
  const { rows, fates, reasons, cut, sequences, shortest, median, longest, bins } = counts;
  const fateWords = Object.entries(fates).map(([fate, n]) => `${n} ${fate === "validation" ? "for validation" : fate}`);
  terminal.out("\n");
  terminal.outLine({ style: "bold", text: `the first ${rows} rows: ` }, fateWords.join(", "));
  for (const [reason, n] of Object.entries(reasons)) {
    terminal.outLine(`${n} ${Object.hasOwn(REASONS, reason) ? REASONS[reason as keyof typeof REASONS] : reason}`);
  }
  const { limit } = preview.facts;
  const beyond = source.kind === "prompts" ? `too long for ${limit}` : `cut at ${limit}`;
  terminal.outLine(`${sequences} sequences of ${shortest} to ${longest} tokens, median ${median}; ${cut} ${beyond}`);
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const width = String(bins.at(-1)?.to ?? 0).length;
  let isGap = false;
  for (const { from, to, count } of bins) {
    if (count === 0) {
      isGap = true;
      continue;
    }
    if (isGap) terminal.outLine({ style: "dim", text: "⋮".padStart(width) });
    isGap = false;
    const bar = "█".repeat(Math.ceil((count / most) * BAR));
    const isBeyond = from >= limit;
    terminal.outLine(
      { style: "dim", text: `${String(from).padStart(width)}–${String(to).padStart(width)} ` },
      { style: isBeyond ? "yellow" : "cyan", text: bar },
      ` ${count}${isBeyond ? ` ${beyond}` : ""}`,
    );
  }
}
