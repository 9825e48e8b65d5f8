/** Resident memory of a process that computes, beside the models' that a plan tells: Node and code, measured. */
export const PROCESS_BYTES = 180 * 2 ** 20;
