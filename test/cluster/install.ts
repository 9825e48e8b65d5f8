import { installPackages } from "../pythonEnvironment.ts";

/** The Ray that the tests run against, from PyPI. */
export const RAY = "2.60.0";

/**
 * Installs Ray in $RAY_TEST_DIR, or `.vscode-test/ray` of the repository.
 * @returns The folder of its programs.
 * @throws {PackagesUnavailableError} where there is no Python, or no PyPI.
 */
export function installRay(report: (line: string) => void): string {
  return installPackages(
    {
      ...{ title: "Ray", version: RAY, folder: "ray", variable: "RAY_TEST_DIR", takes: "400 MB, about a minute" },
      installs: [[`ray[default]==${RAY}`]],
      check: ["ray", "--version"],
    },
    report,
  );
}

if (import.meta.main) installRay((line) => process.stdout.write(`${line}\n`));
