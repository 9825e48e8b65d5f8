import type * as vscode from "vscode";
import { isToken } from "./token.ts";

/** Where the editor keeps the keys of judges' servers, by their variables, in the system's key store. */
const SECRET = "salsa.apiKeys";
/** Most keys that are kept. */
const MOST_KEYS = 100;

/** True for the name of a variable that may hold a key, as `keyVariable` and `tokenEnv` in configs. */
export function isKeyVariable(text: string): boolean {
  return /^[A-Z][A-Z0-9_]{0,80}_(API_KEY|AUTH_TOKEN)$/.test(text);
}

/** Keys that the person has given, by their variables. */
export async function readApiKeys({
  secrets,
}: Pick<vscode.ExtensionContext, "secrets">): Promise<ReadonlyMap<string, string>> {
  const entries = entriesOf(await secrets.get(SECRET));
  const known = entries.filter(
    (entry): entry is [string, string] => isKeyVariable(entry[0]) && typeof entry[1] === "string" && isToken(entry[1]),
  );
  return new Map(known.slice(0, MOST_KEYS));
}

/** Keeps a key, or removes the one that is kept. */
export async function writeApiKey(
  context: Pick<vscode.ExtensionContext, "secrets">,
  variable: string,
  key: string | undefined,
): Promise<void> {
  const keys = new Map(await readApiKeys(context));
  if (key === undefined) keys.delete(variable);
  else keys.set(variable, key);
  await context.secrets.store(SECRET, JSON.stringify([...keys]));
}

/** Tells of a key that is given, replaced or removed, in this window or another. */
export function onDidChangeApiKeys(
  { secrets }: Pick<vscode.ExtensionContext, "secrets">,
  listener: () => void,
): vscode.Disposable {
  return secrets.onDidChange(({ key }) => {
    if (key === SECRET) listener();
  });
}

function entriesOf(text: string | undefined): readonly [string, unknown][] {
  try {
    const value = JSON.parse(text ?? "[]") as unknown;
    if (!Array.isArray(value)) return [];
    return value.flatMap((entry: unknown) =>
      Array.isArray(entry) && typeof entry[0] === "string"
        ? [[entry[0], entry[1] as unknown] as [string, unknown]]
        : [],
    );
  } catch {
    return [];
  }
}
