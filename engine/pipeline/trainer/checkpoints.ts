import { join } from "node:path";
import { atomicWrite } from "../../storage/disk.ts";
import { isInputFolder, readInput } from "../../storage/inputs.ts";
import { JOB_PLACES } from "./places.ts";

/** Folder below the checkpoints of each model that PPO trains; SFT and reward models have theirs in the checkpoints' own. */
const OF_PPO = ["_actor", "_critic"] as const;
/** DeepSpeed names its newest whole checkpoint in it. */
const LATEST = "latest";
const TAG = /^global_step(\d{1,15})$/;

/**
 * Name of a job's newest whole checkpoint; undefined where there is none. Policy and critic of PPO are saved side by side: the
 * older one of theirs counts.
 *
 * @param folder - The job's.
 */
export async function newestCheckpoint(folder: string): Promise<string | undefined> {
  const tags = await tagsIn(folder);
  return tags.toSorted((a, b) => stepOf(a) - stepOf(b))[0];
}

/**
 * Has policy and critic of PPO go on from the same checkpoint, where a job was cut off between saving one and the other.
 * @returns True if there is one to go on from.
 */
export async function agreeOnCheckpoint(folder: string): Promise<boolean> {
  const tag = await newestCheckpoint(folder);
  if (tag === undefined) return false;
  for (const place of await placesIn(folder)) {
    if (!(await isInputFolder(join(place, tag)))) return false; // it was removed for newer ones
    if ((await tagOf(place)) !== tag) await atomicWrite(join(place, LATEST), tag);
  }
  return true;
}

async function tagsIn(folder: string): Promise<readonly string[]> {
  const tags = await Promise.all((await placesIn(folder)).map(tagOf));
  const found = tags.filter((tag) => tag !== undefined);
  return found.length === tags.length ? found : [];
}

async function placesIn(folder: string): Promise<readonly string[]> {
  const checkpoints = join(folder, JOB_PLACES.checkpoints);
  const ofPpo = OF_PPO.map((name) => join(checkpoints, name));
  const areThere = await Promise.all(ofPpo.map(isInputFolder));
  return areThere.includes(true) ? ofPpo : [checkpoints];
}

async function tagOf(place: string): Promise<string | undefined> {
  const tag = (await readInput(join(place, LATEST)))?.toString("utf8").trim() ?? "";
  return TAG.test(tag) ? tag : undefined;
}

const stepOf = (tag: string): number => Number(TAG.exec(tag)?.[1]);
