import { join } from "node:path";
import hre from "hardhat";
import { SOURCES } from "../../deployments/keel.ts";
import { DEVNET_CONTRACTS } from "../../simulator/chain/artifacts.ts";

/** What `npm run deploy` puts on a chain, as paths from the project's root. */
export const KEEL_FILES: readonly string[] = Object.values(SOURCES).map((path) => `${path}.sol`);

/** The same with what only a local chain has. Tests need more: `hardhat build` compiles everything. */
export const DEVNET_FILES: readonly string[] = [
  ...KEEL_FILES,
  ...DEVNET_CONTRACTS.map((name) => `contracts/devnet/${name}.sol`),
];

/** What this process has compiled, or found compiled. */
const compiled = new Set<string>();

/** Compiles these files, unless they are. @throws Hardhat's error when they do not compile. */
export async function compileFiles(files: readonly string[]): Promise<void> {
  const missing = [...new Set(files)].filter((file) => !compiled.has(file));
  if (missing.length === 0) return;
  await hre.tasks.getTask("build").run({ quiet: true, files: missing.map(rootPath) });
  for (const file of missing) compiled.add(file);
}

/** How Hardhat names a file that it is to build. */
function rootPath(file: string): string {
  return file.startsWith("@") ? `npm:${file}` : join(hre.config.paths.root, file);
}
