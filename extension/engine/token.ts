import type * as vscode from "vscode";

/** Where the editor keeps the token, in the system's key store. */
const SECRET = "salsa.huggingFaceToken";

/** True for a text that may be a token: a header carries it, and so it is one word of ASCII. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]{1,4096}$/.test(text);
}

/** The token that the person has given; undefined for none. */
export async function readToken({ secrets }: vscode.ExtensionContext): Promise<string | undefined> {
  const token = await secrets.get(SECRET);
  return token !== undefined && isToken(token) ? token : undefined;
}

/** Keeps a token, or removes the one that is kept. */
export async function writeToken({ secrets }: vscode.ExtensionContext, token: string | undefined): Promise<void> {
  if (token === undefined) await secrets.delete(SECRET);
  else await secrets.store(SECRET, token);
}

/** Tells of a token that is given, replaced or removed, in this window or another. */
export function onDidChangeToken({ secrets }: vscode.ExtensionContext, listener: () => void): vscode.Disposable {
  return secrets.onDidChange(({ key }) => {
    if (key === SECRET) listener();
  });
}
