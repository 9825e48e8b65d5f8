import { formatDuration, formatFileSize } from "../../engine/protocol/format.ts";
import { t } from "../localize.ts";

/** What `salsa publish --json` says of a card. */
export interface CardOutput {
  /** The card's file. */
  readonly card: string;
  readonly edited: boolean;
  readonly target: string;
  readonly public: boolean;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly unlisted: readonly string[];
  readonly notes: readonly string[];
}

/** The checkpoint and where it goes. */
export interface Destination {
  readonly checkpoint: string;
  readonly target: string;
  readonly isPublic: boolean;
}

/** The command line of `salsa publish`. */
export function publishArguments(
  { checkpoint, target, isPublic }: Destination,
  { isConfirmed }: { readonly isConfirmed: boolean },
): readonly string[] {
  return [
    "publish",
    checkpoint,
    ...["--to", target],
    ...(isPublic ? ["--public"] : []),
    ...(isConfirmed ? ["--yes"] : []),
  ];
}

/** What is wrong with the name of a repository; undefined for nothing. The engine looks at it again. */
export function targetProblem(text: string): string | undefined {
  return /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(text.trim())
    ? undefined
    : t("Enter owner/name, with letters, digits, dashes, underscores and dots.");
}

/** Most files that a message names. */
const MOST_FILES = 30;

/** What is about to be uploaded, file by file, for a modal message. */
export function confirmation({ files, unlisted, notes, public: isPublic, target }: CardOutput): string {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const shown = files.slice(0, MOST_FILES).map(({ path, bytes }) => `${path}  ${formatFileSize(bytes)}`);
  const more = files.length - shown.length;
  return [
    isPublic
      ? t("To {0}, PUBLIC: anybody can read it.", target)
      : t("To {0}, private: you and those whom you let in can read it.", target),
    t("{0} files, {1}:", files.length, formatFileSize(total)),
    ...shown,
    ...(more > 0 ? [t("and {0} more", more)] : []),
    ...(unlisted.length > 0 ? [t("Not listed in the card, and not uploaded: {0}", unlisted.join(", "))] : []),
    ...notes,
  ].join("\n");
}

/** How far an upload is, from a line that the tool prints; undefined for other lines. */
export function uploadMessage(line: unknown): string | undefined {
  if (typeof line !== "object" || line === null || !("kind" in line) || line.kind !== "upload") return undefined;
  const { doneBytes, totalBytes, secondsLeft } = line as Readonly<Record<string, unknown>>;
  if (typeof doneBytes !== "number" || typeof totalBytes !== "number") return undefined;
  const [done, total] = [formatFileSize(doneBytes), formatFileSize(totalBytes)];
  return typeof secondsLeft === "number"
    ? t("{0} of {1}, {2} left", done, total, formatDuration(secondsLeft))
    : t("{0} of {1}", done, total);
}

/** Reads what the tool says of a card; undefined for another line. */
export function readCard(line: unknown): CardOutput | undefined {
  if (typeof line !== "object" || line === null || !("kind" in line) || line.kind !== "card") return undefined;
  const output = line as unknown as CardOutput;
  return typeof output.card === "string" && Array.isArray(output.files) ? output : undefined;
}
