import { type Address, encodeFunctionData, pad, parseEther, parseUnits, toHex } from "viem";
import { encodeRoute } from "../../../sdk/route.ts";
import type { ChainClients } from "../../../simulator/chain/clients.ts";
import type { Leg } from "../../../sdk/actions/trading.ts";
import { slice } from "../../../simulator/chain/keel.ts";
import type { Devnet } from "../../../simulator/chain/node.ts";
import type { FigureId, Gas } from "./figures.ts";
import {
  ALICE,
  BOB,
  KEEPER,
  LP,
  SPOT,
  type Stage,
  age,
  aside,
  buyEverything,
  coldGas,
  endEpoch,
  freshen,
  mark,
  openStage,
  pass,
  strikesAround,
} from "./stage.ts";

type Measured = Partial<Record<FigureId, number>>;

const ONE = parseEther("1");
const MANY_LPS = 1000;
const BATCH = 100;
const REQUEST_GAS = 250_000n;
const EIGHT_EXPIRIES = [2, 4, 6, 8, 14, 21, 28, 35];

/** Measures every figure, each on a market of its own. Takes about a minute. */
export async function measureAll(devnet: Devnet, onStep: (step: string) => void): Promise<Gas> {
  const gas: Measured = {};
  const on = async (
    what: string,
    listing: Parameters<typeof openStage>[1],
    run: (stage: Stage) => Promise<Measured>,
  ) => {
    onStep(what);
    await aside(devnet.clients, async () => Object.assign(gas, await run(await openStage(devnet, listing))));
  };
  await on(
    "trades, settlement and LPs with 6 listed series",
    { days: [7], moneyness: strikesAround(3) },
    async (stage) => ({
      ...(await measureTrades(stage, "6")),
      ...(await measurePayouts(stage)),
      ...(await measureLps(stage)),
      "epoch-1": await epochWith(stage, 1),
      "epoch-1000": await epochWith(stage, MANY_LPS),
      "read-oracle": await measureOracle(stage),
    }),
  );
  await on("trades with 128 listed series", { days: EIGHT_EXPIRIES, moneyness: strikesAround(8) }, async (stage) => ({
    ...(await measureTrades(stage, "128")),
    "post-surface": await measurePost(stage),
  }));
  await on("hedging with 20 open series", { days: [7], moneyness: strikesAround(10) }, measureHedges);
  await on("a mark of 64 series", { days: [7, 14], moneyness: strikesAround(16) }, async (stage) => {
    await buyEverything(stage);
    const per = (gas: number) => Math.round(gas / stage.series.length);
    return { "mark-64": per(await markGas(stage)), "greeks-64": per(await greeksGas(stage)) };
  });
  await on(
    "everything at its caps: 256 series",
    { days: EIGHT_EXPIRIES, moneyness: strikesAround(16) },
    async (stage) => {
      await buyEverything(stage);
      return { "mark-256": await markGas(stage), "epoch-256": (await epochs(stage, 1)).epoch };
    },
  );
  return gas as Gas;
}

async function measureTrades(stage: Stage, size: "6" | "128"): Promise<Measured> {
  const { keel, clients, series } = stage;
  const [first, second] = [series[0]!, series[1]!];
  await buyEverything(stage);
  await keel.trade(BOB, [{ id: series[3]!, quantity: ONE }]); // his allowance is given
  const measure = (trader: Address, legs: readonly Leg[], prepare = freshen) =>
    aside(clients, async () => {
      await prepare(stage);
      return Number((await keel.trade(trader, legs)).receipt.gasUsed);
    });
  const held = parseEther("0.1"); // as buyEverything has it
  return {
    [`buy-again-${size}`]: await measure(ALICE, [{ id: first, quantity: ONE }]),
    [`buy-first-${size}`]: await measure(BOB, [{ id: first, quantity: ONE }]),
    [`sell-part-${size}`]: await measure(ALICE, [{ id: first, quantity: -held / 2n }]),
    ...(size === "6" && { "sell-all-6": await measure(ALICE, [{ id: first, quantity: -held }]) }),
    [`buy-stale-${size}`]: await measure(ALICE, [{ id: first, quantity: ONE }], age),
    [`sell-stale-${size}`]: await measure(ALICE, [{ id: first, quantity: -held / 2n }], age),
    [`spread-${size}`]: await measure(ALICE, [
      { id: first, quantity: held },
      { id: second, quantity: -held / 2n },
    ]),
  };
}

async function measurePayouts(stage: Stage): Promise<Measured> {
  const { keel, clients, market, expiries, series } = stage;
  return aside(clients, async () => {
    await market.moveTo(SPOT + 200, { at: Number(expiries[0]) + 30, forceRound: true });
    const settled = await keel.settle(expiries[0]!);
    const { receipt } = await keel.exercise(ALICE, series[0]!);
    return { settle: Number(settled.gasUsed), exercise: Number(receipt.gasUsed) };
  });
}

async function measureLps(stage: Stage): Promise<Measured> {
  const { keel, clients } = stage;
  return aside(clients, async () => {
    const assets = parseUnits("1000", 6);
    await keel.requestDeposit(LP, assets); // a first time, with allowance and storage
    await endEpoch(stage);
    await keel.processEpoch();
    await keel.claimShares(LP);
    const deposit = await keel.requestDeposit(LP, assets);
    const redeem = await keel.requestRedeem(LP, ONE);
    await endEpoch(stage);
    await keel.processEpoch();
    const shares = await keel.claimShares(LP);
    const paid = await keel.claimAssets(LP);
    return {
      "lp-request-deposit": Number(deposit.gasUsed),
      "lp-request-redeem": Number(redeem.gasUsed),
      "lp-claim-shares": Number(shares.gasUsed),
      "lp-claim-assets": Number(paid.gasUsed),
    };
  });
}

