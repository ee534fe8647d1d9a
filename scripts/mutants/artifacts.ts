import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../sdk/userError.ts";
import { closureOf } from "./imports.ts";
import type { Solc, SolcContract, SolcInput } from "../compile/solc.ts";
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
const CODE = ["abi", "evm.bytecode.object", "evm.bytecode.linkReferences", "evm.deployedBytecode"];

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

/** The intermediate code of contracts without any patch, by artifact: kept, since many patches need the same. */
export type Unpatched = Map<string, string>;

/**
 * Compiles contracts anew from the sources that are there now, with the settings that they were compiled with, and writes
 * their artifacts. Nothing else is compiled: neither what their sources happen to contain, nor what depends on them, nor,
 * of several contracts, those whose intermediate code is what it was (that takes a fifth of the time).
 * @returns The names of the contracts that are not what they were.
 * @throws UserError with the compiler's complaint.
 */
export async function recompile(
  { root, compiled }: Pick<Workspace, "root" | "compiled">,
  artifacts: readonly ArtifactFile[],
  solc: Solc,
  unpatched: Unpatched,
): Promise<string[]> {
  const names: string[] = [];
  for (const id of new Set(artifacts.map(({ buildInfoId }) => buildInfoId))) {
    const info = JSON.parse(readFileSync(join(compiled, "build-info", `${id}.json`), "utf8")) as { input: SolcInput };
    const group = artifacts.filter(({ buildInfoId }) => buildInfoId === id);
    const input = { ...info.input, sources: sourcesOf(root, group, info.input.sources) };
    const patched = { ...input, sources: asTheyAreNow(root, input.sources) };
    const changed = artifacts.length === 1 ? group : await withOtherCode(input, patched, group, solc, unpatched);
    const contracts = await compile(patched, changed, CODE, solc);
    changed.forEach((artifact, i) => write(artifact, contracts[i]!));
    names.push(...changed.map(({ contractName }) => contractName));
  }
  return names;
}

async function withOtherCode(
  before: SolcInput,
  after: SolcInput,
  artifacts: readonly ArtifactFile[],
  solc: Solc,
  unpatched: Unpatched,
): Promise<ArtifactFile[]> {
  const unknown = artifacts.filter(({ path }) => !unpatched.has(path));
  const contracts = await compile(before, unknown, ["ir"], solc);
  unknown.forEach(({ path }, i) => unpatched.set(path, withoutIds(contracts[i]?.ir ?? "")));
  const now = await compile(after, artifacts, ["ir"], solc);
  return artifacts.filter(({ path }, i) => withoutIds(now[i]?.ir ?? "") !== unpatched.get(path));
}

/** @returns What `outputs` name of each contract, in their order. */
async function compile(
  { language, settings, sources }: SolcInput,
  artifacts: readonly ArtifactFile[],
  outputs: readonly string[],
  solc: Solc,
): Promise<SolcContract[]> {
  if (artifacts.length === 0) return [];
  const outputSelection: Record<string, Record<string, readonly string[]>> = {};
  for (const { inputSourceName, contractName } of artifacts) {
    outputSelection[inputSourceName] = { ...outputSelection[inputSourceName], [contractName]: outputs };
  }
  const { contracts, errors = [] } = await solc.compile({
    language,
    settings: { ...settings, outputSelection },
    sources,
  });
  const complaints = errors.filter(({ severity }) => severity === "error");
  if (complaints.length > 0) {
    throw new UserError(`the mutant does not compile: ${complaints.map((error) => error.formattedMessage).join(" ")}`);
  }
  return artifacts.map(({ inputSourceName, contractName }) => {
    const contract = contracts?.[inputSourceName]?.[contractName];
    if (!contract) throw new Error(`solc returned no ${contractName} of ${inputSourceName}.`);
    return contract;
  });
}

/**
 * Yul without what any change of a file above changes: comments, which point into the sources; the hash of the sources; and
 * the numbers of syntax nodes in names, which are counted anew from 0.
 */
export function withoutIds(yul: string): string {
  const ids = new Map<string, number>();
  const renumber = (id: string) => String(ids.get(id) ?? ids.set(id, ids.size).get(id));
  return yul
    .replace(/\/\/\/.*$|\/\*\*.*?\*\//gm, "")
    .replace(/(?<=data "\.metadata" hex)"\w*"/g, "")
    .replace(/(?<=[_$])\d+\b|(?<=[_$])\d+(?=[_$])|(?<=")\d+(?=")/g, renumber);
}

const OWN = "project/";

/** What these contracts consist of. What else was compiled with them once may since have come to import other files. */
function sourcesOf(root: string, group: readonly ArtifactFile[], all: SolcInput["sources"]): SolcInput["sources"] {
  const own = new Set(group.flatMap(({ sourceName }) => [...closureOf(root, sourceName)]));
  return Object.fromEntries(
    Object.entries(all).filter(([name]) => !name.startsWith(OWN) || own.has(name.slice(OWN.length))),
  );
}

function asTheyAreNow(root: string, sources: SolcInput["sources"]): SolcInput["sources"] {
  const now = (name: string, content: string) =>
    name.startsWith(OWN) ? readFileSync(join(root, name.slice(OWN.length)), "utf8") : content;
  return Object.fromEntries(
    Object.entries(sources).map(([name, { content }]) => [name, { content: now(name, content) }]),
  );
}

function write({ path }: ArtifactFile, { abi, evm }: SolcContract): void {
  const { bytecode, deployedBytecode } = evm!;
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
