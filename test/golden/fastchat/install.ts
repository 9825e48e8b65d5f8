import { installPackages } from "../../pythonEnvironment.ts";

/**
 * Installs FastChat's wheel in $FASTCHAT_TEST_DIR, or `.vscode-test/fastchat` of the repository, with what its
 * `llm_judge` needs but the models themselves, for which judge.py has stand-ins.
 * @returns The folder of its programs.
 * @throws {PackagesUnavailableError} where there is no Python, or no PyPI.
 */
export function installFastChat(report: (line: string) => void): string {
  return installPackages(
    {
      ...{ title: "FastChat", version: "0.2.36", folder: "fastchat", variable: "FASTCHAT_TEST_DIR" },
      takes: "200 MB, about a minute",
      installs: [
        ["pandas==2.3.3", "openai==0.28.1"],
        ["--no-deps", "fschat==0.2.36"],
      ],
      check: ["python", "-m", "fastchat.llm_judge.show_result", "--help"],
    },
    report,
  );
}

if (import.meta.main) installFastChat((line) => process.stdout.write(`${line}\n`));
