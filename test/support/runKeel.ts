import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface KeelRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const LAUNCHER = fileURLToPath(new URL("../../keeper/keel.mjs", import.meta.url));

/** Runs the `keel` command as a user would, and waits for its end. */
export function runKeel(...args: string[]): Promise<KeelRun> {
  return new Promise((resolve) => {
    execFile(process.execPath, [LAUNCHER, ...args], { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const code = typeof error?.code === "number" ? error.code : error === null ? 0 : 1;
      resolve({ code, stdout, stderr });
    });
  });
}
