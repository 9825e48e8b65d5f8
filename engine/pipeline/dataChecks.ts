import * as z from "zod";
import {
  type DataCounts,
  type Finding,
  type RecordKind,
  AS_IT_IS,
  OWN_RECORDS,
  countsInPlace,
  findingError,
  isRefused,
  knownFact,
} from "../data/index.ts";
import { readJsonl } from "../storage/datasets.ts";
import type { EncodedExample, PromptFormat } from "../text/index.ts";
import type { ReadData } from "./fingerprints.ts";
import { type ModelView, checkOf } from "./modelView.ts";

/** Where results are, and how much is read. */
export interface DataCheckSettings {
  /** `.salsa`, where a file that was found fit is remembered. */
  readonly root: string;
  /** Lines of each file to read; all of them unless given. */
  readonly mostLines?: number | undefined;
}

/**
 * Reads every data file that stages read in place, and renders and tokenizes each record as the run's base model will
 * see it: what the template refuses, what is too long, and what nothing can be learned from surfaces before anything is
 * trained. Records of prepared sources have been checked when they were prepared.
 *
 * @param view - Of the base model; undefined where there is none, and no data.
 * @throws {DataError} naming file and line of the first record that cannot be used, and how many there are.
 * @throws {ChatTemplateError} naming a template that cannot be used.
 */
export async function checkData(
  view: ModelView | undefined,
  files: readonly Pick<ReadData, "kind" | "file" | "counts">[],
  { root, mostLines = Infinity }: DataCheckSettings,
): Promise<void> {
  if (view === undefined) return;
  const { format, name } = view;
  if (format.makesTurns) format.check({ prompt: "a", response: "b" });
  for (const { kind, file, counts } of files) {
    if (counts !== undefined) continue;
    const check = (): Promise<string> => checkFile(file.path, { kind, view, mostLines }).then(() => name);
    if (Number.isFinite(mostLines)) await check();
    else await knownFact({ root, file: file.path, name: `fit ${kind} ${name}`, schema: z.literal(name) }, check);
  }
}

interface FileCheck {
  readonly kind: RecordKind;
  readonly view: ModelView;
  readonly mostLines: number;
}

async function checkFile(file: string, { kind, view, mostLines }: FileCheck): Promise<void> {
  const { check } = checkOf(kind, view);
  let first: { readonly line: number; readonly finding: Finding } | undefined;
  let nRead = 0;
  let nFound = 0;
  for await (const record of readJsonl(file)) {
    const { line } = record;
    if (line > mostLines) break;
    nRead += 1;
    const read = OWN_RECORDS[kind](record);
    const finding = check(read, { file, line });
    if (finding === undefined || !isRefused(AS_IT_IS.unusable, finding.reason)) continue;
    nFound += 1;
    first ??= { line, finding };
  }
  if (first === undefined) return;
  const { line, finding } = first;
  const others = nFound === 1 ? "" : ` (the first of ${nFound} such records among ${nRead})`;
  throw findingError({ ...finding, what: `${finding.what}${others}` }, { file, line }, AS_IT_IS.unusable);
}

const countsSchema: z.ZodType<DataCounts> = z.object({
  ...{ read: z.int().min(0), used: z.int().min(0), validation: z.int().min(0) },
  unusable: z.record(z.string(), z.int().min(0)),
});

/**
 * The same data, where files that are used as they are have counts if there is anything to tell: duplicates, empty turns.
 * Nothing of them is left out, for both may be meant.
 */
export function countedInPlace(data: readonly ReadData[], root: string): Promise<readonly ReadData[]> {
  return Promise.all(
    data.map(async (one) => {
      if (one.counts !== undefined) return one;
      const { kind, file } = one;
      const count = async (): Promise<DataCounts> => (await countsInPlace(file.path, kind)) ?? NOTHING_COUNTED;
      const fact = { root, file: file.path, name: `counts ${kind}`, schema: countsSchema };
      const counts = await knownFact(fact, count);
      return Object.keys(counts.unusable).length === 0 ? one : { ...one, counts };
    }),
  );
}

/** Of a file that cannot be read to its end, of which the check tells. */
const NOTHING_COUNTED: DataCounts = { read: 0, used: 0, validation: 0, unusable: {} };

/** How prompts are put to a config's base model, in a sentence for people. */
export function describePrompts(view: ModelView | undefined): string {
  if (view === undefined) return "prompts are put to the model as they stand: it is trained on the task's text";
  const { format } = view;
  const marks = format.ends.map((id) => format.tokenizer.tokenOf(id) ?? `token ${id}`).join(", ");
  const ends = `an answer ends with ${marks}`;
  if (format.source === undefined)
    return `prompts are put to the model as they stand: it has no chat template; ${ends}`;
  const what = format.makesTurns ? "becomes a user's turn" : "stands as it is (chat.plainPrompts)";
  return `a prompt without roles ${what}, messages are rendered by ${format.source.where}; ${ends}`;
}

/** Examples that {@link learnedMessage} shows. */
export const SHOWN = 2;
/** Longest learned part that is shown whole, in characters. */
const SHOWN_LENGTH = 80;

/**
 * The parts of the first examples that are learned, decoded from their tokens, for people to check; undefined where no
 * chat template decides it.
 */
export function learnedMessage({ tokenizer }: PromptFormat, examples: readonly EncodedExample[]): string | undefined {
  const shown = examples.slice(0, SHOWN).flatMap(({ tokens, learned }, index) => {
    if (learned === undefined) return [];
    const parts = runs(learned).map(([start, end]) =>
      JSON.stringify(shortened(tokenizer.decodeAll(tokens.slice(start, end)))),
    );
    return [`example ${index + 1}: ${parts.join(" … ")}`];
  });
  return shown.length === 0 ? undefined : `the loss falls on ${shown.join("; ")}`;
}

/** Runs of ones: their starts and ends. */
function runs(mask: Uint8Array): [start: number, end: number][] {
  const found: [number, number][] = [];
  for (let at = mask.indexOf(1); at >= 0;) {
    const end = mask.indexOf(0, at);
    found.push([at, end < 0 ? mask.length : end]);
    at = end < 0 ? -1 : mask.indexOf(1, end);
  }
  return found;
}

function shortened(text: string): string {
  const half = SHOWN_LENGTH / 2;
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, half)}…${text.slice(-half)}`;
}
