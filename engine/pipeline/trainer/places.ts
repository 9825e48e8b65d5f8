/** Places below a job's folder. */
export const JOB_PLACES = {
  data: "data.jsonl",
  heldOut: "heldOut.jsonl",
  output: "model",
  checkpoints: "checkpoints",
  metrics: "tensorboard",
} as const;
