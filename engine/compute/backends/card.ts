import type { BackendDeclaration } from "./declaration.ts";
import { cuda } from "./cuda/declaration.ts";

/** The backend that plans estimate cards with, also on machines that have none. */
export const cardBackend: BackendDeclaration = cuda;

export { cardMemory } from "./cuda/encode.ts";
