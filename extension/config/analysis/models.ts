import { armTitle, modelNames } from "../../../engine/config/names.ts";
import type { ModelNames } from "../../../engine/config/names.ts";
import { withPreset } from "../../../engine/config/merge.ts";
import { TASK_BENCHMARKS } from "../../../engine/config/index.ts";
import { USABLE_NAME } from "../../../engine/config/usableName.ts";
import { t } from "../../localize.ts";
import { inline } from "./edits.ts";

/** The models that a config names, read as far as it can be: it may be half written. */
export interface Models {
  readonly names: ModelNames;
  /** Benchmarks that can be named. */
  readonly benchmarks: readonly string[];
  /** Short description of a model; undefined if there is none of this name. */
  describe(name: string): string | undefined;
}

type Written = Readonly<Record<string, unknown>>;

/** Reads the models of a config's value, its preset included. */
export function modelsOf(value: unknown): Models {
  const config = recordOf(withPreset(value)) ?? {};
  const [soups, arms] = [recordOf(config["soups"]), recordOf(config["arms"])];
  const contestants = recordOf(recordOf(config["evaluation"])?.["contestants"]);
  const seeds = listOf(recordOf(config["sft"])?.["seeds"] ?? [1, 2]).filter((seed) => typeof seed === "number");
  const names = modelNames({
    sft: { seeds },
    ...(soups !== undefined && { soups: soups as never }),
    ...(arms !== undefined && { arms: arms as never }),
    ...(contestants !== undefined && { evaluation: { contestants } }),
  });
  const ofData = Object.keys(recordOf(recordOf(config["data"])?.["benchmarks"]) ?? {});
  const benchmarks = config["task"] === undefined ? ofData : [...TASK_BENCHMARKS];
  const describe = (name: string): string | undefined => {
    if (name === "base") return t("the base model");
    const seed = names.sfts.indexOf(name);
    if (seed >= 0) return t("SFT with seed {0}", seeds[seed] ?? 0);
    if (names.contestants.includes(name)) {
      return recordOf(contestants?.[name])?.["answers"] === undefined
        ? t("a model of a server")
        : t("a file of answers");
    }
    if (names.soups.includes(name)) return soupText(recordOf(soups?.[name]), names.sfts);
    return names.arms.includes(name)
      ? armText(recordOf(config["rlhf"]), recordOf(arms?.[name]), { name, names })
      : undefined;
  };
  return { names, benchmarks, describe };
}

/** "soup: linear of sft-1, sft-2, α 0.5" */
function soupText(soup: Written | undefined, sfts: readonly string[]): string {
  const method = textOf(soup?.["method"]) ?? "uniform";
  const of = soup?.["of"] === undefined ? sfts : listOf(soup["of"]);
  const { alpha, weights } = soup ?? {};
  const shares =
    weights !== undefined
      ? t(", weights {0}", inline(weights))
      : alpha !== undefined
        ? t(", α {0}", inline(alpha))
        : method === "linear" && of.length === 2
          ? t(", α {0}", 0.5)
          : "";
  return t("soup: {0} of {1}", method, of.join(", ")) + shares;
}

interface Named {
  readonly name: string;
  readonly names: ModelNames;
}

/** "arm: SALSA from sft-1, held to soup, β 0.2" */
function armText(rlhf: Written | undefined, arm: Written | undefined, { name, names }: Named): string {
  const settings = { ...rlhf, ...arm };
  const init = textOf(settings["init"]) ?? names.sfts[0] ?? "sft-1";
  // The arms that stand in where none are written are named after their soups.
  const standIn =
    arm === undefined ? names.soups.find((soup) => name === "salsa" || name === `salsa-${soup}`) : undefined;
  const reference = listOf(settings["reference"] ?? standIn ?? init);
  const title = armTitle(reference.map(String), names.soups, {
    mix: textOf(settings["referenceMix"]),
    method: textOf(settings["method"]),
  });
  const betas = listOf(settings["beta"] ?? 0.2).join(", ");
  return t("arm: {0} from {1}, held to {2}, β {3}", title, init, reference.join(t(" and ")), betas);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

function recordOf(value: unknown): Written | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Written) : undefined;
}

/** Why a model or benchmark cannot be given a name; undefined if it can. */
export function nameProblem(
  value: unknown,
  name: string,
  from: { readonly kind: "model" | "benchmark"; readonly name: string },
): string | undefined {
  if (!USABLE_NAME.test(name)) {
    return t("A name has letters, digits, dots, dashes and underscores, and starts with a letter or digit");
  }
  const { names, benchmarks } = modelsOf(value);
  const taken = from.kind === "model" ? [...names.policies, "reward"] : benchmarks;
  return name !== from.name && taken.includes(name) ? t("{0} is already taken", name) : undefined;
}
