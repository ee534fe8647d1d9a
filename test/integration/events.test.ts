import { expect } from "chai";
import { type Address, parseEther } from "viem";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import type { Leg } from "../../sdk/actions/trading.ts";
import { slice } from "../../simulator/chain/keel.ts";
import { deskOf } from "../helpers/desk.ts";
import { GOVERNOR, KEEPER, LPS, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { shares as toShares, usdc, vaultSide } from "../helpers/lpSide.ts";
import { type Replay, createReplay } from "../../sdk/eventReplay.ts";

const [alice, bob, carol] = TRADERS as [Address, Address, Address];
const [lena, musa, noor] = LPS as [Address, Address, Address];
const GUARDIAN = devAccount(DEV_ROLES.guardian).address;
const PEOPLE = [...TRADERS, ...LPS];
const HOUR = 3600;

describe("Events", () => {
  const world = useFork(async (fork) => {
    const start = await fork.clients.public.getBlockNumber();
    return { ...(await keelWorld(fork)), start };
  });
  const lp = vaultSide(world);
  const desk = deskOf(world);

  const buy = (id: bigint, contracts: number): Leg => ({ id, quantity: parseEther(String(contracts)) });
  const sell = (id: bigint, contracts: number): Leg => ({ id, quantity: -parseEther(String(contracts)) });

  /** What the events since before the deployment tell. */
  async function replayed(): Promise<Replay> {
    const { clients, keel, start } = world();
    const [vault, market, surface] = [keel.vault.address, keel.market.address, keel.surface.address];
    const logs = await clients.public.getLogs({ address: [vault, market, surface], fromBlock: start });
    const times = new Map<bigint, bigint>();
    for (const { blockNumber } of logs) {
      if (!times.has(blockNumber)) times.set(blockNumber, (await clients.public.getBlock({ blockNumber })).timestamp);
    }
    const replay = createReplay({ vault, market, surface });
    for (const log of logs) replay.apply({ log, time: times.get(log.blockNumber) ?? 0n });
    return replay;
  }

  /** Compares everything that the events tell with what the contracts say. */
  async function expectToTellAll(when: string): Promise<void> {
    const replay = await replayed();
    await expectAccounts(replay, when);
    await expectBook(replay, when);
    await expectQueues(replay, when);
    await expectRules(replay, when);
  }

  const read = () => world().clients.public.readContract;

  async function expectAccounts({ cash, epoch, supply }: Replay, when: string): Promise<void> {
    const { vault } = world().keel;
    expect(cash, when).to.deep.equal({
      cash: await read()({ ...vault, functionName: "cash" }),
      owed: await read()({ ...vault, functionName: "owed" }),
      insurance: await read()({ ...vault, functionName: "insurance" }),
      setAside: await read()({ ...vault, functionName: "reservedForRedemptions" }),
    });
    expect(epoch, when).to.deep.equal({
      id: await read()({ ...vault, functionName: "epoch" }),
      endsAt: await read()({ ...vault, functionName: "epochEndsAt" }),
      vegaCapacity: (await read()({ ...vault, functionName: "exposureAt", args: [parseEther("3000")] })).vegaCapacity,
      peak: (await read()({ ...vault, functionName: "breaker" }))[0],
      paused: await read()({ ...vault, functionName: "paused" }),
    });
    expect(supply(), when).to.equal(await read()({ ...vault, functionName: "totalSupply" }));
  }

  async function expectBook({ series, expiries, options, key }: Replay, when: string): Promise<void> {
    const { vault, market } = world().keel;
    const [ids] = await read()({ ...vault, functionName: "book" });
    const open = [...expiries].filter(([, { settlementPrice }]) => settlementPrice === 0n).map(([expiry]) => expiry);
    const listed = [...series].filter(([, { expiry }]) => open.includes(expiry)).map(([id]) => id);
    expect(new Set(listed), when).to.deep.equal(new Set(ids));
    for (const [id, { open: short }] of series) {
      expect(-short, when).to.equal(await read()({ ...vault, functionName: "positionOf", args: [id] }));
    }
    for (const [expiry, totals] of expiries) {
      expect(totals, when).to.deep.equal(await read()({ ...vault, functionName: "expiryOf", args: [expiry] }));
    }
    for (const person of PEOPLE) {
      for (const id of series.keys()) {
        const balance = await read()({ ...market, functionName: "balanceOf", args: [person, id] });
        expect(options.get(key(person, id)) ?? 0n, when).to.equal(balance);
      }
    }
  }

  async function expectQueues({ deposits, redemptions, shares, key }: Replay, when: string): Promise<void> {
    expect([deposits.pending(), redemptions.pending()], when).to.deep.equal(await lp.read("pendingTotals"));
    for (const person of PEOPLE) {
      expect(deposits.partOf(key(person)), when).to.deep.equal({
        pending: await lp.read("pendingDepositRequest", [0n, person]),
        input: await lp.read("maxDeposit", [person]),
        output: await lp.read("maxMint", [person]),
      });
      expect(redemptions.partOf(key(person)), when).to.deep.equal({
        pending: await lp.read("pendingRedeemRequest", [0n, person]),
        input: await lp.read("maxRedeem", [person]),
        output: await lp.read("maxWithdraw", [person]),
      });
      expect(shares.get(key(person)) ?? 0n, when).to.equal(await lp.read("balanceOf", [person]));
    }
  }

  async function expectRules(replay: Replay, when: string): Promise<void> {
    const { vault, market, surface, desk: hedge } = world().keel;
    expect(replay.parameters, when).to.deep.equal({
      limits: await read()({ ...vault, functionName: "limits" }),
      market: await read()({ ...vault, functionName: "market" }),
      hedge: hedge.address,
      pricing: await read()({ ...market, functionName: "pricing" }),
      listing: await read()({ ...market, functionName: "listing" }),
    });
    const { timestamp } = await world().clients.public.getBlock();
    for (const [expiry, { slice: told, postedAt }] of replay.slices) {
      if (expiry <= timestamp) continue; // dropped by the next post
      const stored = await read()({ ...surface, functionName: "sliceOf", args: [expiry] });
      expect([told, postedAt], when).to.deep.equal(stored);
    }
    for (const person of PEOPLE) {
      const allowed = await read()({ ...market, functionName: "autoExercise", args: [person] });
      expect(replay.autoExercise.get(replay.key(person)) ?? false, when).to.equal(allowed);
      const operator = await lp.read<boolean>("isOperator", [person, carol]);
      expect(replay.operators.get(`${replay.key(person)}>${replay.key(carol)}`) ?? false, when).to.equal(operator);
    }
  }

  async function trades(): Promise<void> {
    const { keel, call, put, expiries } = world();
    const [, far] = expiries;
    await keel.trade(alice, [buy(call(3000), 40), buy(put(2700), 12.5)]);
    await keel.trade(bob, [buy(call(3000), 7.25), buy(call(3300, far), 30)]);
    await keel.trade(bob, [sell(call(3000), 7.25), buy(call(3300), 7)]); // a roll
    await keel.trade(carol, [buy(put(3000, far), 3), buy(put(2400), 5)]);
    await keel.trade(alice, [sell(put(2700), 2.5)]);
    const args = [carol, call(3000), parseEther("11")] as const;
    await keel.write(alice, { ...keel.market, functionName: "transfer", args });
    await desk.neutral();
  }

  /** An LP who is not the owner of what is deposited, one who changes its mind twice, an operator. */
  async function requests(): Promise<void> {
    await lp.write(lena, "setOperator", [carol, true]);
    const { keel } = world();
    await keel.requestDeposit(alice, usdc(250_000));
    await lp.write(musa, "requestRedeem", [toShares(400_000), musa, musa]);
    await lp.write(noor, "requestRedeem", [toShares(100_000), noor, noor]);
    await lp.write(noor, "cancelRedeemRequest", [noor, noor]);
    await keel.requestDeposit(bob, usdc(1_000));
    await lp.write(bob, "cancelDepositRequest", [bob, bob]);
    await lp.write(carol, "requestRedeem", [toShares(50_000), noor, lena]); // noor will be paid for lena's shares
    await lp.write(musa, "transfer", [bob, toShares(12_345)]);
  }

  async function rules(): Promise<void> {
    const { keel } = world();
    const [limits, pricing, listing] = await Promise.all([
      read()({ ...keel.vault, functionName: "limits" }),
      read()({ ...keel.market, functionName: "pricing" }),
      read()({ ...keel.market, functionName: "listing" }),
    ]);
    const next = { ...limits, epochLength: 20 * HOUR, vegaCapacityBps: 6_000, reserveBps: 3_000 };
    await keel.write(GOVERNOR, { ...keel.vault, functionName: "setLimits", args: [next] });
    await keel.write(GOVERNOR, { ...keel.market, functionName: "setPricing", args: [{ ...pricing, feeBps: 4 }] });
    const args = [{ ...listing, minStrikeBps: 2_000 }] as const;
    await keel.write(GOVERNOR, { ...keel.market, functionName: "setListing", args });
    await keel.write(GUARDIAN, { ...keel.vault, functionName: "pause" });
    await keel.write(carol, { ...keel.market, functionName: "setAutoExercise", args: [true] });
    await keel.write(KEEPER, { ...keel.vault, functionName: "mark" });
  }

  it("tell all of the state after trades, hedges, requests, new rules, epochs, losses, settlement and exercise", async () => {
    const { keel, expiries, call, put, market, clients } = world();
    await expectToTellAll("when the market opens");
    await trades();
    await requests();
    await expectToTellAll("after trades and requests");
    await rules();
    await expectToTellAll("after new rules");

    // The market jumps, and not everyone can leave.
    const { timestamp } = await clients.public.getBlock();
    await market.moveTo(3250, { at: Number(timestamp) + 2 * HOUR, forceRound: true });
    await keel.postSurface(new Map(expiries.map((expiry) => [expiry, slice(0.78, -0.08, 1.1)])));
    await keel.write(GUARDIAN, { ...keel.vault, functionName: "unpause" });
    for (const account of LPS) {
      await lp.write(account, "requestRedeem", [await lp.read("balanceOf", [account]), account, account]);
    }
    const receipt = await lp.nextEpoch(3300);
    expect(lp.events(receipt, "InsuranceUsed"), "the reserve is no LP's").to.have.length(0);
    const [processed] = lp.events(receipt, "EpochProcessed");
    expect(processed?.sharesIn, "not all can leave").to.not.equal(0n);
    expect(await lp.read("pendingTotals")).to.not.deep.equal([0n, 0n]);
    await expectToTellAll("after an epoch with a loss");

    // Claims in either unit, in part, and by an operator.
    await lp.write(alice, "deposit", [usdc(100_000), alice, alice]);
    await lp.write(alice, "mint", [toShares(5_000), bob, alice]);
    await lp.write(musa, "withdraw", [usdc(1_000), musa, musa]);
    await lp.write(carol, "redeem", [toShares(1), carol, lena]);
    await lp.write(bob, "requestRedeem", [toShares(10_000), bob, bob]);
    await lp.nextEpoch(3280);
    await expectToTellAll("after claims and another epoch");

    await market.moveTo(3400, { at: Number(expiries[0]) + 60, forceRound: true });
    await keel.settle(expiries[0]);
    await expectToTellAll("after a settlement");
    await desk.neutral();
    await keel.exercise(alice, call(3000));
    await keel.exercise(alice, put(2700));
    const args = [call(3000), [carol]] as const;
    await keel.write(KEEPER, { ...keel.market, functionName: "exerciseFor", args });
    await expectToTellAll("after some were paid");
    await keel.exercise(bob, call(3300));
    await keel.exercise(carol, put(2400));
    await keel.processEpoch();
    for (const account of [lena, musa, noor]) {
      await lp.write(account, "redeem", [await lp.read("maxRedeem", [account]), account, account]);
    }
    await expectToTellAll("at the end");
    const { expiries: told } = await replayed();
    expect(told.get(expiries[0])).to.deep.include({ contracts: 0n, owed: 0n, settlementPrice: parseEther("3400") });
  });
});
