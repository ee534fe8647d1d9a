/**
 * Gas of the pricing libraries, measured inside the EVM (test/harness/PricingGas.sol).
 *
 *   npm run bench:pricing [-- --json]
 *
 * The grid: spot 2000, 13 strikes from 0.5 to 2 times spot, six times from one hour to a year, seven vols from 20 % to
 * 200 %: 546 points.
 */
import { Command } from "commander";
import { parseUnits } from "ethers";
import hre from "hardhat";
import { compileFiles } from "../compile/files.ts";
import { runCommand } from "../command.ts";

const SPOT = parseUnits("2000", 18);
const TIMES = [3_600, 86_400, 604_800, 2_592_000, 7_776_000, 31_536_000].map(BigInt);
const STRIKE_RATIOS = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1, 1.05, 1.1, 1.25, 1.5, 1.75, 2];
const VOLS = [0.2, 0.4, 0.6, 0.8, 1, 1.5, 2];

const LIMITS = { greeks: 1_300, greeksMax: 1_600, series: 1_600, scenario: 850 };

interface Summary {
  points: number;
  average: number;
  max: number;
}

/** The libraries as the harness opens them; gas first, results after it. */
interface GasHarness {
  greeks(forward: bigint, strike: bigint, time: bigint, vol: bigint): Promise<bigint[]>;
  series(slice: Slice, forward: bigint, time: bigint, strikes: bigint[]): Promise<bigint[]>;
  scenario(forward: bigint, strike: bigint, log: bigint, sqrtTime: bigint, vol: bigint): Promise<bigint[]>;
  impliedVol(slice: Slice, log: bigint): Promise<bigint[]>;
}

type Slice = readonly [atmVol: bigint, skew: bigint, curvature: bigint, carry: bigint];

const wad = (x: number): bigint => parseUnits(x.toFixed(18), 18);
const scale = (x: bigint, factor: number): bigint => (x * wad(factor)) / 10n ** 18n;

function summarise(gas: readonly number[]): Summary {
  const sum = gas.reduce((a, b) => a + b, 0);
  return { points: gas.length, average: Math.round((10 * sum) / gas.length) / 10, max: Math.max(...gas) };
}

async function measure(points: Iterable<Promise<bigint[]>>): Promise<Summary> {
  const gas: number[] = [];
  for (const point of points) gas.push(Number((await point)[0]));
  return summarise(gas);
}

/** A slice whose curvature takes about the same share of its butterfly bound at every expiry. */
function sliceAt(time: bigint, vol: number): Slice {
  const deviation = vol * Math.sqrt(Number(time) / 31_536_000);
  return [wad(vol), wad(-0.2), wad(1 / deviation), 0n];
}

function* greeksPoints(harness: GasHarness) {
  for (const time of TIMES)
    for (const ratio of STRIKE_RATIOS)
      for (const vol of VOLS) yield harness.greeks(SPOT, scale(SPOT, ratio), time, wad(vol));
}

function* seriesPoints(harness: GasHarness) {
  const strikes = STRIKE_RATIOS.map((ratio) => scale(SPOT, ratio));
  for (const time of TIMES) for (const vol of VOLS) yield harness.series(sliceAt(time, vol), SPOT, time, strikes);
}

function* scenarioPoints(harness: GasHarness) {
  const factor = 0.75;
  for (const time of TIMES)
    for (const ratio of STRIKE_RATIOS)
      for (const vol of VOLS) {
        const log = wad(Math.log(ratio) - Math.log(factor));
        const sqrtTime = wad(Math.sqrt(Number(time) / 31_536_000));
        yield harness.scenario(scale(SPOT, factor), scale(SPOT, ratio), log, sqrtTime, wad(vol));
      }
}

function* volPoints(harness: GasHarness) {
  for (const time of TIMES)
    for (const ratio of STRIKE_RATIOS)
      for (const vol of VOLS) yield harness.impliedVol(sliceAt(time, vol), wad(Math.log(ratio)));
}

await runCommand(
  new Command("bench:pricing")
    .description("Measures the gas of the pricing libraries; exit code 1 when one is beyond its limit")
    .option("--json", "print the figures as JSON", false)
    .action(bench),
);

async function bench({ json }: { readonly json: boolean }): Promise<void> {
  await compileFiles(["test/harness/PricingGas.sol"]);
  const { ethers } = await hre.network.create();
  const harness = (await ethers.deployContract("PricingGas")) as unknown as GasHarness;
  const result = {
    greeks: await measure(greeksPoints(harness)),
    series: await measure(seriesPoints(harness)),
    scenario: await measure(scenarioPoints(harness)),
    impliedVol: await measure(volPoints(harness)),
  };
  const withinLimits =
    result.greeks.average <= LIMITS.greeks &&
    result.greeks.max <= LIMITS.greeksMax &&
    result.series.max <= LIMITS.series &&
    result.scenario.max <= LIMITS.scenario;
  if (json) console.log(JSON.stringify({ ...result, limits: LIMITS, withinLimits }, null, 2));
  else printTable(result);
  if (!withinLimits) process.exitCode = 1;
}

function printTable(result: Readonly<Record<"greeks" | "series" | "scenario" | "impliedVol", Summary>>): void {
  const row = (name: string, s: Summary, limit: string) =>
    console.log(`${name.padEnd(58)}${s.average.toFixed(1).padStart(9)}${String(s.max).padStart(8)}   ${limit}`);
  console.log(`${"gas".padEnd(58)}${"average".padStart(9)}${"max".padStart(8)}   limit`);
  row(
    "greeks: call, put, delta, vega from scratch",
    result.greeks,
    `${LIMITS.greeks} average, ${LIMITS.greeksMax} max`,
  );
  row("series in a loop: SSVI vol, call, put, delta, vega", result.series, `${LIMITS.series}`);
  row("spot scenario: call, put", result.scenario, `${LIMITS.scenario}`);
  row("SSVI vol alone", result.impliedVol, "");
}
