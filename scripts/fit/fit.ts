/**
 * Finds every coefficient of the pricing libraries and shows how well it fits.
 *
 *   npm run fit              fit, print errors, error curves and coefficients
 *   npm run fit -- --check   fit, and compare with contracts/libraries; exit code 1 when they differ
 */
import { Command } from "commander";
import { runCommand } from "../command.ts";
import { constants, fit, TARGETS, type Fit } from "./coefficients.ts";
import { differences } from "./solidity.ts";

/** An error curve as a line of text: where the error is, between −largest and +largest. */
function plot({ errorCurve, error }: Fit): string {
  const marks = "▁▂▃▄▅▆▇█";
  return errorCurve
    .map((point) => marks[Math.min(7, Math.max(0, Math.floor(4 + 4 * point.error.div(error).toNumber())))])
    .join("");
}

function print(result: Fit): void {
  console.log(`\n${result.name}: ${result.meaning}`);
  console.log(`  largest error of ${result.errorMeaning}: ${result.error.toExponential(2)}`);
  console.log(`  ${plot(result)}`);
  for (const [name, hex] of Object.entries(result.literals)) console.log(`  ${name.padEnd(12)}${hex}`);
}

await runCommand(
  new Command("fit")
    .description("Finds every coefficient of the pricing libraries and shows how well it fits")
    .option("--check", "compare with contracts/libraries: exit code 1 when they differ", false)
    .action(run),
);

function run({ check }: { readonly check: boolean }): void {
  const fits = TARGETS.map((target) => fit(target));
  fits.forEach(print);
  console.log("\nconstants");
  for (const [name, hex] of Object.entries(constants())) console.log(`  ${name.padEnd(24)}${hex}`);
  if (!check) return;
  const found = differences(fits);
  for (const difference of found) console.error(difference);
  console.log(found.length === 0 ? "\ncontracts/libraries holds exactly these" : "\ncontracts/libraries differs");
  process.exitCode = found.length === 0 ? 0 : 1;
}
