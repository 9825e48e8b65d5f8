/** Soups of three SFTs, as the claims need them. */
export const CLAIM_SOUPS = {
  soup25: { method: "linear", of: ["sft-1", "sft-2"], alpha: 0.25 },
  soup: { method: "linear", of: ["sft-1", "sft-2"], alpha: 0.5 },
  soup75: { method: "linear", of: ["sft-1", "sft-2"], alpha: 0.75 },
  soup3: { method: "uniform", of: ["sft-1", "sft-2", "sft-3"] },
};

/** An arm for each part in the claims. */
export const CLAIM_ARMS = {
  ppo: { reference: "sft-1" },
  salsa: { reference: "soup" },
  "salsa-3": { reference: "soup3" },
  mkl: { reference: ["sft-1", "sft-2"] },
  "start-at-soup": { init: "soup", reference: "soup" },
  "other-sft": { reference: "sft-2" },
  "alpha-25": { reference: "soup25" },
  "alpha-75": { reference: "soup75" },
};
