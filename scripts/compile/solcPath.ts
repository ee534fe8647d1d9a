/** Where npm puts the compiler, from the project's root: relative, as Hardhat's build ids hold it. */
export const SOLC_PATH = "node_modules/solc/soljson.js";
