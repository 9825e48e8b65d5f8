import { downloadSecondsLeft } from "../../engine/protocol/download.ts";
import { formatFileSize } from "../../engine/common/format.ts";
import type { DownloadState } from "../../engine/protocol/runState.ts";
import { t } from "../localize.ts";
import { duration } from "./time.ts";

/** "waits for hf:owner/name@main: train.parquet, 32 MB of 1.2 GB · 3 min left" */
export function downloadText(download: DownloadState): string {
  const { source, file, doneBytes, totalBytes } = download;
  const name = file.slice(file.lastIndexOf("/") + 1);
  const [done, total] = [formatFileSize(doneBytes), formatFileSize(totalBytes)];
  const left = downloadSecondsLeft(download);
  const text = t("waits for {0}: {1}, {2} of {3}", source, name, done, total);
  return left === undefined ? text : `${text} · ${t("{0} left", duration(left))}`;
}
