import { expect } from "chai";
import { type Address, encodeFunctionData, parseEther, parseGwei } from "viem";
import { hedgeDeskAbi } from "../../../keeper/chain/abi/hedgeDesk.ts";
import type { Reader } from "../../../keeper/chain/clients.ts";
import { uniswapRouting } from "../../../keeper/chain/contracts.ts";
import { type ExecutorOptions, createExecutor } from "../../../keeper/execution/executor.ts";
import { type Order, planHedge } from "../../../keeper/hedging/planner.ts";
import { GOVERNOR, KEEPER, TRADERS, keelWorld } from "../../helpers/keelWorld.ts";
import { useFork } from "../../helpers/localFork.ts";
import { type DeployedFork, keeperOn, look } from "../support/keeperWorld.ts";

const [ALICE] = TRADERS as [Address];

describe("Executor", () => {
  const world = useFork(async (fork) => {
    const keel = await keelWorld(fork);
    await keel.keel.trade(ALICE, [{ id: keel.call(3000), quantity: parseEther("10") }]);
    return keel;
  });

  /** An executor and an order that is due. */
  async function prepare(options: Partial<ExecutorOptions> = {}) {
    const keeper = keeperOn(world());
    const { client, contracts, config } = keeper;
    const signer = { wallet: world().clients.wallet, account: KEEPER };
    const plan = planHedge(await look(keeper), config.hedging, uniswapRouting(contracts, config.feeTier));
    if (plan.decision !== "hedge") throw new Error("A hedge is due.");
    const executor = createExecutor({ client, signer, contracts, confirmations: 1, minAmount: 1n, ...options });
    return { client, executor, order: plan.order };
  }

  it("reports what the receipt says", async () => {
    const { client, executor, order } = await prepare();
    const execution = await executor.execute(order);
    if (execution.outcome !== "filled") throw new Error(execution.outcome);
    const { fill } = execution;
    const receipt = await client.getTransactionReceipt({ hash: fill.tx });
    expect(fill).to.include({ amount: order.amount, block: receipt.blockNumber, gasUsed: receipt.gasUsed });
    expect(fill.netDeltaAfter - fill.netDeltaBefore).to.equal(order.amount);
    expect(fill.cash <= order.cashLimit).to.equal(true);
  });

  it("waits for a slow transaction over several calls, and never sends a second one (T31, T41)", async () => {
    const { client, executor, order } = await prepare({ receiptTimeoutMs: 50 });
    const { test } = world().clients;
    await test.setAutomine(false);
    const first = await executor.execute(order);
    expect(first.outcome).to.equal("in-flight");
    expect(await executor.execute(order)).to.deep.equal(first);
    expect(await sent(client)).to.equal(1);
    await test.mine({ blocks: 1 });
    expect((await executor.execute(order)).outcome).to.equal("filled");
    expect(await sent(client)).to.equal(0);
    await test.setAutomine(true);
  });

  it("reports a transaction that was mined and failed", async () => {
    const { executor, order } = await prepare();
    const { test } = world().clients;
    await test.setAutomine(false);
    const execution = executor.execute(order);
    await banVenueFirst(world(), order);
    await test.mine({ blocks: 1 });
    await test.setAutomine(true);
    const ended = await execution;
    expect(ended.outcome).to.equal("reverted");
    expect("gasUsed" in ended && ended.gasUsed > 0n).to.equal(true);
  });

  it("does not believe a receipt without the desk's event", async () => {
    const mute = await prepare();
    const client: Reader = {
      ...mute.client,
      waitForTransactionReceipt: async (args) => ({ ...(await mute.client.waitForTransactionReceipt(args)), logs: [] }),
    };
    const { executor, order } = await prepare({ client });
    expect(await executor.execute(order)).to.deep.include({
      outcome: "unexpected",
      problem: "its receipt has no Rebalanced event of the desk",
    });
  });

  it("sends nothing after the order's deadline", async () => {
    const { client, executor, order } = await prepare();
    await world().clients.test.increaseTime({ seconds: 600 });
    await world().clients.test.mine({ blocks: 1 });
    const block = await client.getBlockNumber();
    const execution = await executor.execute(order);
    expect(execution).to.have.nested.property("revert.name", "DeadlinePassed");
    expect(await client.getBlockNumber()).to.equal(block);
  });
});

/** Transactions of the keeper that are not mined. */
async function sent(client: Reader): Promise<number> {
  const [mined, known] = await Promise.all([
    client.getTransactionCount({ address: KEEPER, blockTag: "latest" }),
    client.getTransactionCount({ address: KEEPER, blockTag: "pending" }),
  ]);
  return known - mined;
}

/** Once the keeper's transaction waits to be mined, bans its venue in front of it. */
async function banVenueFirst({ clients, keel }: DeployedFork, { venue }: Order): Promise<void> {
  while ((await sent(clients.public)) === 0) await new Promise((resolve) => setImmediate(resolve));
  const data = encodeFunctionData({ abi: hedgeDeskAbi, functionName: "setVenue", args: [venue, false] });
  const price = { maxFeePerGas: parseGwei("500"), maxPriorityFeePerGas: parseGwei("400") };
  await clients.wallet.sendTransaction({ account: GOVERNOR, to: keel.desk.address, data, chain: null, ...price });
}
