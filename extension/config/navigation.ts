import * as vscode from "vscode";
import { codeSpan, literal } from "../../engine/common/markdown.ts";
import { formatAgo } from "../commands/format.ts";
import type { EditorModels } from "../engine/editorModels.ts";
import type { Salsa } from "../salsa.ts";
import { clusterAt, clusterText } from "./analysis/clusterNumbers.ts";
import { editorModelAt, hoverAt } from "./analysis/hovers.ts";
import { pathLinks } from "./analysis/links.ts";
import { nameProblem } from "./analysis/models.ts";
import { occurrenceAt, occurrencesOf, originOf, renameable, renameChanges } from "./analysis/occurrences.ts";
import { readTree } from "./analysis/tree.ts";
import type { ConfigTree } from "./analysis/tree.ts";
import { editOf, fileUri, isConfig, pathOf, rangeOf } from "./documents.ts";
import { seenCluster } from "./seenClusters.ts";

interface Place {
  readonly tree: ConfigTree;
  readonly offset: number;
}

/** Reads a document at a caret; undefined where it is no config. */
function at(document: vscode.TextDocument, position: vscode.Position): Place | undefined {
  return isConfig(document) ? { tree: readTree(document.getText()), offset: document.offsetAt(position) } : undefined;
}

/** Hovers on names, arms and sections: a name's meaning, an arm's differences, derived settings, a model of the editor's, a cluster. */
export function hovers({ models, context }: Pick<Salsa, "models" | "context">): vscode.HoverProvider {
  return {
    async provideHover(document, position) {
      const place = at(document, position);
      if (place === undefined) return undefined;
      const named = editorModelAt(place.tree, place.offset);
      const hover =
        named === undefined
          ? hoverAt(place.tree, place.offset, pathOf(document.uri))
          : { span: named.span, lines: await modelLines(models, named.address) };
      const cluster = clusterAt(place.tree, place.offset);
      const span = hover?.span ?? cluster?.span;
      const lines = [...(hover?.lines ?? []), ...(cluster ? clusterLines(context, cluster.address) : [])];
      if (span === undefined || lines.length === 0) return undefined;
      return new vscode.Hover(new vscode.MarkdownString(lines.join("\n\n")), rangeOf(document, span));
    },
  };
}

/** A cluster as somebody last saw it from this workspace. */
function clusterLines({ workspaceState }: vscode.ExtensionContext, address: string): readonly string[] {
  const seen = seenCluster(workspaceState, address);
  if (seen === undefined) return [];
  return [literal(clusterText(seen, formatAgo(seen.seenAt, { now: Date.now(), locale: vscode.env.language })))];
}

/** Facts about a model of the editor's, as this window knows them. */
async function modelLines(models: EditorModels, address: string): Promise<readonly string[]> {
  const model = await models.find(address);
  if (model === undefined) return [vscode.l10n.t("This window has no model {0}.", codeSpan(address))];
  const { name, vendor, family, version, maxInputTokens } = model;
  const facts = vscode.l10n.t(
    "of {0}, family {1}, version {2}; reads {3} tokens at most",
    literal(vendor),
    literal(family),
    literal(version),
    maxInputTokens.toLocaleString(),
  );
  const how = vscode.l10n.t(
    "A window of VS Code asks it, without a key; runs wait while there is none. It takes no seed, so its table is marked as not reproducible.",
  );
  return [`**${literal(name)}**: ${facts}`, how];
}

/** Opens files that a config names; folders are shown in the explorer. */
export const links: vscode.DocumentLinkProvider = {
  provideDocumentLinks(document) {
    if (!isConfig(document)) return [];
    return pathLinks(readTree(document.getText())).map(({ span, path, wants }) => {
      const uri = fileUri(document.uri, path);
      const reveal = vscode.Uri.parse(`command:revealInExplorer?${encodeURIComponent(JSON.stringify([uri]))}`);
      const link = new vscode.DocumentLink(rangeOf(document, span), wants === "folder" ? reveal : uri);
      link.tooltip = wants === "folder" ? vscode.l10n.t("Reveal folder") : vscode.l10n.t("Open file");
      return link;
    });
  },
};

/** Goes from a name to the key, seed or section that it comes from. */
export const definitions: vscode.DefinitionProvider = {
  provideDefinition(document, position) {
    const place = at(document, position);
    const name = place && occurrenceAt(place.tree, place.offset);
    const origin = name && originOf(place.tree, name);
    return origin && new vscode.Location(document.uri, rangeOf(document, origin));
  },
};

/** Finds every place where a name stands. */
export const references: vscode.ReferenceProvider = {
  provideReferences(document, position, { includeDeclaration }) {
    const place = at(document, position);
    const name = place && occurrenceAt(place.tree, place.offset);
    if (place === undefined || name === undefined) return [];
    const all = occurrencesOf(place.tree, name).filter(({ isGiven }) => includeDeclaration || !isGiven);
    return all.map(({ span }) => new vscode.Location(document.uri, rangeOf(document, span)));
  },
};

/** Renames a soup, an arm or a benchmark wherever it is named. */
export const renames: vscode.RenameProvider = {
  prepareRename(document, position) {
    const place = at(document, position);
    const name = place && renameable(place.tree, place.offset);
    if (name === undefined) {
      throw new Error(
        vscode.l10n.t("Only names that the config defines can be changed: those of soups, arms and benchmarks"),
      );
    }
    return { range: rangeOf(document, name.span), placeholder: name.name };
  },
  provideRenameEdits(document, position, newName) {
    const place = at(document, position);
    const name = place && renameable(place.tree, place.offset);
    if (place === undefined || name === undefined) return undefined;
    const problem = nameProblem(place.tree.value, newName, name);
    if (problem !== undefined) throw new Error(problem);
    return editOf(document, renameChanges(place.tree, name, newName));
  },
};
