import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { UserError } from "../../sdk/userError.ts";

/** Not copied with the sources: what others made, what is linked, and what is made again. */
const LEFT_OUT = new Set([".git", "node_modules", "artifacts", "cache", "coverage", "reports", "devnet.json", "types"]);

/** A copy of the project in which protections can be taken away. */
export interface Workspace {
  readonly root: string;
  /** Everything as it was compiled without a patch, with the compiler's inputs (`build-info`). */
  readonly compiled: string;
  /** Applies a patch. @throws UserError when it no longer fits. */
  apply(patch: string): void;
  /** Takes a patch back, and what was compiled with it. */
  restore(patch: string): void;
  remove(): void;
}

/** Copies the project at `source` with what it has compiled; dependencies are linked. */
export function createWorkspace(source: string): Workspace {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "keel-mutants-")));
  const root = join(base, "project");
  const compiled = join(base, "compiled");
  copySources(source, root);
  cpSync(join(source, "artifacts"), compiled, { recursive: true, filter: (path) => !path.endsWith(".output.json") });
  copyArtifacts(compiled, root);
  return {
    root,
    compiled,
    apply: (patch) => runPatch(root, patch, []),
    restore: (patch) => {
      runPatch(root, patch, ["--reverse"]);
      copyArtifacts(compiled, root);
    },
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}

/** Copies a project without what it has compiled; dependencies are linked. Its tests run with {@link CONFIG_SOURCE}. */
export function copySources(source: string, root: string): void {
  const wanted = (path: string) => !LEFT_OUT.has(basename(path));
  for (const name of readdirSync(source).filter(wanted)) {
    cpSync(join(source, name), join(root, name), { recursive: true, filter: wanted });
  }
  symlinkSync(join(source, "node_modules"), join(root, "node_modules"));
  renameSync(join(root, "hardhat.config.ts"), join(root, PROJECT_CONFIG));
  writeFileSync(join(root, "hardhat.config.ts"), CONFIG_SOURCE);
}

/**
 * Without build infos: Hardhat would read all 150 MB of them before each test, and they would not fit a mutant anyway. All it
 * does with them is to name custom errors in its messages: a test that defends a row decodes what was returned instead.
 */
export function copyArtifacts(compiled: string, root: string): void {
  cpSync(compiled, join(root, "artifacts"), { recursive: true, filter: (path) => basename(path) !== "build-info" });
}

/**
 * The copy's own configuration: the project's, with a reporter that a program can read; without the build that the devnet
 * begins with, as what a patch changes is compiled before its tests run, and nothing else; and without the limit of
 * EIP-170, so that a patch may be longer than what it removes.
 */
export const PROJECT_CONFIG = "hardhat.project.config.ts";
const CONFIG_SOURCE = `import { fileURLToPath } from "node:url";
import { overrideTask } from "hardhat/config";
import config from "./${PROJECT_CONFIG}";
const reporter = fileURLToPath(new URL("./scripts/mutants/reporter.ts", import.meta.url));
const noBuild = overrideTask("build")
  .setInlineAction(() => ({ contractRootPaths: [], testRootPaths: [] }))
  .build();
const simulated = { default: { type: "edr-simulated" }, ...config.networks };
const networks = Object.entries(simulated).map(([name, network]) => {
  return [name, network.type === "edr-simulated" ? { ...network, allowUnlimitedContractSize: true } : network];
});
export default {
  ...config,
  networks: Object.fromEntries(networks),
  tasks: [...(config.tasks ?? []), noBuild],
  test: { ...config.test, mocha: { ...config.test?.mocha, reporter } },
};
`;

/** Git applies patches; told that there is no repository above, it takes paths from the folder that it runs in. */
function runPatch(root: string, patch: string, flags: readonly string[]): void {
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: join(root, "..") };
  const result = spawnSync("git", ["apply", "--recount", ...flags, patch], { cwd: root, env, encoding: "utf8" });
  if (result.error) throw new UserError(`Patches are applied with git, which cannot be run: ${result.error.message}`);
  if (result.status !== 0) throw new UserError(`${basename(patch)} no longer applies: ${result.stderr.trim()}`);
}
