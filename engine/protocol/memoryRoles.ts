import * as z from "zod";
import { MEMORY_ROLES } from "../common/memory.ts";

/** Bytes of a stage's memory by what they are for. */
export const memoryByRoleSchema = z.partialRecord(z.enum(MEMORY_ROLES), z.number().min(0));
