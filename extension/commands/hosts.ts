import { homedir } from "node:os";
import * as vscode from "vscode";
import { hostsOf, isHostName } from "../../engine/protocol/hosts.ts";
import { label } from "../label.ts";
import { picked } from "./pickers.ts";

/** Where the last host is remembered, for every workspace: it is the person's. */
const LAST = "salsa.lastHost";
/** Largest ssh config that is looked into, in bytes. */
const MOST_BYTES = 2 ** 20;

interface HostItem extends vscode.QuickPickItem {
  /** Absent for another one, which is asked for. */
  readonly host?: string;
}

/**
 * The machine for a run: an entry of the person's ssh config, the last one first, or any other by its name.
 * @throws {vscode.CancellationError} when none is picked.
 */
export async function pickHost({ globalState }: Pick<vscode.ExtensionContext, "globalState">): Promise<string> {
  const last = globalState.get<string>(LAST, "");
  const known = await configuredHosts();
  const hosts = [...new Set([...(isHostName(last) ? [last] : []), ...known])];
  const host = hosts.length === 0 ? await askForHost() : await chooseHost(hosts, last);
  await globalState.update(LAST, host);
  return host;
}

async function chooseHost(hosts: readonly string[], last: string): Promise<string> {
  const items: readonly HostItem[] = [
    ...hosts.map((host) => ({
      label: label(host),
      ...(host === last && { description: vscode.l10n.t("last used") }),
      host,
    })),
    { label: vscode.l10n.t("Another Host..."), alwaysShow: true },
  ];
  const title = vscode.l10n.t("Run on Host");
  const placeHolder = vscode.l10n.t(
    "A Linux machine of your ssh config; the run goes on there when this window closes",
  );
  return (await picked(vscode.window.showQuickPick(items, { title, placeHolder }))).host ?? askForHost();
}

function askForHost(): Promise<string> {
  return picked(
    vscode.window.showInputBox({
      title: vscode.l10n.t("Run on Host"),
      prompt: vscode.l10n.t("A machine that ssh reaches without a password: a name, or user@machine"),
      validateInput: (name) =>
        name === "" || isHostName(name)
          ? undefined
          : vscode.l10n.t("Give a name of ~/.ssh/config, or user@machine: no options, no address of another form."),
    }),
  ).then((name) => {
    if (name === "") throw new vscode.CancellationError();
    return name;
  });
}

/** Hosts of the person's own ssh config; none where it cannot be read. */
async function configuredHosts(): Promise<readonly string[]> {
  const file = vscode.Uri.joinPath(vscode.Uri.file(homedir()), ".ssh", "config");
  try {
    const { size } = await vscode.workspace.fs.stat(file);
    if (size > MOST_BYTES) return [];
    return hostsOf(Buffer.from(await vscode.workspace.fs.readFile(file)).toString("utf8"));
  } catch {
    return [];
  }
}
