import { expect } from "chai";
import { type Hex, parseEther, parseGwei } from "viem";
import { openConnection } from "../../keeper/chain/chainConnection.ts";
import { isChainError } from "../../keeper/chain/reverts.ts";
import { stateOf } from "./support/hedgeStates.ts";
import { planHedge } from "../../keeper/hedging/planner.ts";
import type { Intent } from "../../keeper/execution/intent.ts";
import { purposeOf } from "../../keeper/execution/requests.ts";
import { attempts, attributions, intents } from "../../keeper/store/schema.ts";
import { abs, fromWad } from "../../sdk/units.ts";
import { type Random, createRandom } from "../../simulator/path/random.ts";
import { DEEP } from "../deep.ts";
import { KEEPER, TRADERS } from "../helpers/keelWorld.ts";
import { heldMegabytes } from "../support/heap.ts";
import { type DeployedDevnet, startDeployedDevnet } from "./support/deployedDevnet.ts";
import { type Behaviour, type HostileProxy, startHostileProxy } from "./support/hostileProxy.ts";
import { type TestKeeper, keeperOn, look } from "./support/keeperWorld.ts";

const SEED = 20260101;
const STEPS = DEEP ? 2_000 : 120;
const BLOCK_SECONDS = 12;
/** More than the oracle's greatest age. */
const SILENCE_SECONDS = 5_000;
const CALM = parseGwei("10");
const SILENT = ["stall", "busy", "drop-before", "garbage"] as const;
const LYING = ["high", "low", "forged", "drop-after", "drop-sent"] as const;
/** Blocks in a row that the net delta may stay outside the emergency band while the oracle speaks. */
const BOUND = 10;
const EMERGENCY_BANDS = 5;
/** How often the heap is measured, evenly over the ticks. */
const HEAP_LOOKS = 20;
/** What is held in the last quarter of the ticks, over what was held in the second. Deep, that is 3 KB more in each tick. */
const MOST_GROWTH = DEEP ? 1.03 : 1.1;

