import type { DeviceBuffer } from "../backend.ts";

/**
 * Outputs that stay on the device, in buffers of their own, by name: the next run overwrites where they were computed.
 *
 * @param names - Of the outputs.
 * @param make - Makes one; where it throws, those before it are released.
 * @param release - Frees one.
 */
export function keptOutputs<K extends string>(
  names: readonly K[],
  make: (name: K) => DeviceBuffer,
  release: (buffer: DeviceBuffer) => void,
): Readonly<Record<K, DeviceBuffer>> {
  const kept = new Map<K, DeviceBuffer>();
  try {
    for (const name of names) kept.set(name, make(name));
  } catch (error) {
    for (const buffer of kept.values()) release(buffer);
    throw error;
  }
  return Object.fromEntries(kept) as Record<K, DeviceBuffer>;
}
