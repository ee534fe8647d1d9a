import { posix } from "node:path";
import type { Pool } from "./pool.ts";
import type { SolcContract, SolcInput, SolcOutput } from "./solc.ts";

/** What takes no code to answer: asked for of every contract. */
const DESCRIPTION = ["abi", "evm.methodIdentifiers", "metadata"];
const CODE = ["evm.bytecode", "evm.deployedBytecode"];
const NO_CODE = {
  functionDebugData: {},
  generatedSources: [],
  linkReferences: {},
  object: "",
  opcodes: "",
  sourceMap: "",
};

/** Files that are compiled in one go, and how much there is to compile. */
export interface Part {
  readonly files: readonly string[];
  readonly size: number;
}

/** Syntax trees of a file are written in about the time in which so much of it is compiled. */
const TREE_SHARE = 0.25;

/** Files below this size share a run of the compiler, as each begins by reading everything. */
const WORTH_A_RUN = 60_000;

/**
 * What the compiler returns for `input`, but code only of the contracts in the files `roots`, and of those that they create:
 * the rest has no artifact of its own or is compiled elsewhere, with other settings. Each file is compiled in a run of its own,
 * several at a time. Every run reads all sources, so that whatever is numbered has the same number in each, and as if
 * it had been one run.
 */
export async function compileInParts(input: SolcInput, roots: readonly string[], pool: Pool): Promise<SolcOutput> {
  const sizes = sizesOf(input.sources);
  const whole = Object.values(input.sources).reduce((sum, { content }) => sum + content.length, 0);
  const [description, ...codes] = await Promise.all([
    pool.run({
      input: selecting(input, { "*": { "": ["ast"], "*": DESCRIPTION } }),
      names: [],
      cost: whole * TREE_SHARE,
    }),
    ...partsOf(input.sources, roots, sizes).map(({ files, size }) =>
      pool.run({
        input: selecting(input, Object.fromEntries(files.map((file) => [file, { "*": CODE }]))),
        names: files.map((file) => posix.basename(file).replace(/(\.t)?\.sol$/, "")),
        cost: size,
      }),
    ),
  ]);
  return merge(description, codes);
}

function selecting(input: SolcInput, outputSelection: object): SolcInput {
  return { ...input, settings: { ...input.settings, outputSelection } };
}

/** Joins what several runs on the same sources have returned. */
export function merge(description: SolcOutput | undefined, codes: readonly (SolcOutput | undefined)[]): SolcOutput {
  const contracts: Record<string, Record<string, SolcContract>> = {};
  for (const [file, ofFile] of Object.entries(description?.contracts ?? {})) {
    contracts[file] = {};
    for (const [name, contract] of Object.entries(ofFile)) {
      const code = codes.map((output) => output?.contracts?.[file]?.[name]?.evm).find((evm) => evm !== undefined);
      const none = { bytecode: NO_CODE, deployedBytecode: { ...NO_CODE, immutableReferences: {} } };
      contracts[file][name] = { ...contract, evm: { ...contract.evm, ...(code ?? none) } };
    }
  }
  const errors = [description, ...codes].flatMap((output) => output?.errors ?? []);
  const once = [...new Map(errors.map((error) => [error.formattedMessage, error])).values()];
  return { ...description, contracts, ...(once.length > 0 && { errors: once }) };
}

type Sources = SolcInput["sources"];

/** Contracts that are created are compiled with what creates them; small ones together. The largest come first. */
export function partsOf(sources: Sources, roots: readonly string[], sizes = sizesOf(sources)): Part[] {
  const groups = new Map(roots.filter((file) => hasCode(sources[file]!.content)).map((file) => [file, [file]]));
  for (const [creator, { content }] of Object.entries(sources)) {
    for (const name of createdBy(content)) {
      const definer = Object.keys(sources).find((file) => defines(sources[file]!.content, name));
      if (definer === undefined || (groups.has(definer) && !groups.has(creator))) continue;
      const at = groups.get(creator) ?? [...groups.values()].sort((a, b) => sizeOf(b, sizes) - sizeOf(a, sizes))[0];
      const from = groups.get(definer) ?? [definer];
      if (at === undefined || at === from) continue;
      at.push(...from);
      for (const file of from) groups.set(file, at);
    }
  }
  const parts = [...new Set(groups.values())].map((files) => ({ files, size: sizeOf(files, sizes) }));
  const large = parts.filter(({ size }) => size >= WORTH_A_RUN);
  const small = parts.filter((part) => !large.includes(part));
  return [...large, ...together(small)].sort((a, b) => b.size - a.size);
}

function together(small: readonly Part[]): Part[] {
  const bins: Part[] = [];
  for (const { files, size } of small) {
    const last = bins.at(-1);
    if (last === undefined || last.size >= WORTH_A_RUN) bins.push({ files, size });
    else bins[bins.length - 1] = { files: [...last.files, ...files], size: last.size + size };
  }
  return bins;
}

function sizeOf(files: readonly string[], sizes: ReadonlyMap<string, number>): number {
  return files.reduce((sum, file) => sum + (sizes.get(file) ?? 0), 0);
}

/** Characters of a file and of all that it imports, interfaces excepted: a guess at how long its compilation takes. */
function sizesOf(sources: Sources): Map<string, number> {
  const imports = new Map(
    Object.entries(sources).map(([file, { content }]) => [file, importsOf(file, content, sources)]),
  );
  const size = (file: string): number => {
    const found = new Set<string>([file]);
    for (const one of found) for (const other of imports.get(one) ?? []) found.add(other);
    return [...found].reduce(
      (sum, one) => sum + (hasBodies(sources[one]!.content) ? sources[one]!.content.length : 0),
      0,
    );
  };
  return new Map(Object.keys(sources).map((file) => [file, size(file)]));
}

function importsOf(file: string, content: string, sources: Sources): string[] {
  return [...content.matchAll(/^import\b[^;]*?["']([^"']+)["']\s*;/gm)].flatMap(([, path = ""]) => {
    const name = path.startsWith(".")
      ? posix.join(posix.dirname(file), path)
      : Object.keys(sources).find((source) => source.endsWith(path.replace(/^(@[^/]+\/)?[^/]+/, "")));
    return name !== undefined && name in sources ? [name] : [];
  });
}

function hasCode(content: string): boolean {
  return /^\s*(contract|library)\s+\w/m.test(content);
}

function hasBodies(content: string): boolean {
  return /^\s*(abstract contract|contract|library|function [^;{]*\{)/m.test(content);
}

function defines(content: string, name: string): boolean {
  return new RegExp(`^\\s*(abstract )?contract ${name}\\b`, "m").test(content);
}

/** Names in `new Name(…)`, `new Name{…}(…)` and `type(Name).creationCode`. */
function createdBy(content: string): string[] {
  const code = content.replace(/\/\/.*$|\/\*[^]*?\*\//gm, "");
  return [
    ...code.matchAll(/\bnew\s+([A-Za-z_$][\w$]*)\s*[({]|\btype\(([A-Za-z_$][\w$]*)\)\.(?:creation|runtime)Code/g),
  ].map(([, created, asked]) => created ?? asked!);
}
