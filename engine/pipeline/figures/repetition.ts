/** Words of a run that counts as repeated. */
const N = 3;

/**
 * Share of an answer's runs of three words that stood in it before: 0 where nothing comes twice, near 1 for a loop.
 *
 * 1 − distinct/all n-grams, the measure of Welleck et al. 2019 (arXiv:1908.04319), "seq-rep-n"; answers of fewer than
 * three words have none and count as 0.
 */
export function repetition(text: string): number {
  const words = text.split(/\s+/).filter((word) => word !== "");
  const total = words.length - N + 1;
  if (total <= 0) return 0;
  const seen = new Set<string>();
  for (let at = 0; at < total; at++) seen.add(words.slice(at, at + N).join(" "));
  return 1 - seen.size / total;
}
