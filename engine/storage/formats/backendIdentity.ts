import * as z from "zod";

const text = z.string().max(4000);

/** Form of a backend's identity, as artifacts' keys have it. */
export const backendIdentitySchema = z.strictObject({
  name: text,
  revision: z.int().min(0),
  build: z.exactOptional(text),
  precision: z.exactOptional(z.literal("bf16")),
});
