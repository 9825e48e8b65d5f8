import { fetchModel } from "../examples/smollm2/fetchModel.ts";

/** The real model's folder. Where no index can be reached, that is said aloud, again by .ci/run, and the test is pending. */
export async function realModel(context: Mocha.Context): Promise<string> {
  try {
    return await fetchModel({ tell: (text) => void process.stdout.write(`    ${text}\n`) });
  } catch (cause) {
    const isUnreachable = cause instanceof Error && /cannot be had(?!.* has another content)/.test(cause.message);
    if (!isUnreachable) throw cause;
    process.stderr.write(
      `\n*** NOT TESTED: the real model, SmolLM2-135M-Instruct, is not to be had: ${cause.message}\n\n`,
    );
    return context.skip();
  }
}
