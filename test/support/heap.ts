import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Collections after which nothing more is found: what finalizers let go of is garbage only for the next one. */
const COLLECTIONS = 2;

/** Megabytes of this process's heap that something still refers to: all garbage is collected first. */
export async function heldMegabytes(): Promise<number> {
  for (let i = 0; i < COLLECTIONS; i++) {
    collectGarbage();
    await setImmediate(); // finalizers, and sockets that close
  }
  return process.memoryUsage().heapUsed / 2 ** 20;
}
