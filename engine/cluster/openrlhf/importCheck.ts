import { OPENRLHF_VERSION } from "./flags.ts";

/**
 * Imports what trainings of OpenRLHF take, in the Python of their jobs; says what is missing as the wrapper does, and ends
 * with 3. No single quote stands in it: a shell has it in some.
 */
const PROGRAM = String.raw`
import importlib, importlib.metadata, sys

def fail(text):
    print("salsa: " + text, flush=True)
    sys.exit(3)

for name, title in (("openrlhf", "OpenRLHF"), ("vllm", "vLLM")):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        fail(title + " is not installed" if error.name == name else "%s cannot be imported: %s" % (title, error))
    except BaseException as error:
        fail("%s cannot be imported: %s: %s" % (title, type(error).__name__, error))
found = importlib.metadata.version("openrlhf")
if found != "${OPENRLHF_VERSION}":
    fail("OpenRLHF %s is installed, and SALSA is made for ${OPENRLHF_VERSION}" % found)
`;

/** Shell command of a job that ends well where OpenRLHF, of the release that is spoken to, and vLLM can be imported. */
export const IMPORT_CHECK = `python3 -c '${PROGRAM}'`;
