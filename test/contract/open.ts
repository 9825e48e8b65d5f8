import assert from "node:assert/strict";
import type { Backend } from "../../engine/compute/backend.ts";
import type { Candidate } from "./backends.ts";

/** Opens a backend for the length of the suite that calls it, and checks that nothing stays allocated on it. */
export function open({ create }: Candidate): () => Backend {
  let backend: Backend;
  before(async () => {
    backend = await create();
  });
  after(async () => {
    assert.equal(backend.memory.allocatedBytes, 0, "device memory must all be given back");
    await backend.close();
  });
  return () => backend;
}
