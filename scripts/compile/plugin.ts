import type { HardhatPlugin } from "hardhat/types/plugins";

/** Where npm puts the compiler, from the project's root: relative, as Hardhat's build ids hold it. */
export const SOLC_PATH = "node_modules/solc/soljson.js";

/**
 * Compiles on all cores, each contract once, and tells how far it is. What Hardhat keeps, and the ids under which it does so, do
 * not depend on where the checkout is.
 */
export const compilePlugin: HardhatPlugin = {
  id: "keel-compile",
  hookHandlers: { solidity: () => import("./hooks.ts") },
};
