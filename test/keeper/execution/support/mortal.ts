/** What a process dies of. */
export class Killed extends Error {
  override readonly name = "Killed";
}

/** A process that ends, or stands still, at a point that is chosen beforehand. */
export interface Mortal {
  /** Names of the points it has passed, in order. */
  readonly points: readonly string[];
  readonly isDead: () => boolean;
  /** Points from here on are told apart from those before: what the process is at. */
  enter(phase: string): void;
  /** Passed before and after every await on something outside the process. */
  checkpoint(name: string): Promise<void>;
  /** The same, where waiting is not possible. */
  checkpointNow(name: string): void;
  /** `target` with a point before and after each of its methods. */
  watch<T extends object>(target: T, label: string): T;
}

/**
 * @param fatal Number of the point to die at, counted from zero; none when left out.
 * @param pause Stand still there until this resolves, instead of dying.
 */
export function createMortal(fatal?: number, pause?: () => Promise<void>): Mortal {
  const points: string[] = [];
  let isDead = false;
  let phase = "start";

  /** Whether this is the point. The dead do nothing more, whatever catches their errors. */
  function arrive(name: string): boolean {
    if (isDead) throw new Killed("dead");
    points.push(`${phase}: ${name}`);
    return points.length - 1 === fatal;
  }

  function die(name: string): never {
    isDead = true;
    throw new Killed(name);
  }

  async function checkpoint(name: string): Promise<void> {
    if (!arrive(name)) return;
    if (!pause) die(name);
    await pause();
  }

  function checkpointNow(name: string): void {
    if (arrive(name)) die(name);
  }

  function watch<T extends object>(target: T, label: string): T {
    return new Proxy(target, {
      get(object, key) {
        const value: unknown = Reflect.get(object, key);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]) => {
          const name = `${label}.${String(key)}`;
          await checkpoint(`before ${name}`);
          const result: unknown = await Reflect.apply(value, object, args);
          await checkpoint(`after ${name}`);
          return result;
        };
      },
    });
  }

  const enter = (next: string): void => void (phase = next);
  return { points, isDead: () => isDead, enter, checkpoint, checkpointNow, watch };
}
