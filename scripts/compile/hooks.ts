import { AsyncLocalStorage } from "node:async_hooks";
import { resolve } from "node:path";
import type { HookContext, SolidityHooks } from "hardhat/types/hooks";
import type { BuildOptions, CompilationJob } from "hardhat/types/solidity";
import { compileInParts } from "./parts.ts";
import { type Pool, createPool } from "./pool.ts";
import { relocateCache } from "./relocate.ts";
import { SOLC_PATH } from "./solcPath.ts";

type SolcConfig = CompilationJob["solcConfig"];

/** One run of Hardhat's build. */
interface Build {
  readonly pool: Pool;
  /** The source files whose artifacts a compilation with these settings is for, by the compiler's names. */
  rootsOf(config: SolcConfig): Promise<readonly string[] | undefined>;
}

/** More than there will ever be: the pool says how many compilers run. */
const ALL_JOBS_AT_ONCE = 1_000;

const running = new AsyncLocalStorage<Build>();

const hooks = (): Promise<Partial<SolidityHooks>> =>
  Promise.resolve({
    async build(context, roots, options, next) {
      const { root, artifacts, cache } = context.config.paths;
      relocateCache(cache, root, artifacts);
      const pool = createPool();
      try {
        return await running.run({ pool, rootsOf: rootsOf(context, roots, options) }, () =>
          next(context, roots, { ...options, concurrency: ALL_JOBS_AT_ONCE }),
        );
      } finally {
        await pool.close();
      }
    },
    getCompiler: (context, config, next) => {
      const path = config.path === undefined ? {} : { path: resolve(context.config.paths.root, config.path) };
      return next(context, { ...config, ...path });
    },
    async invokeSolc(context, compiler, input, config, next) {
      const build = running.getStore();
      const roots = config.path === SOLC_PATH ? await build?.rootsOf(config) : undefined;
      if (!build || !roots) return next(context, compiler, input, config);
      return (await compileInParts(input, roots, build.pool)) as Awaited<ReturnType<typeof next>>;
    },
  });

export default hooks;

/** Hardhat tells a compiler's hook what it compiles, but not for which files: that is asked for once more. */
function rootsOf(context: HookContext, roots: string[], options: BuildOptions | undefined): Build["rootsOf"] {
  let jobs: Promise<readonly CompilationJob[]> | undefined;
  const load = async (): Promise<readonly CompilationJob[]> => {
    const result = await context.solidity.getCompilationJobs(roots, { ...options, quiet: true });
    return result.success ? [...new Set(result.compilationJobsPerFile.values())] : [];
  };
  return async (config) => {
    const found = (await (jobs ??= load())).filter(({ solcConfig }) => solcConfig === config);
    if (found.length !== 1) return undefined; // in isolated builds several have the same settings
    return [...found[0]!.dependencyGraph.getRoots().values()].map(({ inputSourceName }) => inputSourceName);
  };
}
