import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../../../sdk/userError.ts";
import { hardhat } from "../tests.ts";
import { PROJECT_CONFIG, copyArtifacts, copySources } from "../workspace.ts";
import { MUTANTS, type Mutation } from "./sites.ts";

/** A copy of the project whose contracts contain all mutants. */
export interface Lab {
  readonly root: string;
  /** Switches these mutants on, at most {@link MOST}, and all others off. */
  readonly select: (numbers: readonly number[]) => void;
  /** Has every mutant that would make a difference say so: see Mutants.sol. */
  readonly tell: () => void;
}

/** As many as an address holds, in Mutants.sol. */
export const MOST = 10;

const TELL = (1n << 160n) - 1n;

/** They take long to compile and to run, and are not tried. */
const CAMPAIGNS = "test/solidity/campaign";

const SWITCH = "MutantSwitch";

type References = Readonly<Record<string, Readonly<Record<string, readonly { readonly start: number }[]>>>>;

interface Artifact {
  readonly bytecode: string;
  readonly deployedBytecode: string;
  readonly linkReferences: References;
  readonly deployedLinkReferences: References;
}

/**
 * Copies the project into `folder`, and compiles it there once with all mutants: which one is on is linked into the bytecode
 * afterwards, so that a mutant costs no compilation. What is compiled is kept for the next time.
 */
export async function createLab(source: string, folder: string, { files }: Mutation): Promise<Lab> {
  const root = join(folder, "project");
  const compiled = join(folder, "compiled");
  mkdirSync(root, { recursive: true });
  for (const name of readdirSync(root)) if (name !== "cache") rmSync(join(root, name), { recursive: true });
  copySources(source, root);
  rmSync(join(root, CAMPAIGNS), { recursive: true });
  writeFileSync(join(root, MUTANTS), readFileSync(fileURLToPath(new URL("Mutants.sol", import.meta.url))));
  for (const [path, text] of files) writeFileSync(join(root, path), text);
  if (existsSync(compiled)) cpSync(compiled, join(root, "artifacts"), { recursive: true });
  const { code, output } = await hardhat(root, ["--config", PROJECT_CONFIG, "build"]);
  if (code !== 0) throw new UserError(`The contracts do not compile with their mutants:\n${output}`);
  rmSync(compiled, { recursive: true, force: true });
  cpSync(join(root, "artifacts"), compiled, { recursive: true });
  rmSync(join(root, "artifacts"), { recursive: true });
  copyArtifacts(compiled, root);
  const artifacts = switchable(join(root, "artifacts"));
  const link = (word: bigint): void => {
    for (const { path, artifact } of artifacts) writeFileSync(path, JSON.stringify(linked(artifact, word)));
  };
  return {
    root,
    select: (numbers) => link(numbers.reduce((word, number) => (word << 16n) | BigInt(number), 0n)),
    tell: () => link(TELL),
  };
}

function switchable(folder: string): { readonly path: string; readonly artifact: Artifact }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.endsWith(".sol") && entry.name.endsWith(".json"))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, text: readFileSync(path, "utf8") }))
    .filter(({ text }) => text.includes(`"${SWITCH}"`) && text.includes('"linkReferences"'))
    .map(({ path, text }) => ({ path, artifact: JSON.parse(text) as Artifact }));
}

/** @returns The artifact with numbers in place of the switch's address. */
export function linked(artifact: Artifact, numbers: bigint): Artifact {
  const word = numbers.toString(16).padStart(40, "0");
  const put = (bytecode: string, references: References): string => {
    let result = bytecode;
    for (const { start } of Object.values(references).flatMap((file) => file[SWITCH] ?? [])) {
      const at = 2 + 2 * start;
      result = result.slice(0, at) + word + result.slice(at + 40);
    }
    return result;
  };
  return {
    ...artifact,
    bytecode: put(artifact.bytecode, artifact.linkReferences),
    deployedBytecode: put(artifact.deployedBytecode, artifact.deployedLinkReferences),
    linkReferences: withoutSwitch(artifact.linkReferences),
    deployedLinkReferences: withoutSwitch(artifact.deployedLinkReferences),
  };
}

function withoutSwitch(references: References): References {
  const others = Object.entries(references).map(([file, names]) => {
    return [file, Object.fromEntries(Object.entries(names).filter(([name]) => name !== SWITCH))] as const;
  });
  return Object.fromEntries(others.filter(([, names]) => Object.keys(names).length > 0));
}
