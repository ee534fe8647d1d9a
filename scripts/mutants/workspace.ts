import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { UserError } from "../../keeper/errors.ts";

/** Not copied: what others made, what is linked, and what is made again. */
const LEFT_OUT = new Set([".git", "node_modules", "artifacts", "cache", "coverage", "reports", "deployments", "types"]);
const COMPILED = ["artifacts", "cache"] as const;

/** A copy of the project in which protections can be taken away. */
export interface Workspace {
  readonly root: string;
  /** Applies a patch. @throws UserError when it no longer fits. */
  apply(patch: string): void;
  /** Takes a patch back, and everything compiled since `keep`. */
  restore(patch: string): void;
  /** Remembers what is compiled now. */
  keep(): void;
  remove(): void;
}

/** Copies the project at `source` with what it has compiled; dependencies are linked. */
export function createWorkspace(source: string): Workspace {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "keel-mutants-")));
  const root = join(base, "project");
  const pristine = join(base, "compiled");
  cpSync(source, root, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) || path === source });
  symlinkSync(join(source, "node_modules"), join(root, "node_modules"));
  for (const folder of COMPILED) copyFolder(join(source, folder), join(root, folder));
  adoptCache(source, root);
  writeFileSync(join(root, CONFIG), CONFIG_SOURCE);
  return {
    root,
    apply: (patch) => runPatch(root, patch, []),
    restore: (patch) => {
      runPatch(root, patch, ["--reverse"]);
      for (const folder of COMPILED) copyFolder(join(pristine, folder), join(root, folder));
    },
    keep: () => COMPILED.forEach((folder) => copyFolder(join(root, folder), join(pristine, folder))),
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}

/** The copy's own configuration: the project's, with a reporter that a program can read. */
export const CONFIG = "mutants.config.ts";
const CONFIG_SOURCE = `import { fileURLToPath } from "node:url";
import config from "./hardhat.config.ts";
const reporter = fileURLToPath(new URL("./scripts/mutants/reporter.ts", import.meta.url));
export default { ...config, test: { ...config.test, mocha: { ...config.test?.mocha, reporter } } };
`;

function copyFolder(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  if (existsSync(from)) cpSync(from, to, { recursive: true });
}

/** Hardhat's cache knows files by their absolute paths: in the copy they have others, and nothing else has changed. */
function adoptCache(source: string, root: string): void {
  const path = join(root, "cache/compile-cache.json");
  if (!existsSync(path)) return;
  const entries = Object.entries(JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>);
  const own = Object.fromEntries(entries.filter(([file]) => file.startsWith(`${source}/`) || file.startsWith("npm:")));
  writeFileSync(path, JSON.stringify(own).replaceAll(`"${source}/`, `"${root}/`));
}

/** Git applies patches; told that there is no repository above, it takes paths from the folder that it runs in. */
function runPatch(root: string, patch: string, flags: readonly string[]): void {
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: join(root, "..") };
  const result = spawnSync("git", ["apply", "--recount", ...flags, patch], { cwd: root, env, encoding: "utf8" });
  if (result.error) throw new UserError(`Patches are applied with git, which cannot be run: ${result.error.message}`);
  if (result.status !== 0) throw new UserError(`${basename(patch)} no longer applies: ${result.stderr.trim()}`);
}
