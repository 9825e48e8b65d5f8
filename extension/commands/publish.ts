import { homedir } from "node:os";
import * as vscode from "vscode";
import type { CardOutput } from "../../engine/protocol/toolOutput.ts";
import { assertOnDisk, assertTrusted } from "../engine/workspace.ts";
import { label } from "../label.ts";
import type { Command, Salsa } from "../salsa.ts";
import { readCalled } from "./called.ts";
import { calledCheckpoints, pickCheckpoint } from "./checkpoints.ts";
import { CommandError, showDone } from "./failures.ts";
import { picked } from "./pickers.ts";
import { withProgress } from "./progress.ts";
import { type Destination, confirmation, publishArguments, targetProblem, uploadMessage } from "./publishing.ts";

/** Writes a checkpoint's model card, shows it for editing, and uploads both once that is confirmed. */
export const publish: Command = {
  id: "salsa.publish",
  run: async (salsa, ...args) => {
    assertOnDisk();
    assertTrusted();
    const title = vscode.l10n.t("Publish Checkpoint");
    const [called] = await calledCheckpoints(salsa, args);
    const checkpoint =
      called ?? (await pickCheckpoint(salsa, { title, first: readCalled(args).folders[0], fits: () => true }));
    const destination: Destination = {
      checkpoint: checkpoint.folder,
      target: await askTarget(salsa, checkpoint.name),
      isPublic: await askVisibility(),
    };
    const { card } = await prepare(salsa, destination);
    const document = await vscode.workspace.openTextDocument(vscode.Uri.file(card));
    await vscode.window.showTextDocument(document, { preview: false });
    // An editor that is open since the last time may not have seen yet that the file was written again.
    if (!document.isDirty) await vscode.commands.executeCommand("workbench.action.files.revert");
    await askEdited(destination);
    if (document.isDirty && !(await document.save()))
      throw new CommandError(vscode.l10n.t("The card could not be saved."));
    // As it is now: the person may have changed it, and its list of files.
    const prepared = await prepare(salsa, destination);
    await confirm(prepared);
    return upload(salsa, destination);
  },
};

/** Remembered for this workspace: most models go to the same owner. */
const OWNER = "salsa.publishOwner";

async function askTarget({ context }: Salsa, name: string): Promise<string> {
  const owner = context.workspaceState.get<string>(OWNER, "");
  const plain = name.replaceAll(/[^\w.-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  const text = await picked(
    vscode.window.showInputBox({
      title: vscode.l10n.t("Publish Checkpoint: repository on the Hugging Face hub"),
      prompt: label(vscode.l10n.t("owner/name; it is made if it is not there")),
      value: `${owner}/${plain}`,
      valueSelection: owner === "" ? [0, 0] : [owner.length + 1, owner.length + 1 + plain.length],
      ignoreFocusOut: true,
      validateInput: (typed) => targetProblem(typed),
    }),
  );
  const target = text.trim();
  await context.workspaceState.update(OWNER, target.slice(0, target.indexOf("/")));
  return target;
}

async function askVisibility(): Promise<boolean> {
  const items = [
    { isPublic: false, label: vscode.l10n.t("Private"), detail: vscode.l10n.t("You and those you give access to") },
    { isPublic: true, label: vscode.l10n.t("Public"), detail: vscode.l10n.t("Anybody can read it") },
  ];
  const title = vscode.l10n.t("Publish Checkpoint: who may read it");
  return (await picked(vscode.window.showQuickPick(items, { title, ignoreFocusOut: true }))).isPublic;
}

async function prepare(salsa: Salsa, destination: Destination): Promise<CardOutput> {
  const line = await withProgress(vscode.l10n.t("Writing the model card of {0}", destination.target), ({ token }) =>
    salsa.tool.run(publishArguments(destination, { isConfirmed: false }), { folder: workFolder(), token }),
  );
  const { readPublishLine } = await import("../../engine/protocol/toolOutput.ts");
  const card = readPublishLine(line);
  if (card?.kind === "card") return card;
  throw new CommandError(vscode.l10n.t("The engine reported no model card."));
}

/** Waits while the card is edited; it is no modal message, which would be in the way. */
async function askEdited({ target }: Destination): Promise<void> {
  const go = vscode.l10n.t("Continue...");
  const message = vscode.l10n.t(
    "Edit the model card, then continue to publish {0}. Nothing has been uploaded.",
    target,
  );
  const choice = await vscode.window.showInformationMessage(label(message), go);
  if (choice !== go) throw new vscode.CancellationError();
}

/** @throws {vscode.CancellationError} when the person does not confirm. */
async function confirm(card: CardOutput): Promise<void> {
  const upload = card.public ? vscode.l10n.t("Publish for Anybody") : vscode.l10n.t("Upload");
  const question = vscode.l10n.t("Publish {0} to the Hugging Face hub?", card.target);
  const options = { modal: true, detail: confirmation(card) };
  if ((await vscode.window.showWarningMessage(label(question), options, upload)) !== upload)
    throw new vscode.CancellationError();
}

async function upload(salsa: Salsa, destination: Destination): Promise<string | undefined> {
  const { readPublishLine } = await import("../../engine/protocol/toolOutput.ts");
  const line = await withProgress(vscode.l10n.t("Publishing {0}", destination.target), (work) =>
    salsa.tool.run(publishArguments(destination, { isConfirmed: true }), {
      folder: workFolder(),
      token: work.token,
      onLine: (printed) => {
        const message = uploadMessage(readPublishLine(printed));
        if (message !== undefined) work.tell(message);
      },
    }),
  );
  const published = readPublishLine(line);
  if (published?.kind !== "published")
    throw new CommandError(vscode.l10n.t("The engine did not say where the page is."));
  const { url } = published;
  showDone(salsa, vscode.l10n.t("{0} is on the hub.", destination.target), [
    { title: vscode.l10n.t("Open Page"), run: () => vscode.env.openExternal(vscode.Uri.parse(url)) },
  ]);
  return url;
}

function workFolder(): string {
  return vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file")?.uri.fsPath ?? homedir();
}
