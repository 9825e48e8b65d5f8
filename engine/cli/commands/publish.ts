import { checkRepositoryName } from "../../data/hub/target.ts";
import { sheetText } from "../../evaluation/tables/sheet.ts";
import { formatDuration, formatFileSize } from "../../common/format.ts";
import type { CardOutput, PublishLine } from "../../protocol/toolOutput.ts";
import type { PreparedCard, UploadProgress } from "../../pipeline/publish/index.ts";
import { requiredOption, switchOption } from "../arguments.ts";
import { EXIT } from "../command.ts";
import type { Command } from "../command.ts";
import { namedCheckpoint } from "../namedCheckpoint.ts";
import { DIRECTORY_OPTION } from "../runOptions.ts";
import { printJson } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

/** Writes a checkpoint's card, and uploads both to the hub. */
export const publish: Command = {
  name: "publish",
  summary: "write a checkpoint's model card, and upload both to the Hugging Face hub",
  details: [
    "Without --yes, the card is written and what would be uploaded is listed; nothing leaves the machine but the question\n" +
      "which licences the data sets and the base model of the hub have. Edit the card, then give the command again with\n" +
      "--yes. An edited card is kept as it is; --renew writes it again.",
    "The upload is the card and the files that it lists, byte for byte, as one commit. The repository is private\n" +
      "unless --public is given; one that exists with the other visibility is refused. An upload that was stopped can be\n" +
      "repeated: what has arrived is not sent again.",
    "The token is HF_TOKEN's or the one that `hf auth login` has stored, and has to be allowed to write.",
    'With --json, one object: {"kind":"card","card","edited","target","public","files":[{"path","bytes","sha256"}],"unlisted":[...],\n' +
      '"notes":[...]}; with --yes, then objects {"kind":"upload","doneBytes","totalBytes","secondsLeft"?} and\n' +
      '{"kind":"published","url","commit","public","kept":[...]}.',
  ],
  positionals: [
    {
      name: "CHECKPOINT",
      description: "Folder of a checkpoint, or RUN, or RUN:MODEL with the model's name in the run's config",
    },
  ],
  options: {
    ...DIRECTORY_OPTION,
    to: { value: "OWNER/NAME", description: "Repository on the hub; made if it is not there" },
    public: { description: "For anybody to read (default: private)" },
    yes: { description: "Upload; without it, only the card is written" },
    renew: { description: "Write the card again, over one that was edited" },
  },
  examples: [
    ["salsa publish demo-1:salsa --to me/salsa-demo", "Writes the card and lists what would be uploaded"],
    ["salsa publish demo-1:salsa --to me/salsa-demo --yes", "Uploads it, into a private repository"],
    ["salsa publish soups/soup --to me/soup --public --yes", "A checkpoint by its folder, for anybody to read"],
  ],
  interruptNotice: "Stopping; nothing of it can be seen on the hub until it is whole. Ctrl-C again quits at once",
  async run(args, context) {
    const { terminal, isJson, signal } = context;
    const target = requiredOption(args, "to", "the repository on the hub, such as --to me/my-model");
    checkRepositoryName(target);
    const [isPublic, isConfirmed] = [switchOption(args, "public"), switchOption(args, "yes")];
    const { prepareCard, uploadModel } = await import("../../pipeline/publish/index.ts");
    const subject = await namedCheckpoint(args.positionals[0] ?? "", args, context);
    const prepared = await prepareCard({ subject, target, renew: switchOption(args, "renew") });
    if (isJson) printLine(terminal, cardOutput(prepared, { target, isPublic }));
    else printCard(terminal, prepared, { target, isPublic });
    if (!isConfirmed) {
      if (!isJson) terminal.outLine("Nothing was uploaded. Edit the card, then give the command again with --yes.");
      return EXIT.ok;
    }
    const shown = progressLine(terminal);
    const { url, commit, kept } = await uploadModel({
      ...{ name: target, isPublic, files: prepared.files, title: `Publish ${subject.name}`, signal },
      progress: (progress) => {
        if (isJson) printLine(terminal, { kind: "upload", ...progress });
        else shown.show(progress);
      },
      note: (text) => terminal.errLine(text),
    }).finally(() => shown.clear());
    if (isJson) {
      printLine(terminal, { kind: "published", url, commit, public: isPublic, kept });
      return EXIT.ok;
    }
    terminal.outLine(`Published, ${visibility(isPublic)}: ${url}`);
    if (kept.length > 0) terminal.outLine(`Was there already, and stays: ${kept.join(", ")}`);
    return EXIT.ok;
  },
};

/** Prints a line as other programs read it. */
function printLine(terminal: Terminal, line: PublishLine): void {
  printJson(terminal, line);
}

interface Destination {
  readonly target: string;
  readonly isPublic: boolean;
}

function cardOutput(
  { card, isEdited, files, unlisted, notes }: PreparedCard,
  { target, isPublic }: Destination,
): CardOutput {
  const listed = files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 }));
  return { kind: "card", card, edited: isEdited, target, public: isPublic, files: listed, unlisted, notes };
}

function printCard(terminal: Terminal, prepared: PreparedCard, { target, isPublic }: Destination): void {
  const { card, isEdited, files, unlisted, notes } = prepared;
  const rows = files.map(({ path, bytes }) => [path, formatFileSize(bytes)]);
  const columns = [
    { header: "file", align: "left" },
    { header: "size", align: "right" },
  ] as const;
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  terminal.out(`${sheetText({ columns, rows })}\n`);
  const lines = [
    `${files.length} files, ${formatFileSize(total)}, to ${target}, ${visibility(isPublic)}`,
    ...(unlisted.length === 0 ? [] : [`Not listed in the card, and not uploaded: ${unlisted.join(", ")}`]),
    ...notes,
    `Card${isEdited ? ", as you have edited it" : ""}: ${card}`,
  ];
  for (const line of lines) terminal.outLine(line);
}

function visibility(isPublic: boolean): string {
  return isPublic ? "public: anybody can read it" : "private";
}

/** A line that is overwritten, on a screen. */
function progressLine(terminal: Terminal): { show(progress: UploadProgress): void; clear(): void } {
  const { isInteractive } = terminal;
  return {
    show({ doneBytes, totalBytes, secondsLeft }) {
      if (!isInteractive) return;
      const left = secondsLeft === undefined ? "" : `, ${formatDuration(secondsLeft)} left`;
      terminal.clearLine();
      terminal.err(`uploading: ${formatFileSize(doneBytes)} of ${formatFileSize(totalBytes)}${left}`);
    },
    clear() {
      if (isInteractive) terminal.clearLine();
    },
  };
}