/** An epoch that `lps` LPs have put deposits and redemptions into, less a mark of the same book. */
async function epochWith(stage: Stage, lps: number): Promise<number> {
  const { epoch, mark: marked } = await epochs(stage, lps);
  return epoch - marked;
}

async function epochs(stage: Stage, lps: number): Promise<{ epoch: number; mark: number }> {
  const { keel, clients } = stage;
  return aside(clients, async () => {
    await keel.requestDeposit(LP, parseUnits("1000", 6));
    await keel.requestRedeem(LP, ONE);
    await requestForMany(stage, lps - 1);
    await endEpoch(stage);
    const before = await aside(clients, () => mark(keel));
    const processed = await keel.processEpoch();
    return { epoch: Number(processed.gasUsed), mark: Number(before.gasUsed) };
  });
}

/** The LP pays for requests that belong to others, one each. */
async function requestForMany({ keel, clients }: Stage, count: number): Promise<void> {
  const assets = parseUnits("10", 6);
  const requests = Array.from({ length: count }, (_, i) => {
    const controller = pad(toHex(0x1000_0000 + i), { size: 20 });
    return i % 2 === 0
      ? encodeFunctionData({ ...keel.vault, functionName: "requestDeposit", args: [assets, controller, LP] })
      : encodeFunctionData({ ...keel.vault, functionName: "requestRedeem", args: [ONE, controller, LP] });
  });
  for (let i = 0; i < count; i += BATCH) await sendBatch(clients, keel.vault.address, requests.slice(i, i + BATCH));
}

async function sendBatch(clients: ChainClients, to: Address, calls: readonly `0x${string}`[]): Promise<void> {
  await clients.test.setAutomine(false);
  try {
    for (const data of calls) {
      await clients.wallet.sendTransaction({ account: LP, to, data, gas: REQUEST_GAS, chain: null });
    }
    await clients.test.mine({ blocks: 1 });
  } finally {
    await clients.test.setAutomine(true);
  }
  const { transactions } = await clients.public.getBlock();
  if (transactions.length !== calls.length) throw new Error("A batch of requests does not fit into a block.");
}

async function markGas(stage: Stage): Promise<number> {
  return aside(stage.clients, async () => {
    await freshen(stage);
    return Number((await mark(stage.keel)).gasUsed);
  });
}

async function greeksGas({ clients, keel }: Stage): Promise<number> {
  return coldGas(clients, keel.vault.address, encodeFunctionData({ ...keel.vault, functionName: "greeks" }));
}

/** One expiry's share of a post of all of them, half an hour after the last. */
async function measurePost(stage: Stage): Promise<number> {
  const { keel, clients, expiries } = stage;
  return aside(clients, async () => {
    await pass(clients, 3600);
    const receipt = await keel.postSurface(new Map(expiries.map((expiry) => [expiry, slice(0.71, -0.1, 1)])));
    return Math.round(Number(receipt.gasUsed) / expiries.length);
  });
}

async function measureOracle(stage: Stage): Promise<number> {
  const { keel, clients } = stage;
  return aside(clients, async () => {
    await freshen(stage);
    const data = encodeFunctionData({ ...keel.oracle, functionName: "read" });
    return coldGas(clients, keel.oracle.address, data);
  });
}

/**
 * Hedges on a desk that has held and owed before: it buys what a book of calls is short of; then, the calls sold back and
 * puts bought, it borrows to sell; then, puts sold back, it buys and repays.
 */
async function measureHedges(stage: Stage): Promise<Measured> {
  const { keel, clients, series } = stage;
  const [call, put] = [series[0]!, series.at(-1)!]; // both deep in the money
  const trade = (id: bigint, quantity: bigint) => keel.trade(ALICE, [{ id, quantity }]);
  const hedge = async (prepare = freshen) => {
    await prepare(stage);
    const [net, { timestamp }] = await Promise.all([
      clients.public.readContract({ ...keel.desk, functionName: "netDelta" }),
      clients.public.getBlock(),
    ]);
    const amount = (-net * 9n) / 10n;
    const order = {
      amount,
      cashLimit: amount > 0n ? 2n ** 128n : 0n,
      venue: keel.contracts.uniswapV3Venue,
      route: encodeRoute([{ hops: [500], shareBps: 10_000n }]),
      deadline: timestamp + 600n,
    };
    return Number((await keel.write(KEEPER, { ...keel.desk, functionName: "rebalance", args: [order] })).gasUsed);
  };
  await buyEverything(stage);
  await trade(call, 20n * ONE);
  await hedge(); // the desk's first holding
  await trade(call, 10n * ONE);
  const stale = await aside(clients, () => hedge(age));
  const long = await hedge();
  await trade(call, -30n * ONE);
  await trade(put, 20n * ONE);
  await hedge(); // its first loan
  await trade(put, 10n * ONE);
  const shortStale = await aside(clients, () => hedge(age));
  const short = await hedge();
  await freshen(stage);
  const { receipt } = await trade(put, ONE);
  await trade(put, -21n * ONE);
  return {
    "hedge-long": long,
    "hedge-long-stale": stale,
    "hedge-short": short,
    "hedge-short-stale": shortStale,
    "hedge-cover": await hedge(),
    "buy-loan": Number(receipt.gasUsed),
  };
}
