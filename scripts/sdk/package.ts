import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { optionMarketAbi } from "../../sdk/abi/optionMarket.ts";
import { errorsAbi } from "../../sdk/abi/errors.ts";
import { hedgeDeskAbi } from "../../sdk/abi/hedgeDesk.ts";
import { lensAbi } from "../../sdk/abi/lens.ts";
import { optionVaultAbi } from "../../sdk/abi/optionVault.ts";
import { priceOracleAbi } from "../../sdk/abi/priceOracle.ts";
import { volSurfaceAbi } from "../../sdk/abi/volSurface.ts";
import { UserError } from "../../sdk/userError.ts";

/** A package as npm packed it. */
export interface Packed {
  /** Path of the file. */
  readonly file: string;
  readonly bytes: number;
  /** Paths inside. */
  readonly files: readonly string[];
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SDK = join(ROOT, "sdk");
const ABIS = {
  ...{ errors: errorsAbi, hedgeDesk: hedgeDeskAbi, lens: lensAbi, optionMarket: optionMarketAbi },
  ...{ optionVault: optionVaultAbi, priceOracle: priceOracleAbi, volSurface: volSurfaceAbi },
};

/** Builds the package into `folder`, which is made anew: ES modules with types, ABIs as JSON, README and licence. */
export function buildPackage(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "abi"), { recursive: true });
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  run(process.execPath, [tsc, "--project", join(SDK, "tsconfig.build.json"), "--outDir", join(folder, "esm")], SDK);
  // The compiler leaves the sources' names in declarations.
  for (const file of readdirSync(join(folder, "esm"), { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".d.ts")) continue;
    const path = join(folder, "esm", file);
    writeFileSync(path, readFileSync(path, "utf8").replace(/(from ")(\.[^"]+)\.ts(")/g, "$1$2.js$3"));
  }
  for (const [name, abi] of Object.entries(ABIS)) {
    writeFileSync(join(folder, "abi", `${name}.json`), `${JSON.stringify(abi, null, 1)}\n`);
  }
  for (const file of ["package.json", "README.md"]) cpSync(join(SDK, file), join(folder, file));
  cpSync(join(ROOT, "LICENSE"), join(folder, "LICENSE"));
}

/** Packs a package that was built into `folder`, beside its files. */
export function packPackage(folder: string): Packed {
  for (const old of readdirSync(folder)) if (old.endsWith(".tgz")) rmSync(join(folder, old));
  const npm = process.env.npm_execpath;
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const output = npm?.endsWith("js") ? run(process.execPath, [npm, ...args], folder) : run("npm", args, folder);
  const [packed] = JSON.parse(output) as [{ filename: string; size: number; files: { path: string }[] }];
  return {
    file: join(folder, packed.filename),
    bytes: packed.size,
    files: packed.files.map(({ path }) => path),
  };
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status === 0) return stdout;
  throw new UserError(`"${command} ${args.join(" ")}" failed: ${error?.message ?? `${stdout}${stderr}`}`);
}
