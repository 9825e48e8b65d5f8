/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | Section;

// An interface, as a record cannot name itself.
interface Section {
  readonly [key: string]: Json;
}

/** How a setting of one run relates to the other's. */
export type Relation = "same" | "changed" | "onlyHere" | "onlyThere";

/** A setting or a section of settings, of one run or of two laid over each other. */
export interface ConfigNode {
  /** "arms.salsa.betas". */
  readonly path: string;
  readonly key: string;
  readonly here?: Json;
  readonly there?: Json;
  readonly relation: Relation;
  /** Empty for settings. */
  readonly children: readonly ConfigNode[];
  /** Settings in it that are not the same; 1 for such a setting itself. */
  readonly nDifferent: number;
}

/** A setting, or a section that only one of two runs has. */
export interface ConfigDifference {
  readonly path: string;
  readonly here?: Json;
  readonly there?: Json;
}

/** Lays a config over another's, key by key; without another, nothing differs. Lists are compared as a whole. */
export function configTree(here: Json, there?: Json): readonly ConfigNode[] {
  return childrenOf("", here, there === undefined ? here : there);
}

/** Differences between two configs, in the order of the first, each reported at the topmost level that it covers. */
export function configDifferences(here: Json, there: Json): readonly ConfigDifference[] {
  return configTree(here, there).flatMap(differencesIn);
}

function differencesIn(node: ConfigNode): readonly ConfigDifference[] {
  const { path, relation, here, there, children, nDifferent } = node;
  if (nDifferent === 0) return [];
  if (relation === "same" || (relation === "changed" && children.length > 0)) return children.flatMap(differencesIn);
  return [{ path, ...(here !== undefined && { here }), ...(there !== undefined && { there }) }];
}

function childrenOf(parent: string, here: Json | undefined, there: Json | undefined): readonly ConfigNode[] {
  const [ours, theirs] = [sectionOf(here), sectionOf(there)];
  const keys = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
  return keys.map((key) => nodeOf(parent === "" ? key : `${parent}.${key}`, key, ours[key], theirs[key]));
}

function nodeOf(path: string, key: string, here: Json | undefined, there: Json | undefined): ConfigNode {
  const isSection = (value: Json | undefined): boolean => value === undefined || isObject(value);
  // A section against a single value is one difference: they have no keys to compare.
  const children = isSection(here) && isSection(there) ? childrenOf(path, here, there) : [];
  const isSame = children.length > 0 ? children.every(({ nDifferent }) => nDifferent === 0) : equals(here, there);
  const relation = here === undefined ? "onlyThere" : there === undefined ? "onlyHere" : isSame ? "same" : "changed";
  const nDifferent =
    children.length > 0 ? children.reduce((sum, child) => sum + child.nDifferent, 0) : relation === "same" ? 0 : 1;
  return {
    path,
    key,
    ...(here !== undefined && { here }),
    ...(there !== undefined && { there }),
    relation,
    children,
    nDifferent,
  };
}

function isObject(value: Json | undefined): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sectionOf(value: Json | undefined): Section {
  return isObject(value) ? value : {};
}

function equals(here: Json | undefined, there: Json | undefined): boolean {
  if (Array.isArray(here) && Array.isArray(there)) {
    return here.length === there.length && here.every((value, index) => equals(value as Json, there[index] as Json));
  }
  if (isObject(here) && isObject(there)) {
    const keys = Object.keys(here);
    return keys.length === Object.keys(there).length && keys.every((key) => equals(here[key], there[key]));
  }
  return here === there;
}
