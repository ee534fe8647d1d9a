import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** What solc is given: https://docs.soliditylang.org/en/latest/using-the-compiler.html#input-description */
export interface SolcInput {
  readonly language: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly sources: Readonly<Record<string, { readonly content: string }>>;
}

type LinkReferences = Readonly<Record<string, Readonly<Record<string, readonly object[]>>>>;

interface Code {
  readonly object: string;
  readonly linkReferences: LinkReferences;
}

/** One contract of what solc returns, as far as it is asked for it. */
export interface SolcContract {
  /** Yul, before any optimisation. */
  readonly ir?: string;
  readonly abi?: readonly object[];
  readonly evm?: {
    readonly bytecode: Code;
    readonly deployedBytecode: Code & { readonly immutableReferences?: object };
  };
}

/** What solc returns. */
export interface SolcOutput {
  /** Syntax trees, by file. */
  readonly sources?: Readonly<Record<string, object>>;
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, SolcContract>>>>;
}

/** A compiler that stays loaded: once its own code is optimised, it takes half the time. One compilation at a time. */
export interface Solc {
  compile(input: SolcInput): Promise<SolcOutput>;
  close(): Promise<unknown>;
}

/** Loads the compiler in a thread of its own. */
export function startSolc(): Solc {
  const worker = new Worker(new URL("./solcWorker.ts", import.meta.url));
  worker.unref();
  return {
    async compile(input) {
      worker.postMessage(JSON.stringify(input));
      const [output] = (await once(worker, "message")) as [string];
      return JSON.parse(output) as SolcOutput;
    },
    close: () => worker.terminate(),
  };
}
