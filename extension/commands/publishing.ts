import { formatDuration, formatFileSize } from "../../engine/common/format.ts";
import type { CardOutput, PublishLine } from "../../engine/protocol/toolOutput.ts";
import { t } from "../localize.ts";

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

/** Defect of a repository's name; undefined for none. The engine looks at it again. */
export function targetProblem(text: string): string | undefined {
  return /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(text.trim())
    ? undefined
    : t("Enter owner/name, with letters, digits, dashes, underscores and dots.");
}

/** Most files that a message names. */
const MOST_FILES = 30;

/** Files that are about to be uploaded, one a line, for a modal message. */
export function confirmation({ files, unlisted, notes, public: isPublic, target }: CardOutput): string {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const shown = files.slice(0, MOST_FILES).map(({ path, bytes }) => `${path}  ${formatFileSize(bytes)}`);
  const more = files.length - shown.length;
  return [
    isPublic
      ? t("To {0}, PUBLIC: anybody can read it.", target)
      : t("To {0}, private: you and those you give access to can read it.", target),
    t("{0} files, {1}:", files.length, formatFileSize(total)),
    ...shown,
    ...(more > 0 ? [t("and {0} more", more)] : []),
    ...(unlisted.length > 0 ? [t("Not listed in the card, and not uploaded: {0}", unlisted.join(", "))] : []),
    ...notes,
  ].join("\n");
}

/** How far an upload is, from a line of the tool; undefined for other lines. */
export function uploadMessage(line: PublishLine | undefined): string | undefined {
  if (line?.kind !== "upload") return undefined;
  const { doneBytes, totalBytes, secondsLeft } = line;
  const [done, total] = [formatFileSize(doneBytes), formatFileSize(totalBytes)];
  return secondsLeft === undefined
    ? t("{0} of {1}", done, total)
    : t("{0} of {1}, {2} left", done, total, formatDuration(secondsLeft));
}
