import type { Trainer } from "./trainer.ts";

/**
 * Shell command of a job that ends well where a trainer, of the release that is spoken to, and all that it takes can be
 * imported in the Python of its jobs. It says what is missing as their program does, and ends with 3. No single quote stands
 * in it: a shell has it in some. It is one line: Ray writes a job's command into its log, at times behind what that has
 * printed, and tells the last ten lines.
 */
export function importCheckOf({ modules, distribution, title, version }: Trainer): string {
  const program = String.raw`
import importlib, importlib.metadata, sys

def fail(text):
    print("salsa: " + text, flush=True)
    sys.exit(3)

for name, title in ${JSON.stringify(modules)}:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        fail(title + " is not installed" if error.name == name else "%s cannot be imported: %s" % (title, error))
    except BaseException as error:
        fail("%s cannot be imported: %s: %s" % (title, type(error).__name__, error))
found = importlib.metadata.version("${distribution}")
if found != "${version}":
    fail("${title} %s is installed, and SALSA is made for ${version}" % found)
`;
  return `python3 -c 'exec(${JSON.stringify(program)})'`;
}