describe("A keeper in chaos: hostile RPCs, reorganisations, spikes of the base fee, an oracle that pauses", () => {
  let world: DeployedDevnet;
  let proxies: HostileProxy[];
  let keeper: TestKeeper;
  let random: Random;
  let now = 1_700_000_000_000;
  const timers = new Map<string, Set<AbortController>>();
  const expire = (url: string) => timers.get(url)?.forEach((timer) => timer.abort());
  const timer = (_: number, url: string): AbortSignal => {
    const controller = new AbortController();
    timers.set(url, new Set([...(timers.get(url) ?? [])].slice(-20)).add(controller));
    return controller.signal;
  };

  before(async function () {
    this.timeout(600_000);
    random = createRandom(SEED);
    world = await startDeployedDevnet();
    proxies = await Promise.all([0, 1, 2].map(() => startHostileProxy(world.url, expire, { remembers: false })));
    const [first, ...others] = proxies.map(({ url }) => url);
    const pool = { now: () => now, random: () => random.next(), timer };
    const line = openConnection({
      urls: [first ?? "", ...others],
      chainId: 31337,
      pollingIntervalMs: 10,
      quorum: 1,
      pool,
    });
    keeper = keeperOn(world, { deadlineSeconds: 600 }, false, { line });
  });
  after(async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await world.close();
  });

  /** One lies while two are honest, or two say nothing while one is honest. */
  function misbehave(): void {
    const behaviours = Array<Behaviour>(3).fill("honest");
    if (random.next() < 0.7) {
      const first = Math.floor(random.between(0, 3));
      const isLie = random.next() < 0.6;
      behaviours[first] = isLie ? random.pick(LYING) : random.pick(SILENT);
      if (!isLie) behaviours[(first + 1) % 3] = random.pick(SILENT);
    }
    proxies.forEach((proxy, i) => proxy.behave(behaviours[i] ?? "honest"));
  }

  /** Snapshots from before the newest blocks, oldest first. */
  let undo: { readonly id: Hex; readonly block: bigint }[] = [];

  async function mine(baseFee: bigint): Promise<void> {
    const { test, public: reader } = world.clients;
    undo = [...undo, { id: await test.snapshot(), block: await reader.getBlockNumber() }].slice(-6);
    await test.setNextBlockBaseFeePerGas({ baseFeePerGas: baseFee });
    await test.increaseTime({ seconds: BLOCK_SECONDS });
    await test.mine({ blocks: 1 });
  }

  /** Takes the last blocks off the chain and puts one more in their place. */
  async function reorganise(depth: number): Promise<boolean> {
    const { test, public: reader } = world.clients;
    const newest = await reader.getBlockNumber();
    const at = undo.at(-depth);
    if (!at || at.block !== newest - BigInt(depth)) return false; // something else was mined in between
    await test.revert({ id: at.id });
    undo = undo.slice(0, -depth);
    await test.increaseTime({ seconds: 1 }); // other times make other blocks
    for (let i = 0; i <= depth; i++) await mine(CALM);
    return true;
  }

  async function liveThrough(step: number, state: { price: number; paused: number; spike: number }): Promise<void> {
    const { market, keel, clients, call, put } = world;
    if (state.paused === 1 || (state.paused === 0 && random.next() < 0.25)) {
      undo = [];
      await clients.test.setAutomine(true);
      await clients.test.setNextBlockBaseFeePerGas({ baseFeePerGas: CALM });
      state.price = Math.min(4_000, Math.max(2_200, state.price * Math.exp(0.03 * random.normal())));
      await market.moveTo(state.price, { forceRound: true });
    }
    if (step % 40 === 5) {
      undo = [];
      await clients.test.setAutomine(true);
      const id = random.next() < 0.5 ? call(3_000) : put(3_000);
      // The market may be closed for a while: the oracle is silent, or the pool has moved too fast.
      await keel.trade(random.pick(TRADERS), [{ id, quantity: parseEther("4") }]).catch(() => undefined);
    }
    await clients.test.setAutomine(false);
    if (state.spike > 0) state.spike -= 1;
    else if (random.next() < 0.05) state.spike = 6;
    if (state.paused > 0) state.paused -= 1;
    else if (random.next() < 0.015) {
      // The feed says nothing for so long that its price counts no more, and then speaks again.
      state.paused = 6;
      await clients.test.increaseTime({ seconds: SILENCE_SECONDS });
    }
  }

  it(`stays hedged over ${STEPS} ticks, hedges nothing twice, holds no more memory, and ends with books that agree`, async function () {
    this.timeout(DEEP ? 5_400_000 : 600_000);
    const { clients, market } = world;
    const state = { price: 3_000, paused: 0, spike: 0 };
    const seen = { ticks: 0, failures: 0, reorganisations: 0, spikes: 0, silent: 0, outside: 0, longest: 0 };
    const heap: number[] = [];
    for (let step = 0; step < STEPS; step++) {
      if (step % (STEPS / HEAP_LOOKS) === 0) heap.push(await heldMegabytes());
      now += BLOCK_SECONDS * 1_000;
      await liveThrough(step, state);
      misbehave();
      try {
        await keeper.tick(await keeper.line.newestBlock());
        seen.ticks += 1;
      } catch (error) {
        if (!isChainError(error)) throw error;
        seen.failures += 1;
      }
      proxies.forEach((proxy) => proxy.behave("honest"));
      if (random.next() < 0.05 && (await reorganise(1 + Math.floor(random.between(0, 5))))) seen.reorganisations += 1;
      else await mine(state.spike > 0 ? 20n * CALM : CALM);
      if (state.spike > 0) seen.spikes += 1;
      if (state.paused > 0) seen.silent += 1;
      if (state.paused > 0) continue; // nobody knows the net delta
      // The truth, from the node itself.
      const snapshot = await look({ client: clients.public, contracts: keeper.contracts });
      const plan = planHedge(stateOf(snapshot, keeper.config.hedging), keeper.config.hedging);
      const isOutside = abs(plan.taperedDelta) > BigInt(EMERGENCY_BANDS) * plan.band;
      seen.outside = isOutside ? seen.outside + 1 : 0;
      seen.longest = Math.max(seen.longest, seen.outside);
      expect(seen.outside, `step ${step}: blocks outside the emergency band`).to.be.at.most(BOUND);
    }

    // Peace: what is in flight is mined, and what was decided twice would show.
    await clients.test.setAutomine(true);
    await market.moveTo(state.price, { forceRound: true });
    for (let i = 0; i < 20; i++) {
      now += 60_000;
      await keeper.tick(await keeper.line.newestBlock());
      await mine(CALM);
    }
    const books = await assertBooksAgree(keeper);
    expect(seen.ticks).to.be.above(STEPS / 2);
    expect(seen.reorganisations).to.be.above(0);
    expect(seen.spikes).to.be.above(0);
    expect(books.hedges).to.be.above(STEPS / 40);
    const heapGrowth = growthOf(heap);
    console.log(
      `      ${JSON.stringify({ ...seen, ...books, heapMegabytes: Math.round(heap.at(-1) ?? 0), heapGrowth })}`,
    );
    expect(heapGrowth, `megabytes: ${heap.map((held) => held.toFixed(1)).join(" ")}`).to.be.at.most(MOST_GROWTH);
  });

  /** Every hedge on the chain belongs to one intent of the journal, each to one transaction, and together they are the hedge. */
  async function assertBooksAgree({ contracts, client, db, watch }: TestKeeper) {
    const logs = await client.getContractEvents({
      ...contracts.desk,
      eventName: "Rebalanced",
      fromBlock: 0n,
      strict: true,
    });
    const rows = (await (await db()).select().from(intents)) as unknown as (Intent & { readonly tag: string })[];
    const mined = rows.filter(({ state }) => "inclusion" in state && "outcome" in state);
    const hedges = mined.filter((intent) => purposeOf(intentOf(intent)).kind === "hedge");
    const effected = hedges.filter(({ state }) => "outcome" in state && state.outcome.kind === "effected");
    expect(logs.map(({ transactionHash }) => transactionHash)).to.have.members(
      effected.map(({ state }) => ("hash" in state ? state.hash : "0x")),
    );
    for (const { change, parts } of await (await db()).select().from(attributions)) {
      const { gas: _, ...others } = parts;
      expect(Object.values(others).reduce((total, part) => total + part, 0n)).to.equal(change);
    }
    const nonces = rows.flatMap(({ nonce, tag }) => (nonce === null || tag === "refused" ? [] : [nonce]));
    expect(new Set(nonces).size).to.equal(nonces.length);
    const sum = logs.reduce((total, { args }) => total + args.amount, 0n);
    const { hedge, mark } = await look({ client, contracts });
    expect(Math.abs(fromWad(hedge.delta - sum))).to.be.at.most(1e-3); // interest on what is owed grows
    expect(Math.abs(fromWad(mark.delta + hedge.delta))).to.be.at.most(5);
    expect(await client.getTransactionCount({ address: KEEPER })).to.be.at.least(effected.length);
    expect(watch.stopped()).to.equal(undefined);
    const signed = await (await db()).$count(attempts);
    return { hedges: logs.length, intents: rows.length, signed };
  }
});

/** Of quarters and by their medians, so that what one tick happens to hold does not count. */
function growthOf(looks: readonly number[]): number {
  const quarter = (number: number) => looks.slice((number * looks.length) / 4, ((number + 1) * looks.length) / 4);
  const [early, late] = [quarter(1), quarter(3)].map((some) => some.toSorted((a, b) => a - b)[some.length >> 1]);
  return Number(((late ?? NaN) / (early ?? NaN)).toFixed(4));
}

/** `expected` is stored as a document of its own. */
function intentOf(row: Intent): Pick<Intent, "expected"> {
  return { expected: (row.expected as unknown as { value: Intent["expected"] }).value };
}
