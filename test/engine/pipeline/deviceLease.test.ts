import assert from "node:assert/strict";
import type { Backend } from "../../../engine/compute/backend.ts";
import type { BackendChoice } from "../../../engine/compute/backends/choose.ts";
import { type BackendDescriptor } from "../../../engine/compute/backends/descriptor.ts";
import { descriptorOf } from "../../../engine/compute/backends/registry.ts";
import { DeviceLease, type DeviceLeaseSettings, DeviceLeases } from "../../../engine/pipeline/deviceLease.ts";
import { Stopped } from "../../../engine/pipeline/stage.ts";

/** A lease on a backend that notes when it is opened and closed; the turn notes itself, too. */
async function noted(changes: Partial<DeviceLeaseSettings> = {}): Promise<{ lease: DeviceLease; notes: string[] }> {
  const notes: string[] = [];
  const wasm = await descriptorOf("wasm");
  const open: BackendDescriptor["open"] = async (settings, device) => {
    notes.push(`open ${device.id}`);
    const backend = await wasm.open(settings, device);
    const close = async (): Promise<void> => {
      notes.push("close");
      await backend.close();
    };
    return Object.assign(Object.create(backend) as Backend, { close });
  };
  const device = { id: "cpu:7", name: "a processor", limits: {} };
  const choice: BackendChoice = {
    descriptor: { ...wasm, open },
    device,
    precision: "f32",
    devices: [device],
    isAuto: false,
    reason: "asked for",
    roomier: [],
  };
  const lease = new DeviceLease({
    choice,
    threads: 1,
    signal: new AbortController().signal,
    waiting: (ahead) => notes.push(`${ahead} ahead`),
    turn: (id, waiting) => {
      notes.push(`turn ${id}`);
      waiting(2);
      return Promise.resolve({
        release: () => {
          notes.push("release");
          return Promise.resolve();
        },
      });
    },
    ...changes,
  });
  return { lease, notes };
}

describe("a lease on a device", () => {
  it("takes nothing that is not needed", async () => {
    const { lease, notes } = await noted();
    await lease.close();
    assert.deepEqual(notes, []);
  });

  it("waits for the turn, opens after it, and gives both back in reverse", async () => {
    const { lease, notes } = await noted();
    await lease.open();
    assert.deepEqual(notes, ["turn cpu:7", "2 ahead", "open cpu:7"]);
    await lease.close();
    assert.deepEqual(notes.slice(3), ["close", "release"]);
  });

  it("waits and opens once, however many ask how often", async () => {
    const { lease, notes } = await noted();
    const [first, second] = await Promise.all([lease.open(), lease.open()]);
    await lease.wait();
    assert.equal(first, second);
    assert.deepEqual(notes, ["turn cpu:7", "2 ahead", "open cpu:7"]);
    await lease.close();
  });

  it("gives the turn back without having opened anything", async () => {
    const { lease, notes } = await noted();
    await lease.wait();
    await lease.close();
    assert.deepEqual(notes, ["turn cpu:7", "2 ahead", "release"]);
  });

  it("gives the turn back when the device does not open", async () => {
    const { lease, notes } = await noted({ threads: -1 });
    await assert.rejects(lease.open(), /threads must be a whole number/);
    await lease.close();
    assert.deepEqual(notes, ["turn cpu:7", "2 ahead", "open cpu:7", "release"]);
  });

  it("is a stop, not an error, when the run is stopped while it waits", async () => {
    const stop = new AbortController();
    const { lease, notes } = await noted({
      signal: stop.signal,
      turn: () => {
        stop.abort();
        return Promise.reject(stop.signal.reason as Error);
      },
    });
    await assert.rejects(lease.open(), new Stopped("stopped while it was queued"));
    await lease.close();
    assert.deepEqual(notes, []);
  });

  it("opens at once where runs do not queue", async () => {
    const { lease, notes } = await noted({ turn: undefined });
    await lease.open();
    await lease.close();
    assert.deepEqual(notes, ["open cpu:7", "close"]);
  });
});

describe("leases on several cards", () => {
  const card = (number: number, uuid: string) => ({ id: `cuda:${number}`, uuid, name: "a card", limits: {} });

  async function leases(notes: string[], fails = ""): Promise<DeviceLeases> {
    const [first, second] = [card(0, "ff"), card(1, "aa")];
    return new DeviceLeases({
      choice: {
        ...{ descriptor: await descriptorOf("wasm"), device: first, devices: [first, second] },
        ...{ precision: "f32", isAuto: false, reason: "asked for", roomier: [] },
      },
      threads: 1,
      signal: new AbortController().signal,
      waiting: () => undefined,
      turn: (queue) => {
        notes.push(`turn ${queue}`);
        const release = (): Promise<void> => {
          notes.push(`release ${queue}`);
          return queue === fails ? Promise.reject(new RangeError(queue)) : Promise.resolve();
        };
        return Promise.resolve({ release });
      },
    });
  }

  it("wait in the order of the cards themselves, whatever order and number a run knows them by", async () => {
    const notes: string[] = [];
    const both = await leases(notes);
    await both.wait();
    assert.deepEqual(notes, ["turn cuda:aa", "turn cuda:ff"]);
    assert.equal(both.all.length, 2);
    await both.close();
    assert.deepEqual(notes.slice(2).sort(), ["release cuda:aa", "release cuda:ff"]);
  });

  it("are all given back, whatever becomes of one", async () => {
    const notes: string[] = [];
    const both = await leases(notes, "cuda:ff");
    await both.wait();
    await assert.rejects(both.close(), new RangeError("cuda:ff"));
    assert.deepEqual(notes.slice(2).sort(), ["release cuda:aa", "release cuda:ff"]);
  });
});
