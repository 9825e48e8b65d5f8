import * as z from "zod";
import { LONGEST_NAME, LONGEST_TEXT } from "./limits.ts";

/** A name, an id, a key, or a short text for people. */
export const name = z.string().max(LONGEST_NAME);

/** A longer text for people, such as an error's message. */
export const text = z.string().max(LONGEST_TEXT);

/** A SHA-256, in hexadecimal. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
