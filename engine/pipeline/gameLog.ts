import { join } from "node:path";
import { GAMES_FILE, type GameRecord, readGames } from "../storage/formats/games.ts";
import { JsonLog } from "../storage/jsonLog.ts";

/** Milliseconds between two times that games are made to survive a power cut: it takes the disk some, which stops all else. */
const SYNC_MS = 2000;

/**
 * Finished games of judgments that are at work: each one outlives the process as soon as it is over, and a power cut
 * soon after.
 */
export class GameLog {
  /** Those of earlier attempts. */
  readonly games: readonly GameRecord[];
  private readonly file: string;
  private log: JsonLog | undefined;
  private synced = -Infinity;

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
    const now = performance.now();
    if (now - this.synced < SYNC_MS) return;
    this.log.sync();
    this.synced = performance.now();
  }

  close(): void {
    this.log?.sync();
    this.log?.close();
  }
}
