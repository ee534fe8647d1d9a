import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type Server, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HOST = "127.0.0.1";

/** What a process left behind. */
export interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A process, and what it will have left behind. */
export interface Running {
  readonly child: ChildProcess;
  readonly result: Promise<Result>;
}

/** Starts one of the project's scripts as a process of its own, under the Node that runs the tests. */
export function runScript(script: string, args: readonly string[]): Running {
  const child = spawn(process.execPath, [join(ROOT, "scripts", script), ...args], { cwd: ROOT });
  const text = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text.err += chunk.toString()));
  const result = once(child, "close").then(([code]) => ({ code: code as number | null, ...text }));
  return { child, result };
}

/** Occupies a port of this machine; 0 takes any free one. */
export async function occupyPort(port = 0): Promise<{ port: number; free: () => Promise<void> }> {
  const server = createServer();
  server.listen(port, HOST);
  await once(server, "listening");
  return { port: portOf(server), free: () => closed(server) };
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const { port, free } = await occupyPort();
  await free();
  return port;
}

async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("A TCP server has a port.");
  return address.port;
}
