import type { HardhatPlugin } from "hardhat/types/plugins";

/**
 * Compiles on all cores, each contract once, and tells how far it is. What Hardhat keeps, and the ids under which it does so, do
 * not depend on where the checkout is.
 */
export const compilePlugin: HardhatPlugin = {
  id: "keel-compile",
  hookHandlers: { solidity: () => import("./hooks.ts") },
};
