import { DataError } from "../../protocol/errors.ts";

/** Kinds of repositories on the hub. */
export type RepositoryKind = "dataset" | "model";

/** A repository on the hub. */
export interface HubReference {
  /** As a config names it, for messages. */
  readonly text: string;
  readonly kind: RepositoryKind;
  /** `owner/name`; old ones have no owner. */
  readonly name: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** For messages, where it is not on the hub: "GitHub". */
  readonly site?: string;
}

/** Kinds in words. */
export const KIND_TITLES: Readonly<Record<RepositoryKind, string>> = { dataset: "data set", model: "model" };

const REFERENCE = /^hf:(datasets\/)?((?:[\w.-]{1,96}\/)?[\w.-]{1,96})(?:@([\w./+-]{1,200}))?$/;
const EXAMPLE = "write hf:owner/name, or hf:owner/name@revision with a branch, a tag or a commit";

/**
 * Reads `hf:owner/name@revision`; the revision is `main` if left out.
 * @throws {DataError} when it is something else.
 */
export function hubReference(text: string, kind: RepositoryKind = "dataset"): HubReference {
  const [, prefix, name, revision = "main"] = REFERENCE.exec(text) ?? [];
  const hasSteps = [...(name ?? "").split("/"), ...revision.split("/")].some((part) => /^\.*$/.test(part));
  const isOther = prefix !== undefined && kind !== "dataset";
  if (name !== undefined && !hasSteps && !isOther) return { text, kind, name, revision };
  throw new DataError(`is not a ${KIND_TITLES[kind]} on the hub`, { file: text, remedy: EXAMPLE });
}

/** Where Hugging Face's cache keeps a commit of a model. */
const SNAPSHOT = /[\\/]models--([\w.-]+)[\\/]snapshots[\\/]([0-9a-f]{40})[\\/]?$/;

/** The model and commit that a folder of Hugging Face's cache holds; undefined for any other folder. */
export function snapshotOf(folder: string): { readonly name: string; readonly commit: string } | undefined {
  const [, parts, commit] = SNAPSHOT.exec(folder) ?? [];
  return parts === undefined || commit === undefined ? undefined : { name: parts.replace("--", "/"), commit };
}

/** True for a path of a repository that stays within it, on every system. */
export function isSafePath(path: string): boolean {
  return path.split("/").every((part) => part !== "" && !/^\.+$|[\\:\0]/.test(part));
}
