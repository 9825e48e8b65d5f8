import { basename } from "node:path";
import type { DataPreview, OpenPreview, PreviewSettings } from "../../pipeline/preview/index.ts";
import type { OpenedPreview, PreviewTarget } from "../../protocol/preview.ts";
import { readConfigFile } from "../configFile.ts";

/** Previews that are open at once: each holds the rows that it has read, up to 64 MiB. */
const MOST_OPEN = 2;

/** Previews of data, by their numbers. */
export class Previews {
  private readonly log: (message: string) => void;
  /** The oldest first. */
  private readonly known = new Map<number, DataPreview>();
  private next = 1;

  constructor(log: (message: string) => void) {
    this.log = log;
  }

  /**
   * Opens a source of a config, or a file.
   * @throws {ConfigError} {DataError} {CheckpointError} when config, model or source cannot be used.
   */
  async open(target: PreviewTarget, { isTrusted }: { readonly isTrusted: boolean }): Promise<OpenedPreview> {
    const settings = { progress: this.log, isOffline: !isTrusted };
    const { preview, sources, source } = await openTarget(target, settings);
    const id = this.next++;
    this.known.set(id, preview);
    for (const oldest of this.known.keys()) if (this.known.size > MOST_OPEN) this.release(oldest);
    return { id, sources, source, seenBy: basename(seeing(target)), ...preview.facts };
  }

  /** @throws {RangeError} when it is not open, or no longer. */
  get(id: number): DataPreview {
    const preview = this.known.get(id);
    if (preview === undefined) throw new RangeError("the preview is no longer open; open it again");
    // The one that is looked at is the last to be closed.
    this.known.delete(id);
    this.known.set(id, preview);
    return preview;
  }

  release(id: number): void {
    const preview = this.known.get(id);
    this.known.delete(id);
    void preview?.close().catch(() => undefined);
  }

  close(): void {
    for (const id of this.known.keys()) this.release(id);
  }
}

async function openTarget(target: PreviewTarget, settings: PreviewSettings): Promise<OpenPreview> {
  // Loads its code on first use: most windows never look at data.
  const { openConfigData, openFileByConfig, openFileData } = await import("../../pipeline/preview/index.ts");
  if (!("file" in target)) {
    const { configFile, source } = target;
    return openConfigData({ config: await readConfigFile(configFile), configFile, source }, settings);
  }
  const { file: from, seenBy } = target;
  if ("model" in seenBy) return openFileData({ from, model: seenBy.model }, settings);
  const { configFile } = seenBy;
  return openFileByConfig({ from, config: await readConfigFile(configFile), configFile }, settings);
}

/** The config or the model's folder. */
function seeing(target: PreviewTarget): string {
  if (!("file" in target)) return target.configFile;
  return "model" in target.seenBy ? target.seenBy.model : target.seenBy.configFile;
}
