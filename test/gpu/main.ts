import { parseArgs } from "node:util";
import { EXIT, OPTIONS, gpu } from "./gpu.ts";

/** `npm run gpu`: what can be done only in the repository is done here, all else in gpu.ts, which is packed, too. */
async function main(args: readonly string[]): Promise<number> {
  const print = (text: string): void => void process.stdout.write(text);
  const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: false });
  if (typeof values.pack === "string") {
    const { pack } = await import("./pack.ts");
    print(await pack(values.pack));
    return EXIT.ok;
  }
  if (values.planned === true) {
    const { plannedText } = await import("./planned.ts");
    print(await plannedText());
    return EXIT.ok;
  }
  return gpu(args, print);
}

process.exitCode = await main(process.argv.slice(2));
