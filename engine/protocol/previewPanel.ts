import { isRecord } from "../common/dictionary.ts";
import type { PreviewTarget } from "./preview.ts";
import type { ServiceRequests } from "./service.ts";

/** Content of a panel, which survives a reload of the window as JSON. */
export type PreviewFocus = PreviewTarget;

/** Former content of a panel, as JSON; undefined where an earlier version has written something else. */
export function readPreviewFocus(kept: unknown): PreviewFocus | undefined {
  if (!isRecord(kept)) return undefined;
  const { configFile, source, file, seenBy } = kept;
  if (typeof configFile === "string") return { configFile, ...(typeof source === "string" && { source }) };
  if (typeof file !== "string" || !isRecord(seenBy)) return undefined;
  const { configFile: seeing, model } = seenBy;
  if (typeof seeing === "string") return { file, seenBy: { configFile: seeing } };
  return typeof model === "string" ? { file, seenBy: { model } } : undefined;
}

/** Requests to the service that the page may make; the extension passes them on, about its own config. */
export const PREVIEW_PASSED_ON = [
  "openPreview",
  "previewPage",
  "previewRow",
  "previewCounts",
  "closePreview",
] as const satisfies readonly (keyof ServiceRequests)[];

/** Requests that the editor itself answers. */
interface PreviewHostRequests {
  /** Opens a file at a line. */
  readonly openPlace: {
    params: { readonly file: string; readonly line?: number };
    result: Record<string, never>;
  };
}

/** Everything that the page may ask for, by method. */
export type PreviewRequests = Pick<ServiceRequests, (typeof PREVIEW_PASSED_ON)[number]> & PreviewHostRequests;
export type PreviewMethod = keyof PreviewRequests;

/** A request with a number of its own. */
export interface PreviewRequestMessage {
  readonly kind: "request";
  readonly id: number;
  readonly method: PreviewMethod;
  readonly params: unknown;
}

/** From the page to the extension. */
export type FromPreview =
  /** The script runs: only from here on are messages heard. */
  | { readonly kind: "ready" }
  | PreviewRequestMessage
  /** The source that is shown now. */
  | { readonly kind: "source"; readonly source: string };

/** From the extension to the page. */
export type ToPreview =
  /** The answer to "ready", and whenever something else is to be shown. */
  | {
      readonly kind: "show";
      readonly focus: PreviewFocus;
      /** Translations by the English text; empty in English. */
      readonly strings: Readonly<Record<string, string>>;
    }
  | { readonly kind: "response"; readonly id: number; readonly result: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly message: string };
