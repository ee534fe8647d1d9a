import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort } from "./processes.ts";

/** A PostgreSQL server that only this test knows. */
export interface PostgresServer {
  readonly url: string;
  stop(): void;
}

/** Where Debian keeps what is not on PATH. */
const DEBIAN = "/usr/lib/postgresql";
/** PostgreSQL refuses to run as root; `nobody` has the right to nothing, which is enough here. */
const NOBODY = 65_534;

/** Folder of PostgreSQL's programs on this machine, if it has any. */
export function postgresPrograms(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, "bin")) : [];
  return [...(process.env.PATH ?? "").split(delimiter), ...versions].find((folder) =>
    ["initdb", "pg_ctl", "postgres"].every((program) => existsSync(join(folder, program))),
  );
}

/** Starts a server on a free port of this machine, with its files in a temporary folder. */
export async function startPostgres(programs: string): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), "keel-postgres-"));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(folder, NOBODY, NOBODY);
  chmodSync(folder, 0o700);
  const data = join(folder, "data");
  const run = (program: string, args: readonly string[]) =>
    execFileSync(join(programs, program), args, {
      cwd: folder,
      stdio: "ignore",
      ...(isRoot && { uid: NOBODY, gid: NOBODY }),
    });
  const port = await freePort();
  run("initdb", ["-D", data, "-U", "keel", "-A", "trust", "--no-sync"]);
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off`;
  run("pg_ctl", ["-D", data, "-w", "-l", join(folder, "log"), "-o", options, "start"]);
  return {
    url: `postgres://keel@127.0.0.1:${port}/postgres`,
    stop() {
      run("pg_ctl", ["-D", data, "-m", "immediate", "-w", "stop"]);
      rmSync(folder, { recursive: true });
    },
  };
}
