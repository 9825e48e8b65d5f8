import * as z from "zod";
import { byName } from "../../common/byName.ts";
import { LONGEST_NAME } from "../../protocol/limits.ts";
import { placeBelow } from "../places.ts";
import { writeAt } from "../writing.ts";
import { backendIdentitySchema } from "./backendIdentity.ts";
import { numberOrNaN } from "./numberOrNaN.ts";
import { readRecord } from "./records.ts";

/** Arms, members and candidates for β of a config, at most. */
const MOST = 1000;

const rates = z.object({ inDistribution: numberOrNaN, outOfDistribution: numberOrNaN });

const evidenceSchema = z.object({
  seed: z.int(),
  rewards: z.object({ soup: numberOrNaN, members: z.array(numberOrNaN).max(MOST) }),
  rates: z.object({ salsa: rates, moreMembers: rates, multiKl: rates, startAtSoup: rates, otherSft: rates }),
  alphas: z.array(z.object({ alpha: z.number(), rates })).max(MOST),
  moreAgainstTwo: rates,
  smallBeta: z.object({ beta: z.number(), ppo: numberOrNaN, salsa: numberOrNaN }),
  betas: z
    .array(
      z.object({ arm: z.string().max(LONGEST_NAME), beta: z.number(), isInside: z.boolean(), tried: z.int().min(1) }),
    )
    .max(MOST),
});

const claimSeedSchema = z.object({
  /** Hash of the keys of all artifacts that it was computed from. */
  key: z.string().max(LONGEST_NAME),
  /** Candidates for β by arm, after widening. */
  betas: byName(z.array(z.number()).max(MOST), MOST),
  evidence: evidenceSchema,
  /** Of the cluster's machines that have computed it, which this machine cannot know; absent where it was this one. */
  backend: z.exactOptional(backendIdentitySchema),
});

/** A base seed's part in the claims, as it is kept. */
export type ClaimSeed = Readonly<z.output<typeof claimSeedSchema>>;

/** The folder of a config's claims, below the folder of runs and artifacts. */
export function claimsFolder(name: string): string {
  return `claims/${name}`;
}

const fileOf = (folder: string, seed: number): string => `${folder}/seed-${seed}.json`;

/**
 * Reads what is kept of a base seed; undefined when nothing is.
 *
 * @param root - Of runs and artifacts: `.salsa`.
 * @param folder - Of the config's claims, below it.
 * @throws {DataError} when the file is damaged.
 */
export async function readClaimSeed(root: string, folder: string, seed: number): Promise<ClaimSeed | undefined> {
  const { file } = placeBelow(root, fileOf(folder, seed));
  return readRecord(file, {
    parse: (value) => claimSeedSchema.parse(value),
    remedy: "remove it and run salsa claims again: it is made again of finished results",
  });
}

/** A base seed's part as it is written: numbers that are not finite become null. */
export interface WrittenClaimSeed {
  readonly key: string;
  readonly betas: Readonly<Record<string, readonly number[]>>;
  readonly evidence: { readonly seed: number };
  readonly backend?: z.output<typeof backendIdentitySchema>;
}

/** Keeps a base seed's part. @throws {DiskError} */
export async function writeClaimSeed(root: string, folder: string, kept: WrittenClaimSeed): Promise<void> {
  const place = placeBelow(root, fileOf(folder, kept.evidence.seed));
  await writeAt(place, `${JSON.stringify(kept, undefined, 2)}\n`);
}
