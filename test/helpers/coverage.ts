import type { Context } from "mocha";
import hre from "hardhat";

/** Skips a test of gas or of code size under `npm run coverage`, whose instrumented code is not what is deployed. */
export function needsDeployedCode(context: Context): void {
  if (hre.globalOptions.coverage) context.skip();
}
