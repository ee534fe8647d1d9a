import hre from "hardhat";
import { type Address, type Hash, type Hex, encodeFunctionData, parseAbi, parseEther, parseEventLogs } from "viem";
import { type Intent, plan } from "../../../../keeper/execution/intent.ts";
import { chainViewOf } from "../../../../keeper/execution/chainView.ts";
import type { ChainView, Signer, Urgency, VerifyEffect } from "../../../../keeper/execution/ports.ts";
import { DEV_ROLES, devAccount } from "../../../../simulator/chain/accounts.ts";
import { deploy, weth9Artifact } from "../../../../simulator/chain/artifacts.ts";
import { type ChainClients, clientsOf } from "../../../../simulator/chain/clients.ts";

/** What an intent of these tests buys: the smallest thing with an effect that adds up when it is done twice. */
export const CLIP = parseEther("1");
export const SLOT = "hedge:WETH/USDC";
const GWEI = 10n ** 9n;
const CALM_BASE_FEE = GWEI;
const BLOCK_SECONDS = 12;

const weth9 = parseAbi([
  "event Deposit(address indexed dst, uint256 wad)",
  "function deposit() payable",
  "function withdraw(uint256 wad)",
]);

/** An empty chain with the real WETH9 on it, whose blocks come when the test says so. */
export interface BareChain {
  readonly clients: ChainClients;
  readonly view: ChainView;
  readonly weth: Address;
  readonly keeper: Signer;
  /** What the intents' effects add up to at the newest block. */
  held(): Promise<bigint>;
  /** Mined deposits of the keeper, in all blocks. */
  deposits(): Promise<number>;
  /** Mines one block; with a base fee that keeps everything out that pays less. */
  mine(baseFee?: bigint): Promise<void>;
  /** Takes the last `depth` blocks off the chain and puts one more than that in their place, with what `refill` mines. */
  reorganise(depth: number, refill?: () => Promise<void>): Promise<void>;
  /** Makes the node forget a transaction that waits. */
  drop(hash: Hash): Promise<void>;
  waiting(): Promise<Hash[]>;
  /** Everything back to how it was when the chain was made. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export async function startBareChain(): Promise<BareChain> {
  const connection = await hre.network.create({ network: "devnet", override: { loggingEnabled: false } });
  const clients = clientsOf(connection.provider);
  const { test, public: reader } = clients;
  const weth = await deploy(clients, devAccount(DEV_ROLES.protocols).address, weth9Artifact());
  await test.setAutomine(false);
  const account = devAccount(DEV_ROLES.keeper);
  const keeper: Signer = { address: account.address, signTransaction: (tx) => account.signTransaction(tx) };
  /** Snapshot from before each block, newest last. */
  let before: { readonly id: Hex; readonly block: bigint }[] = [];
  await test.setNextBlockBaseFeePerGas({ baseFeePerGas: CALM_BASE_FEE });
  await test.mine({ blocks: 1 });
  let clean = await test.snapshot();

  async function mine(baseFee = CALM_BASE_FEE): Promise<void> {
    before.push({ id: await test.snapshot(), block: await reader.getBlockNumber() });
    await test.setNextBlockBaseFeePerGas({ baseFeePerGas: baseFee });
    await test.increaseTime({ seconds: BLOCK_SECONDS });
    await test.mine({ blocks: 1 });
  }

  async function reorganise(depth: number, refill?: () => Promise<void>): Promise<void> {
    const target = (await reader.getBlockNumber()) - BigInt(depth);
    const index = before.findIndex(({ block }) => block === target);
    const snapshot = before[index];
    if (!snapshot) throw new RangeError(`The test has not mined ${depth} blocks yet.`);
    await test.revert({ id: snapshot.id });
    before = before.slice(0, index);
    await test.increaseTime({ seconds: 1 }); // other times make other blocks
    if (refill) await refill();
    while ((await reader.getBlockNumber()) <= target + BigInt(depth)) await mine();
  }

  async function waiting(): Promise<Hash[]> {
    const { transactions } = await reader.getBlock({ blockTag: "pending" });
    return [...transactions];
  }

  return {
    clients,
    view: chainViewOf(reader),
    weth,
    keeper,
    held: () =>
      reader.readContract({
        address: weth,
        abi: parseAbi(["function balanceOf(address) view returns (uint256)"]),
        functionName: "balanceOf",
        args: [keeper.address],
      }),
    async deposits() {
      const args = { dst: keeper.address };
      return (await reader.getLogs({ address: weth, event: weth9[0], args, fromBlock: 0n })).length;
    },
    mine,
    reorganise,
    drop: (hash) => test.dropTransaction({ hash }),
    waiting,
    async reset() {
      await test.revert({ id: clean });
      clean = await test.snapshot();
      before = [];
    },
    close: () => connection.close(),
  };
}

/** An order to wrap ether, whose receipt must show exactly that. */
export function depositOf(
  { weth, keeper }: Pick<BareChain, "weth" | "keeper">,
  id: string,
  options: {
    readonly urgency?: Urgency;
    readonly expiresAt?: number;
    readonly slot?: string;
    readonly amount?: bigint;
    /** Asks for something that the contract refuses instead. */
    readonly isHopeless?: boolean;
  } = {},
): Intent {
  const { urgency = "routine", expiresAt, slot = SLOT, amount = CLIP, isHopeless = false } = options;
  const data = isHopeless
    ? encodeFunctionData({ abi: weth9, functionName: "withdraw", args: [amount] })
    : encodeFunctionData({ abi: weth9, functionName: "deposit" });
  return plan({
    id,
    chainId: 31337,
    account: keeper.address,
    slot,
    urgency,
    call: { to: weth, data, value: isHopeless ? 0n : amount },
    expected: { amount },
    expiresAt,
  });
}

/** Compares the event with the order. */
export const verifyDeposit: VerifyEffect = ({ expected }, { logs }) => {
  const [event] = parseEventLogs({ abi: weth9, logs: [...logs], eventName: "Deposit" });
  const { amount } = expected as { amount: bigint };
  if (event?.args.wad === amount) return { kind: "effected", details: { amount } };
  return { kind: "unexpected", problem: `it deposited ${event?.args.wad ?? "nothing"}, not ${amount}` };
};
