import * as vscode from "vscode";
import { hoverAt } from "./analysis/hovers.ts";
import { pathLinks } from "./analysis/links.ts";
import { nameProblem } from "./analysis/models.ts";
import { occurrenceAt, occurrencesOf, originOf, renameable, renameChanges } from "./analysis/occurrences.ts";
import { readTree } from "./analysis/tree.ts";
import type { ConfigTree } from "./analysis/tree.ts";
import { editOf, fileUri, isConfig, pathOf, rangeOf } from "./documents.ts";

interface Place {
  readonly tree: ConfigTree;
  readonly offset: number;
}

/** Reads a document at a caret; undefined where it is no config. */
function at(document: vscode.TextDocument, position: vscode.Position): Place | undefined {
  return isConfig(document) ? { tree: readTree(document.getText()), offset: document.offsetAt(position) } : undefined;
}

/** Hovers on names, arms and sections: a name's meaning, an arm's differences, and derived settings. */
export const hovers: vscode.HoverProvider = {
  provideHover(document, position) {
    const place = at(document, position);
    const hover = place && hoverAt(place.tree, place.offset, pathOf(document.uri));
    if (hover === undefined) return undefined;
    const text = new vscode.MarkdownString(hover.lines.join("\n\n"));
    return new vscode.Hover(text, rangeOf(document, hover.span));
  },
};

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
