import { ALGORITHMS } from "./algorithms/index.ts";
import { section } from "./setting.ts";

const [{ settings, description }] = ALGORITHMS;

/** Every setting of RLHF, each of which an arm may override. */
export const RLHF_SETTINGS = settings;

/** RLHF for all arms. */
export const rlhfSchema = section(RLHF_SETTINGS, `${description}, for all arms unless an arm says otherwise`);
