import { CudaBackend } from "../../engine/compute/backends/cuda/backend.ts";
import { findCublas } from "../../engine/compute/backends/cuda/cublas/find.ts";
import type { DeviceProperties, Driver } from "../../engine/compute/backends/cuda/driver.ts";
import { availability } from "../../engine/compute/backends/cuda/index.ts";
import { DriverUnavailableError } from "../../engine/compute/backends/cuda/driver.ts";
import type { WeightType } from "../../engine/compute/graph/dtype.ts";
import { loadDriver } from "../../engine/compute/backends/cuda/realDriver.ts";
import { interpreter } from "../ptx/driver.ts";

/** Where the work is done: a card, or the interpreter of PTX, on which nothing is fast and this script can be tried. */
export interface Place {
  /** Number of the card among the visible ones; "interpreter" for none. */
  readonly card: number | "interpreter";
}

/** The card that is asked for, with its driver. */
export interface Card {
  readonly driver: Driver;
  readonly properties: DeviceProperties;
  /** Name of the card's suites among those of the contract. */
  readonly suite: string;
  /** The cuBLASLt that runs would take. */
  readonly cublas?: { readonly file: string; readonly version: string };
  /** To compute with bf16, as runs do, unless it is asked for another precision; by our own kernels unless a library is given. */
  open(precision?: WeightType, cublas?: string): CudaBackend;
}

/** A machine without the card that is asked for; the message says why and what helps. */
export class NoCard extends Error {
  override readonly name = "NoCard";
}

/** @throws {NoCard} where there is none, or not that one. */
export function cardOf({ card }: Place): Card {
  const driver = driverOf(card);
  const properties = driver.devices[card === "interpreter" ? 0 : card];
  if (properties === undefined) {
    throw new NoCard(
      `there is no card ${card}: ${driver.devices.map(({ index, name }) => `${index} ${name}`).join(", ")}`,
    );
  }
  const cublas = card === "interpreter" ? PLAYED : findCublas(driver.version).found;
  return {
    driver,
    properties,
    ...(cublas !== undefined && { cublas }),
    suite: card === "interpreter" ? "cuda, interpreted" : `cuda on cuda:${card}`,
    open: (precision = "bf16", library) =>
      new CudaBackend(driver.open(properties.index), { precision, cublas: library }),
  };
}

const PLAYED = { file: "played", version: "played" } as const;

function driverOf(card: Place["card"]): Driver {
  if (card === "interpreter") return interpreter;
  try {
    const driver = loadDriver();
    const found = availability(driver);
    if (!found.isAvailable) throw new NoCard(`${found.reason}; ${found.remedy}`);
    return driver;
  } catch (error) {
    if (error instanceof DriverUnavailableError) throw new NoCard(`${error.reason}; ${error.remedy}`);
    throw error;
  }
}
