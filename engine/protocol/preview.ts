import type { Reason } from "./dataCounts.ts";

/** Rows of a source that can be looked at; those behind are not read. */
export const MOST_PREVIEWED = 100_000;
/** Rows that lengths are counted of at once. */
export const FIRST_PREVIEWED = 1000;
/** Rows of one page. */
export const MOST_PREVIEW_ROWS = 200;

/** A source of a config's data section. */
export interface PreviewSource {
  /** Its key: "sft", "preferences", "prompts", "benchmarks.mine". */
  readonly name: string;
  /** Purpose of its records: "sft", "preferences", "prompts". */
  readonly kind: "sft" | "preferences" | "prompts";
  /** A path, or the name of a data set on the hub. */
  readonly from: string;
}

/** The object of a preview: a source of a config, or a data file that no config need name. */
export type PreviewTarget = ConfigTarget | FileTarget;

/** A source of a config, as the config's base model sees it. */
export interface ConfigTarget {
  readonly configFile: string;
  /** "sft", "benchmarks.mine"; the first unless given. */
  readonly source?: string;
}

/** A data file, as the base model of a config or that of a Hugging Face folder sees it. */
export interface FileTarget {
  readonly file: string;
  readonly seenBy: { readonly configFile: string } | { readonly model: string };
}

/** A source that has been opened. */
export interface OpenedPreview {
  /** Names it in the requests that follow. */
  readonly id: number;
  readonly sources: readonly PreviewSource[];
  readonly source: PreviewSource;
  /** The config or the model that it is seen by. */
  readonly seenBy: string;
  /** How prompts are put to the model, in a sentence. */
  readonly prompts: string;
  /** Tokens at which sequences are cut, and where prompts must have ended. */
  readonly limit: number;
  /** Treatment of records of no use: "drop", "refuse", "keep", "refuseUseless" for a path alone. */
  readonly unusable: string;
  /** Seed of the order in which a run reads the rows, which are shown in that of the files. */
  readonly shuffle?: number;
  /** Most records that a run uses. */
  readonly examples?: number;
}

/** A sequence of tokens as the model sees it. */
export interface PreviewSequence {
  readonly role: "example" | "chosen" | "rejected" | "prompt";
  /** All there are, of which the first `used` are not cut off. */
  readonly nTokens: number;
  readonly used: number;
  /** Index of the first token that is given here. */
  readonly start: number;
  /** Text of each token from there on, up to some; a character of several tokens stands at its last. */
  readonly pieces: readonly string[];
  /** Their ids. */
  readonly ids: readonly number[];
  /** A digit for each: 1 where the loss falls on it, else 0. */
  readonly learned: string;
}

/** Fate of a record: used, kept back from training, left out, or an error that ends plan and run. */
export type PreviewFate = "used" | "validation" | "left out" | "refused";

/** A row of a source as the model sees it. */
export interface PreviewRow {
  readonly file: string;
  /** Counted from 1. */
  readonly line?: number;
  /** Counted from 1, of files that have rows and no lines. */
  readonly row?: number;
  readonly fate: PreviewFate;
  readonly reason?: Reason;
  /** The defect, in words, and the remedy. */
  readonly problem?: string;
  readonly sequences: readonly PreviewSequence[];
}

/** A window of the rows. */
export interface PreviewPage {
  /** Rows that have been read so far. */
  readonly total: number;
  /** True when there are no more, or no more are read. */
  readonly isAll: boolean;
  /** Why rows behind those are not read. */
  readonly bound?: string;
  readonly rows: readonly PreviewRow[];
}

/** Lengths of sequences in tokens. */
export interface LengthBin {
  /** Both included. */
  readonly from: number;
  readonly to: number;
  /** Sequences of such a length. */
  readonly count: number;
}

/** Lengths and fates of the first rows. */
export interface PreviewCounts {
  /** Rows that were counted. */
  readonly rows: number;
  readonly fates: Readonly<Partial<Record<PreviewFate, number>>>;
  /** Rows by what is wrong with them; "unreadable" for those that are no records. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Sequences of which something is cut off. */
  readonly cut: number;
  readonly sequences: number;
  /** In tokens, before anything is cut. */
  readonly shortest: number;
  readonly median: number;
  readonly longest: number;
  readonly bins: readonly LengthBin[];
}
