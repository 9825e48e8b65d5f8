import { vsix } from "./session.ts";

/** Packages the extension once for all of mocha's processes, which begin afterwards and find it in the environment. */
export function mochaGlobalSetup(): void {
  process.env["SALSA_VSIX"] = vsix();
}
