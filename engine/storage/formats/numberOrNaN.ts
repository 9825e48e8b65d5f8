import * as z from "zod";

/** Numbers that JSON holds as null: NaN and infinities. */
export const numberOrNaN = z
  .number()
  .nullable()
  .transform((value) => value ?? NaN);
