import type { RateTable as WinRates } from "../../evaluation/table.ts";
import { type RunConfig, sftName } from "../../config/index.ts";
import type { Lack } from "./figure.ts";
import type { ArmRole } from "./roles.ts";

/** Lines of a config, as JSON that may be pasted into it. */
export function snippetOf(sections: Readonly<Record<string, unknown>>): string {
  return Object.entries(sections)
    .map(([name, value]) => `${JSON.stringify(name)}: ${spaced(value)}`)
    .join(",\n");
}

/** JSON in one line, spaced as people write it. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${spaced(one)}`);
  return `{ ${fields.join(", ")} }`;
}

/** Seeds of a config's SFTs, with a second one where it has only one. */
export function sftSeeds({ sft }: Pick<RunConfig, "sft">): readonly [number, number, ...number[]] {
  const [first = 1, second = first + 1, ...more] = sft.seeds;
  return [first, second, ...more];
}

/** The same by name. */
export function sftNames(config: Pick<RunConfig, "sft">): readonly [string, string, ...string[]] {
  const [first, second, ...more] = sftSeeds(config);
  return [sftName(first), sftName(second), ...more.map(sftName)];
}

/** A plain PPO arm. */
export function ppoLack(config: Pick<RunConfig, "sft">): Lack {
  const [first] = sftNames(config);
  return {
    what: "No arm is plain PPO: one that is held to the SFT that it starts at",
    snippet: snippetOf({ arms: { ppo: { init: first, reference: first } } }),
  };
}

/** An arm against a soup. */
export function salsaLack(config: Pick<RunConfig, "sft">): Lack {
  const [first, second] = sftNames(config);
  return {
    what: "No arm is held to a soup of SFTs that its start is part of",
    snippet: snippetOf({
      soups: { soup: { method: "linear", of: [first, second], alpha: 0.5 } },
      arms: { salsa: { init: first, reference: "soup" } },
    }),
  };
}

/** An arm against several references. */
export function mklLack(config: Pick<RunConfig, "sft">): Lack {
  const [first, second] = sftNames(config);
  return {
    what: "No arm is held to several references at once (equation 5)",
    snippet: snippetOf({ arms: { mkl: { init: first, reference: [first, second] } } }),
  };
}

/** A comparison that was not judged, or not yet. */
export function pairLack(rows: WinRates, a: string, b: string): Lack {
  return {
    what: rows.length === 0 ? "The run has no win rates yet" : `${a} was not compared with ${b}`,
    snippet: snippetOf({ evaluation: { pairs: [[a, b]] } }),
  };
}

/** Several comparisons that were not judged. */
export function pairsLack(pairs: readonly (readonly [string, string])[]): Lack {
  const names = pairs.map(([a, b]) => `${a} with ${b}`).join(", ");
  return { what: `Not compared: ${names}`, snippet: snippetOf({ evaluation: { pairs } }) };
}

/** Several candidates for β, of arms that are there. */
export function betasLack(arms: readonly ArmRole[], betas: readonly number[], what: string): Lack {
  const written = arms.map(({ name, method, init, reference }) => {
    const [only, ...more] = reference;
    const own = { ...(method !== "ppo" && { method }), init, reference: more.length === 0 ? only : reference };
    return [name, { ...own, beta: betas }] as const;
  });
  return { what, snippet: snippetOf({ arms: Object.fromEntries(written) }) };
}

/** A figure that a command measures. */
export function notMeasured(figure: string, run: string): Lack {
  return { what: "It is not measured yet", command: `figure ${figure} ${run}` };
}

/** More SFTs. */
export function seedsLack({ sft: { seeds } }: Pick<RunConfig, "sft">, n: number): Lack {
  const more = [...seeds];
  for (let seed = 1; more.length < n; seed++) if (!more.includes(seed)) more.push(seed);
  return {
    what: `${n} SFTs are needed, the run has ${seeds.length}`,
    snippet: snippetOf({ sft: { seeds: more.sort((a, b) => a - b) } }),
  };
}
