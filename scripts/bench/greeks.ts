/**
 * How many options per second one core prices, with delta, gamma, vega and theta: Keel's batch and scalar forms, and the
 * npm packages `black-scholes` and `greeks` on the same options in the same run.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { blackScholes } from "black-scholes";
import { getDelta, getGamma, getTheta, getVega } from "greeks";
import { UserError, messageOf } from "../../sdk/userError.ts";
import {
  type GreeksBatch,
  type OptionBatch,
  createGreeksBatch,
  createOptionBatch,
  greeks,
  greeksBatch,
  yearsOf,
} from "../../sdk/pricing/index.ts";

const USAGE = `Usage: npm run bench:greeks -- [--json] [--rounds n]

Prices the same options with Keel's batch form, Keel's scalar form and the npm packages black-scholes + greeks, in turns,
and prints options per second per core (median of the rounds) for price, delta, gamma, vega and theta.

  --json      print one JSON object instead of a table
  --rounds n  rounds to take the median of (default 9)
  --help      this text`;

const TARGET_RATE = 5e6;
const TARGET_RATIO = 5;
const OPTIONS = 4_096;
const ROUND_MILLISECONDS = 200;

interface Contender {
  readonly name: string;
  readonly run: (options: OptionBatch, results: GreeksBatch) => void;
}

const CONTENDERS = [
  { name: "keel batch", run: greeksBatch },
  { name: "keel scalar", run: runScalar },
  { name: "black-scholes + greeks", run: runPeers },
] as const satisfies readonly Contender[];

/** Strikes from half to twice the forward, one hour to one year, vols from 20 % to 200 %; calls and puts alternate. */
function sampleOptions(): OptionBatch {
  const options = createOptionBatch(OPTIONS);
  for (let i = 0; i < OPTIONS; i++) {
    const share = (i + 0.5) / OPTIONS;
    const spread = (multiplier: number) => (share * multiplier * OPTIONS) % 1; // low-discrepancy, same on every run
    options.forward[i] = 2000;
    options.strike[i] = 2000 * 4 ** (spread(0.6180339887498949) - 0.5);
    options.timeToExpiry[i] = 3600 * 8760 ** spread(0.7548776662466927);
    options.vol[i] = 0.2 * 10 ** spread(0.5698402909980532);
    options.isCall[i] = i % 2;
  }
  return options;
}

function runScalar(options: OptionBatch, results: GreeksBatch): void {
  for (let i = 0; i < options.forward.length; i++) {
    const kind = options.isCall[i] === 1 ? "call" : "put";
    const all = greeks(kind, {
      forward: options.forward[i]!,
      strike: options.strike[i]!,
      timeToExpiry: options.timeToExpiry[i]!,
      vol: options.vol[i]!,
    });
    results.price[i] = all.price;
    results.delta[i] = all.delta;
    results.gamma[i] = all.gamma;
    results.vega[i] = all.vega;
    results.theta[i] = all.theta;
  }
}

function runPeers(options: OptionBatch, results: GreeksBatch): void {
  for (let i = 0; i < options.forward.length; i++) {
    const kind = options.isCall[i] === 1 ? "call" : "put";
    const [s, k, v] = [options.forward[i]!, options.strike[i]!, options.vol[i]!];
    const t = yearsOf(options.timeToExpiry[i]!);
    results.price[i] = blackScholes(s, k, t, v, 0, kind);
    results.delta[i] = getDelta(s, k, t, v, 0, kind);
    results.gamma[i] = getGamma(s, k, t, v, 0);
    results.vega[i] = getVega(s, k, t, v, 0) * 100;
    results.theta[i] = getTheta(s, k, t, v, 0, kind, 1);
  }
}

