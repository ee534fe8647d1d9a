import { availableParallelism } from "node:os";
import { type Progress, startProgress } from "./progress.ts";
import { type Solc, type SolcInput, type SolcOutput, startSolc } from "./solc.ts";

/** Something to compile. */
export interface Task {
  readonly input: SolcInput;
  /** What is compiled, for people. */
  readonly names: readonly string[];
  /** About how long it takes, in any unit: the longest begin first. */
  readonly cost: number;
}

/** Several compilers, each in a thread of its own. */
export interface Pool {
  /** Compiles as soon as a compiler is free. Once something has not compiled, what still waits is not tried: it is undefined. */
  run(task: Task): Promise<SolcOutput | undefined>;
  close(): Promise<void>;
}

/** What a compiler takes at most. */
const MEMORY_PER_COMPILER = 1.2e9;

/** One compiler for every core, unless memory is short. */
export function defaultThreads(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(process.availableMemory() / MEMORY_PER_COMPILER)));
}

interface Waiting extends Task {
  readonly resolve: (output: SolcOutput | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Compilers start when there is something to do. */
export function createPool(threads = defaultThreads(), start: () => Solc = startSolc): Pool {
  const queue: Waiting[] = [];
  const started: Solc[] = [];
  const idle: Solc[] = [];
  let progress: Progress | undefined;
  let failed = false;

  const next = (): void => {
    if (queue.length === 0) return;
    if (idle.length === 0 && started.length < threads) {
      const solc = start();
      started.push(solc);
      idle.push(solc);
    }
    const solc = idle.pop();
    if (solc === undefined) return;
    queue.sort((a, b) => b.cost - a.cost);
    void work(solc, queue.shift()!);
  };
  const work = async (solc: Solc, { input, names, resolve, reject }: Waiting): Promise<void> => {
    const done = progress?.begin(names);
    try {
      const output = failed ? undefined : await solc.compile(input);
      failed ||= output?.errors?.some(({ severity }) => severity === "error") ?? false;
      resolve(output);
    } catch (error) {
      failed = true;
      reject(error);
    }
    done?.();
    idle.push(solc);
    next();
  };
  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        progress ??= startProgress();
        progress.add(task.names);
        queue.push({ ...task, resolve, reject });
        queueMicrotask(next); // once all tasks of a moment are there, so that the longest is known
      }),
    async close() {
      progress?.finish();
      await Promise.all(started.map((solc) => solc.close()));
    },
  };
}
