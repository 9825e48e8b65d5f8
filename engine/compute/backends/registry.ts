import type { BackendDescriptor } from "./descriptor.ts";
import { BACKENDS, type BackendName } from "./index.ts";

/** A backend's code, from the folder of its name. */
export async function descriptorOf(name: BackendName): Promise<BackendDescriptor> {
  const { backend } = (await import(`./${name}/index.ts`)) as { readonly backend: BackendDescriptor };
  return backend;
}

/** All backends with their code, in their order. */
export function allBackends(): Promise<readonly BackendDescriptor[]> {
  return Promise.all(BACKENDS.map(({ name }) => descriptorOf(name)));
}
