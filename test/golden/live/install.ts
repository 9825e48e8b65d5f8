import { installPackages } from "../../pythonEnvironment.ts";

/**
 * Installs PyTorch, transformers and PEFT in $TRANSFORMERS_TEST_DIR, or `.vscode-test/transformers` of the repository.
 * @returns The folder of its programs.
 * @throws {PackagesUnavailableError} where there is no Python, or no PyPI.
 */
export function installTransformers(report: (line: string) => void): string {
  return installPackages(
    {
      ...{ title: "transformers", version: "5.23.0", folder: "transformers", variable: "TRANSFORMERS_TEST_DIR" },
      takes: "1.2 GB, about a minute; several GB where PyPI's PyTorch brings CUDA",
      installs: [
        ["torch==2.13.0", "numpy", "safetensors", "transformers==5.23.0", "tokenizers==0.23.3", "peft==0.18.0"],
      ],
      check: ["python", "-c", "import torch, transformers, peft"],
    },
    report,
  );
}

if (import.meta.main) installTransformers((line) => process.stdout.write(`${line}\n`));
