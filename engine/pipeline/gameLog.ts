import { join } from "node:path";
import { GAMES_FILE, type GameRecord, readGames } from "../storage/formats/games.ts";
import { JsonLog } from "../storage/jsonLog.ts";

/** Finished games of judgments that are at work: each one outlives the process and a power cut as soon as it is over. */
export class GameLog {
  /** Those of earlier attempts. */
  readonly games: readonly GameRecord[];
  private readonly file: string;
  private log: JsonLog | undefined;

  private constructor(file: string, games: readonly GameRecord[]) {
    this.file = file;
    this.games = games;
  }

  /**
   * Opens the log in a stage's working folder, which holds games of this very stage only.
   * @throws {DataError} when it is damaged before its end.
   */
  static async open(workspace: string): Promise<GameLog> {
    return new GameLog(join(workspace, GAMES_FILE), await readGames(workspace));
  }

  /** @throws {DiskError} */
  append(game: GameRecord): void {
    // Judges that answer at once save nothing, and need no file for it.
    this.log ??= new JsonLog(this.file);
    this.log.append(game);
    this.log.sync();
  }

  close(): void {
    this.log?.close();
  }
}
