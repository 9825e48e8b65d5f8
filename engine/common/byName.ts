import * as z from "zod";
import { dictionary, isRecord } from "./dictionary.ts";

/** Schema of values by name, as a `dictionary`; zod's own record leaves out the name `__proto__` in silence. */
export function byName<T>(schema: z.ZodType<T>, most: number): z.ZodType<Record<string, T>> {
  return z.custom<Readonly<Record<string, unknown>>>(isRecord, "expected an object").transform((object, context) => {
    const parsed = dictionary<T>();
    const names = Object.keys(object);
    if (names.length > most) context.addIssue(`has ${names.length} names; at most ${most} are read`);
    for (const name of names.slice(0, most)) {
      const { success, data, error } = schema.safeParse(object[name]);
      if (success) parsed[name] = data;
      else {
        const [issue = { code: "custom", message: "does not fit", path: [] }] = error.issues;
        context.addIssue({ ...issue, path: [name, ...issue.path] });
      }
    }
    return parsed;
  });
}