/** Options per second of processor time, so that what else the machine does counts less. */
function measure({ run }: Contender, options: OptionBatch, results: GreeksBatch): number {
  const start = process.cpuUsage();
  let passes = 0;
  let elapsed = 0;
  while (elapsed < ROUND_MILLISECONDS) {
    run(options, results);
    passes++;
    const { user, system } = process.cpuUsage(start);
    elapsed = (user + system) / 1000;
  }
  return (passes * OPTIONS * 1000) / elapsed;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

/** Largest difference in price between two sets of results, as a share of the forward: nobody is fast by being wrong. */
function largestDifference(a: GreeksBatch, b: GreeksBatch, options: OptionBatch): number {
  return a.price.reduce((worst, price, i) => Math.max(worst, Math.abs(price - b.price[i]!) / options.forward[i]!), 0);
}

function bench(rounds: number) {
  const options = sampleOptions();
  const entries = CONTENDERS.map((contender) => ({
    contender,
    results: createGreeksBatch(OPTIONS),
    rates: [] as number[],
  }));
  for (const { contender, results } of entries) measure(contender, options, results); // lets the compiler finish first
  for (let round = 0; round < rounds; round++) {
    for (const { contender, results, rates } of entries) rates.push(measure(contender, options, results));
  }
  const [batch, scalar, peers] = entries.map(({ rates }) => median(rates)) as [number, number, number];
  const reference = entries[0]!.results;
  const differences = entries.map(({ results }) => largestDifference(reference, results, options));
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    node: process.version,
    options: OPTIONS,
    rounds,
    optionsPerSecond: { batch: Math.round(batch), scalar: Math.round(scalar), peers: Math.round(peers) },
    batchOverPeers: batch / peers,
    priceDifference: { scalar: differences[1] ?? NaN, peers: differences[2] ?? NaN },
    targets: {
      rate: { atLeast: TARGET_RATE, met: batch >= TARGET_RATE },
      ratio: { atLeast: TARGET_RATIO, met: batch / peers >= TARGET_RATIO },
    },
  };
}

function printTable(report: ReturnType<typeof bench>): void {
  const { optionsPerSecond, priceDifference, targets } = report;
  const row = (name: string, rate: number, difference: number | undefined) =>
    console.log(
      `${name.padEnd(24)} ${rate.toLocaleString("en-US").padStart(14)}   ${(difference ?? 0).toExponential(1).padStart(8)}`,
    );
  console.log(
    `${report.processor}, Node ${report.node}: price, delta, gamma, vega, theta of ${String(report.options)} options\n`,
  );
  console.log(`${"".padEnd(24)} ${"options/s/core".padStart(14)}   price differs by`);
  row(CONTENDERS[0].name, optionsPerSecond.batch, undefined);
  row(CONTENDERS[1].name, optionsPerSecond.scalar, priceDifference.scalar);
  row(CONTENDERS[2].name, optionsPerSecond.peers, priceDifference.peers);
  const verdict = (met: boolean) => (met ? "met" : "MISSED");
  console.log(`\nbatch ≥ ${(TARGET_RATE / 1e6).toFixed(0)} million options/s/core: ${verdict(targets.rate.met)}`);
  console.log(
    `batch ≥ ${String(TARGET_RATIO)}× the packages: ${report.batchOverPeers.toFixed(0)}×, ${verdict(targets.ratio.met)}`,
  );
}

interface Arguments {
  readonly json: boolean;
  readonly help: boolean;
  readonly rounds: number;
}

function readArguments(): Arguments {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      rounds: { type: "string", default: "9" },
      help: { type: "boolean", default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new UserError(`--rounds must be a whole number of at least 1, not "${values.rounds}".`);
  }
  return { json: values.json, help: values.help, rounds };
}

try {
  const { json, help, rounds } = readArguments();
  if (help) console.log(USAGE);
  else if (json) console.log(JSON.stringify(bench(rounds), null, 2));
  else printTable(bench(rounds));
} catch (error) {
  console.error(`bench:greeks: ${messageOf(error)}`);
  process.exitCode = 1;
}
