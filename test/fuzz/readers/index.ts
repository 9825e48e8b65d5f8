import type { Reader } from "../reader.ts";
import { CHECKPOINTS } from "./checkpoints.ts";
import { DATA } from "./data.ts";
import { FRAMES } from "./frames.ts";
import { HOSTS } from "./hosts.ts";
import { INTERCHANGE } from "./interchange.ts";
import { LOGS } from "./logs.ts";
import { REPLIES } from "./replies.ts";
import { REQUESTS } from "./requests.ts";
import { RESULTS } from "./results.ts";
import { TEXTS } from "./texts.ts";
import { TRACKING } from "./tracking.ts";
import { WORK } from "./work.ts";

/** Everything that reads a file or a message from elsewhere. Add yours here; the fuzzer and its test follow. */
export const READERS: readonly Reader[] = [
  ...LOGS,
  ...REPLIES,
  ...REQUESTS,
  ...RESULTS,
  ...CHECKPOINTS,
  ...TEXTS,
  ...FRAMES,
  ...HOSTS,
  ...DATA,
  ...INTERCHANGE,
  ...TRACKING,
  ...WORK,
];
