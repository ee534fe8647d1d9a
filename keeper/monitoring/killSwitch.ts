import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Stops the keeper from sending anything. It is a file, not a request to a server: it needs no port and no password, nobody
 * on the network can throw it or clear it, it works when the process hangs or is not there, and a restart does not forget it.
 * The keeper throws it itself when a limit is passed; only a person removes it.
 */
export interface KillSwitch {
  readonly path: string;
  /** Why nothing may be sent; undefined when everything may. Read anew each time. */
  reason(): string | undefined;
  /** Throws the switch; a reason that is there already stays. */
  trip(reason: string): void;
  /** For a person's command; whether there was anything to remove. */
  clear(): boolean;
}

/** The switch of a keeper is the file STOP in its data folder. */
export function createKillSwitch(dataFolder: string): KillSwitch {
  const path = join(dataFolder, "STOP");
  return {
    path,
    reason: () => {
      try {
        return readFileSync(path, "utf8").trim() || `somebody made ${path}`;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // What cannot be read cannot be ruled out.
        return code === "ENOENT" ? undefined : `${path} cannot be read (${code ?? "unknown"})`;
      }
    },
    trip: (reason) => {
      mkdirSync(dirname(path), { recursive: true });
      try {
        writeFileSync(path, `${reason}\n`, { flag: "wx" });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    },
    clear: () => {
      try {
        rmSync(path);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        return false;
      }
    },
  };
}
