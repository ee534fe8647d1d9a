/** Things to be undone when the demo ends, whichever way it ends. */
export interface Cleanup {
  /** Remembers `undo`; what is remembered last is undone first. */
  add(undo: () => Promise<void> | void): void;
  /** Undoes everything that is left. Safe to call twice; a step that fails does not keep the others from running. */
  run(): Promise<void>;
}

export function createCleanup(): Cleanup {
  const steps: (() => Promise<void> | void)[] = [];
  return {
    add: (undo) => void steps.push(undo),
    run: async () => {
      for (let undo = steps.pop(); undo; undo = steps.pop()) {
        try {
          await undo();
        } catch {
          // The demo is over: what cannot be closed ends with the process.
        }
      }
    },
  };
}
