import * as vscode from "vscode";
import { type OwnFiles, type SeenFile, rolesOf } from "../../engine/config/ownFiles.ts";
import { relativePath } from "../config/analysis/relativePath.ts";
import { pathOf } from "../config/documents.ts";
import type { Salsa } from "../salsa.ts";
import { isDataName, isSurelyData } from "../../engine/config/paths.ts";

const ELSEWHERE = "{**/node_modules/**,**/.salsa/**,**/.git/**,**/.venv/**}";
/** Files that are looked into: who has more names them himself. */
const MOST_FILES = 60;

/** Finds checkpoints and data in the workspace, for a config in a folder. What cannot be read is passed over. */
export async function findOwnFiles(salsa: Pick<Salsa, "service" | "log">, folder: vscode.Uri): Promise<OwnFiles> {
  if (folder.scheme !== "file") return {};
  const inside = (pattern: string): Thenable<vscode.Uri[]> =>
    vscode.workspace.findFiles(pattern, ELSEWHERE, MOST_FILES);
  const [weights, data] = await Promise.all([
    inside("**/*.safetensors"),
    inside("**/*.{jsonl,ndjson,json,parquet,jsonl.gz,json.gz}"),
  ]);
  const at = (uri: vscode.Uri): string => relativePath(pathOf(folder), pathOf(uri));
  const folders = new Map(weights.map((uri) => vscode.Uri.joinPath(uri, "..")).map((uri) => [String(uri), uri]));
  const checkpoints: string[] = [];
  for (const uri of folders.values()) {
    if (await isThere(vscode.Uri.joinPath(uri, "config.json"))) checkpoints.push(at(uri));
  }
  // The settings of a checkpoint are JSON, too.
  const files = data.filter((uri) => isDataName(uri.path) && !folders.has(String(vscode.Uri.joinPath(uri, ".."))));
  const likely = files.toSorted((a, b) => Number(isSurelyData(b.path)) - Number(isSurelyData(a.path)));
  const seen = await Promise.all(
    likely.map(async (uri): Promise<SeenFile[]> => {
      try {
        const { columns } = await salsa.service.request("columns", { from: uri.fsPath });
        return [{ path: at(uri), columns }];
      } catch (error) {
        salsa.log.info(`columns of ${uri.fsPath}: ${String(error)}`);
        return [];
      }
    }),
  );
  return rolesOf(seen.flat(), checkpoints);
}

async function isThere(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}
