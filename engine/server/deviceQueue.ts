import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { onDisk } from "../storage/disk.ts";
import { type Lock, LockedError, livingOwner, takeLock } from "../storage/locks.ts";

/** Milliseconds between checks of the queue: a killed process sends no notice. */
const INTERVAL = 500;
const DIGITS = 15;

/** A wish to compute. */
export interface TurnRequest {
  /** The runtime folder, which all that share the device look into. */
  readonly folder: string;
  /** Its id: "cpu", "cuda:0". Each device has a queue of its own. */
  readonly device: string;
  readonly signal: AbortSignal;
  /** Called whenever the number of those ahead changes. */
  readonly waiting: (ahead: number) => void;
}

/**
 * Waits until no other run computes on a device, first come, first served; released or dead, the next one follows.
 *
 * Tickets in the runtime folder give the order, and a lock makes sure that one computes at a time: a ticket that is
 * older than it appeared must not overtake a run that has begun.
 *
 * @throws the signal's reason when it is aborted before.
 */
export async function takeTurn({ folder, device, signal, waiting }: TurnRequest): Promise<Pick<Lock, "release">> {
  const ticket = ticketName(device);
  const held = await takeLock(path.join(folder, ticket));
  let last = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      const before = (await ticketsOf(folder, device)).filter((other) => other < ticket).length;
      const lock = before === 0 ? await lockIfFree(path.join(folder, `${fileName(device)}.lock`)) : undefined;
      if (lock !== undefined) return { release: () => releaseAll([lock, held]) };
      const ahead = Math.max(1, before);
      if (ahead !== last) waiting(ahead);
      last = ahead;
      await wait(signal);
    }
  } catch (error) {
    await held.release();
    throw error;
  }
}

let tickets = 0;

/** An id as part of a file's name, on every system. */
const fileName = (device: string): string => encodeURIComponent(device);

/** The device of a ticket, as part of its name: the rest has no letters, and ids may hold dashes. */
const TICKET = /^(.+?)-\d+-\d+-\d+\.ticket$/;

function ticketName(device: string): string {
  const order = String(tickets++).padStart(4, "0"); // among those of one process in one millisecond
  return `${fileName(device)}-${String(Date.now()).padStart(DIGITS, "0")}-${order}-${process.pid}.ticket`;
}

/** Tickets of living processes; others are removed. */
async function ticketsOf(folder: string, device: string): Promise<readonly string[]> {
  const names = await onDisk("list", folder, () => fs.readdir(folder));
  const living: string[] = [];
  for (const name of names) {
    if (TICKET.exec(name)?.[1] !== fileName(device)) continue;
    const file = path.join(folder, name);
    if ((await livingOwner(file)) !== undefined) living.push(name);
    else await onDisk("clean up", file, () => fs.rm(file, { force: true }));
  }
  return living;
}

async function lockIfFree(file: string): Promise<Lock | undefined> {
  try {
    return await takeLock(file);
  } catch (error) {
    if (error instanceof LockedError) return undefined;
    throw error;
  }
}

async function releaseAll(locks: readonly Lock[]): Promise<void> {
  for (const lock of locks) await lock.release();
}

async function wait(signal: AbortSignal): Promise<void> {
  try {
    await delay(INTERVAL, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
}
