import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { closureOf } from "./imports.ts";
import type { Solc, SolcContract, SolcInput } from "./solc.ts";
import type { Workspace } from "./workspace.ts";

/** A compiled contract, as Hardhat describes it. */
interface Artifact {
  readonly contractName: string;
  /** Path of its source from the project's root. */
  readonly sourceName: string;
  /** The same, as the compiler was told. */
  readonly inputSourceName: string;
  readonly buildInfoId: string;
}

interface ArtifactFile extends Artifact {
  readonly path: string;
}

/** What a contract's compilation is asked for: code alone, and no more than is written into its artifact. */
const OUTPUTS = ["abi", "evm.bytecode.object", "evm.bytecode.linkReferences", "evm.deployedBytecode"];

/**
 * The contracts that a test deploys and that a change of these sources may change: those named as a whole string or at the
 * end of a path by the test or by what it imports ("VolSurface", "contracts/libraries/Book"), and those that it consists of.
 */
export function affected(root: string, test: string, changed: readonly string[]): ArtifactFile[] {
  const closure = [...closureOf(root, test)];
  const named = new Set(closure.flatMap((file) => namesIn(readFileSync(join(root, file), "utf8"))));
  return artifactsOf(root).filter(({ contractName, sourceName }) => {
    if (!named.has(contractName) && sourceName !== test) return false;
    const sources = closureOf(root, sourceName);
    return changed.some((file) => sources.has(file));
  });
}

/**
 * Compiles contracts anew from the sources that are there now, with the settings that they were compiled with, and writes
 * their artifacts. Nothing else is compiled: neither what their sources happen to contain, nor what depends on them.
 * @returns The compiler's complaint, or undefined when there is none.
 */
export async function recompile(
  { root, compiled }: Pick<Workspace, "root" | "compiled">,
  artifacts: readonly ArtifactFile[],
  solc: Solc,
): Promise<string | undefined> {
  for (const id of new Set(artifacts.map(({ buildInfoId }) => buildInfoId))) {
    const group = artifacts.filter(({ buildInfoId }) => buildInfoId === id);
    const { input } = JSON.parse(readFileSync(join(compiled, "build-info", `${id}.json`), "utf8")) as {
      input: SolcInput;
    };
    const outputSelection: Record<string, Record<string, string[]>> = {};
    for (const { inputSourceName, contractName } of group) {
      outputSelection[inputSourceName] = { ...outputSelection[inputSourceName], [contractName]: OUTPUTS };
    }
    const { settings, language, sources } = input;
    const output = await solc.compile({
      language,
      settings: { ...settings, outputSelection },
      sources: asTheyAreNow(root, sources),
    });
    const errors = (output.errors ?? []).filter(({ severity }) => severity === "error");
    if (errors.length > 0) return errors.map(({ formattedMessage }) => formattedMessage).join("\n");
    for (const artifact of group) {
      const contract = output.contracts?.[artifact.inputSourceName]?.[artifact.contractName];
      if (!contract) throw new Error(`solc returned no ${artifact.contractName} of ${artifact.inputSourceName}.`);
      write(artifact, contract);
    }
  }
  return undefined;
}

const OWN = "project/";

function asTheyAreNow(root: string, sources: SolcInput["sources"]): SolcInput["sources"] {
  const now = (name: string, content: string) =>
    name.startsWith(OWN) ? readFileSync(join(root, name.slice(OWN.length)), "utf8") : content;
  return Object.fromEntries(
    Object.entries(sources).map(([name, { content }]) => [name, { content: now(name, content) }]),
  );
}

function write({ path }: ArtifactFile, { abi, evm: { bytecode, deployedBytecode } }: SolcContract): void {
  const before = JSON.parse(readFileSync(path, "utf8")) as Artifact;
  const after = {
    ...before,
    abi,
    bytecode: `0x${bytecode.object}`,
    deployedBytecode: `0x${deployedBytecode.object}`,
    linkReferences: bytecode.linkReferences,
    deployedLinkReferences: deployedBytecode.linkReferences,
    immutableReferences: deployedBytecode.immutableReferences ?? {},
  };
  writeFileSync(path, JSON.stringify(after, null, 2));
}

const NAME_IN_STRING = /(?<=["'`/])([A-Z]\w*)(?=["'`])/g;

function namesIn(text: string): string[] {
  return [...text.matchAll(NAME_IN_STRING)].map(([name]) => name);
}

function artifactsOf(root: string): ArtifactFile[] {
  return readdirSync(join(root, "artifacts"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.endsWith(".sol") && entry.name.endsWith(".json"))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ ...(JSON.parse(readFileSync(path, "utf8")) as Artifact), path }));
}
