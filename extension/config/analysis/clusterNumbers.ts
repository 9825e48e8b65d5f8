import { getNodePath } from "jsonc-parser";
import { clusterSchema } from "../../../engine/config/cluster.ts";
import { trainerSchema } from "../../../engine/config/trainer.ts";
import type { ClusterFacts, MachineKind } from "../../../engine/protocol/clusterFacts.ts";
import { t } from "../../localize.ts";
import { type ClusterNumber, clusterPlace } from "./places.ts";
import { isKey, nodeAt, nodeAtOffset, spanOf } from "./tree.ts";
import type { ConfigTree, Span } from "./tree.ts";

const CLUSTER = ["runtime", "cluster"] as const;

const { cpus, gpus } = clusterSchema.shape;
const { cardsPerNode, nodes } = trainerSchema.shape;

const RANGES = { cpus, gpus, cardsPerNode, nodes } satisfies Record<ClusterNumber, unknown>;

/** Kinds of machines that a text lists. */
const MOST_LISTED = 5;

/** A number to choose, with its meaning. */
export interface NumberChoice {
  readonly value: number;
  readonly detail: string;
}

/** Address of the config's cluster; undefined where it names none yet. */
export function clusterAddress(tree: ConfigTree): string | undefined {
  const address: unknown = nodeAt(tree, [...CLUSTER, "address"])?.value;
  return typeof address === "string" ? address : undefined;
}

/** Cards that a machine must have for a stage of another trainer, by the config or else by default. */
export function cardsOfMachine(tree: ConfigTree): number {
  const { success, data } = cardsPerNode.safeParse(nodeAt(tree, [...CLUSTER, "trainer", "cardsPerNode"])?.value);
  return success ? data : cardsPerNode.parse(undefined);
}

/** The cluster that a key or value at an offset is about; undefined elsewhere. */
export function clusterAt(
  tree: ConfigTree,
  offset: number,
): { readonly span: Span; readonly address: string } | undefined {
  const [node, address] = [nodeAtOffset(tree, offset), clusterAddress(tree)];
  if (node === undefined || address === undefined || (!isKey(node) && node.children !== undefined)) return undefined;
  const path = getNodePath(node);
  const isAbout = [CLUSTER, [...CLUSTER, "address"]].some((one) => one.join() === path.join());
  return isAbout || clusterPlace(path) !== undefined ? { span: spanOf(node), address } : undefined;
}

/** Numbers of a cluster that fit a setting, the likeliest first. @param perNode - Cards that a machine must have, for `nodes`. */
export function numberChoices(
  setting: ClusterNumber,
  { machines, free }: Pick<ClusterFacts, "machines" | "free">,
  perNode: number,
): readonly NumberChoice[] {
  const all = { cpus: cpuChoices, gpus: gpuChoices, cardsPerNode: cardChoices, nodes: nodeChoices }[setting];
  const usable = all(machines, { free, perNode }).filter(({ value }) => RANGES[setting].safeParse(value).success);
  // Of two that come to the same, the first says more.
  return usable.filter(({ value }, at) => usable.findIndex((other) => other.value === value) === at);
}

interface Facts {
  readonly free: ClusterFacts["free"];
  readonly perNode: number;
}

type Machines = readonly MachineKind[];

/** A stage has one card: where its machine has several, so many cores are for each. */
function cpuChoices(machines: Machines): NumberChoice[] {
  const shares = machines
    .filter((kind) => kind.gpus >= 1 && kind.cpus >= kind.gpus)
    .map((kind) => ({
      value: Math.floor(kind.cpus / kind.gpus),
      detail: t("for each card of a machine: {0}", machineText(kind)),
    }));
  return [...shares, ...ofMachines(machines, "cpus")];
}

function gpuChoices(machines: Machines, { free }: Facts): NumberChoice[] {
  const total = sum(machines, "gpus");
  if (total < 1) return [{ value: 0, detail: t("no machine has a card") }];
  const open = free === undefined ? cardsText(total) : t("{0} of {1} free", free.gpus, cardsText(total));
  return [
    { value: 1, detail: open },
    { value: 0, detail: t("without a card, of {0}", cpusText(sum(machines, "cpus"))) },
  ];
}

function cardChoices(machines: Machines): NumberChoice[] {
  return ofMachines(machines, "gpus");
}

function nodeChoices(machines: Machines, { perNode }: Facts): NumberChoice[] {
  const value = machines.reduce((count, kind) => count + (kind.gpus >= perNode ? kind.count : 0), 0);
  return [{ value, detail: t("machines with at least {0}", cardsText(perNode)) }];
}

/** All that machines have of something, the largest first. */
function ofMachines(machines: Machines, what: "cpus" | "gpus"): NumberChoice[] {
  return machines
    .toSorted((a, b) => b[what] - a[what])
    .map((kind, at) => ({
      value: kind[what],
      detail: at === 0 ? t("largest machine: {0}", machineText(kind)) : t("another machine: {0}", machineText(kind)),
    }));
}

/** All that is known of a cluster. @param seen - How long ago it was seen: "2 minutes ago". */
export function clusterText({ version, machines, free }: ClusterFacts, seen: string): string {
  const listed = machines.slice(0, MOST_LISTED).map((kind) => `${kind.count} × (${machineText(kind)})`);
  const more = machines.length > MOST_LISTED ? ", …" : "";
  const all = { cpus: sum(machines, "cpus"), gpus: sum(machines, "gpus") };
  const open =
    free === undefined
      ? []
      : [t("Free: {0} of {1}, {2} of {3}.", free.gpus, cardsText(all.gpus), rounded(free.cpus), cpusText(all.cpus))];
  const parts = [`Ray ${version}: ${listed.join(", ")}${more}.`, ...open];
  return [...parts, t("Seen {0}; SALSA: Connect to Cluster looks again.", seen)].join(" ");
}

/** "8 cards (A100), 96 CPUs". */
function machineText({ cpus, gpus, accelerator }: MachineKind): string {
  const cards = accelerator === undefined ? cardsText(gpus) : `${cardsText(gpus)} (${accelerator})`;
  return gpus === 0 ? cpusText(cpus) : `${cards}, ${cpusText(cpus)}`;
}

function cardsText(count: number): string {
  return count === 1 ? t("1 card") : t("{0} cards", rounded(count));
}

function cpusText(count: number): string {
  return count === 1 ? t("1 CPU") : t("{0} CPUs", rounded(count));
}

function sum(machines: Machines, what: "cpus" | "gpus"): number {
  return machines.reduce((total, kind) => total + kind.count * kind[what], 0);
}

function rounded(count: number): number {
  return Math.round(10 * count) / 10;
}
