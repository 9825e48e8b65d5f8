import { basename, join, relative, sep } from "node:path";
import { checkpointContents } from "../../storage/checkpoints.ts";
import { temporaryName } from "../../storage/disk.ts";
import { inputChunks } from "../../storage/inputs.ts";
import { entryAt, placeBelow } from "../../storage/places.ts";
import { createFile, discard, makeFolderAt, makeNewFolder, moveFile, moveFolder } from "../../storage/writing.ts";
import type { ResolvedStage } from "../resolve.ts";
import type { Artifact, DataFile, StageInput, StageInputs } from "../stage.ts";

/** Folder of the copies, below the folder of runs and artifacts. */
const INPUTS = "inputs";
/** Hex digits of a content's hash that name a copy. */
const NAME_DIGITS = 16;

/**
 * Copies of what stands outside the shared folder and other machines must read: data files and checkpoints of somebody
 * else's. Each is copied once and named by its fingerprint; results of stages and prepared records stand there anyway.
 */
export class SharedInputs {
  private readonly root: string;
  private readonly copies = new Map<string, Promise<void>>();

  /** @param root - The folder of runs and artifacts: `.salsa`. */
  constructor(root: string) {
    this.root = root;
  }

  /** The stage with inputs that all stand in the shared folder. @throws {DiskError} {DataError} */
  async of(stage: ResolvedStage): Promise<ResolvedStage> {
    const entries = Object.entries(stage.inputs).map(
      async ([name, input]) => [name, await this.shared(input)] as const,
    );
    return { ...stage, inputs: Object.fromEntries(await Promise.all(entries)) };
  }

  /** Its inputs with all models in the shared folder, and files where they are: a job is given records of its own. */
  async modelsOf({ inputs }: ResolvedStage): Promise<StageInputs> {
    const entries = Object.entries(inputs).map(async ([name, input]) => {
      const isFile = input !== undefined && "fingerprint" in input;
      return [name, isFile ? input : await this.shared(input)] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  private async shared(input: StageInput): Promise<StageInput> {
    if (input === undefined) return undefined;
    if ("fingerprint" in input) return this.file(input);
    return "key" in input ? this.checkpoint(input) : Promise.all(input.map((one) => this.checkpoint(one)));
  }

  private async file(input: DataFile): Promise<DataFile> {
    if (this.has(input.path)) return input;
    const place = placeBelow(this.root, join(INPUTS, input.fingerprint.slice(0, NAME_DIGITS), basename(input.path)));
    await this.once(place.file, async () => {
      if ((await entryAt(place)) !== undefined) return;
      await makeFolderAt(placeBelow(this.root, relative(this.root, join(place.file, ".."))));
      const made = temporaryName(place.file);
      try {
        await copy(input.path, made);
        await moveFile(made, place.file);
      } finally {
        await discard(made);
      }
    });
    return { ...input, path: place.file };
  }

  private async checkpoint(input: Artifact): Promise<Artifact> {
    if (this.has(input.folder)) return input;
    const place = placeBelow(this.root, join(INPUTS, input.key));
    await this.once(place.file, async () => {
      const isThere = async (): Promise<boolean> => (await entryAt(place)) !== undefined;
      if (await isThere()) return;
      await makeFolderAt(placeBelow(this.root, INPUTS));
      const made = temporaryName(place.file);
      try {
        await makeNewFolder(made);
        for (const name of await checkpointContents(input.folder)) {
          await copy(join(input.folder, name), join(made, name));
        }
        await moveFolder(made, place.file, isThere);
      } finally {
        await discard(made);
      }
    });
    return { ...input, folder: place.file };
  }

  private has(path: string): boolean {
    const [first] = relative(this.root, path).split(sep);
    return first !== ".." && !path.includes("\0");
  }

  private once(file: string, work: () => Promise<void>): Promise<void> {
    const copying = this.copies.get(file) ?? work();
    this.copies.set(file, copying);
    return copying;
  }
}

async function copy(from: string, to: string): Promise<void> {
  const handle = await createFile(to, to);
  try {
    for await (const chunk of inputChunks(from)) await handle.write(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
