import {
  type Abi,
  type Address,
  type TransactionReceipt,
  encodeFunctionData,
  parseAbi,
  parseEventLogs,
  parseUnits,
} from "viem";
import { errorsAbi } from "../../sdk/abi/errors.ts";
import { optionVaultAbi } from "../../sdk/abi/optionVault.ts";
import { link } from "../../deployments/link.ts";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { type ChainClients, send } from "../../simulator/chain/clients.ts";
import { GOVERNOR, type KeelWorld } from "./keelWorld.ts";
import type { Fork } from "./localFork.ts";

/** A vault's functions by name, from any account: what tests of its standards need, and of whoever abuses it. */
export interface LpSide {
  address(): Address;
  /** Calls a view that returns one value. `from` only to show that it does not matter. */
  read<T = bigint>(functionName: string, args?: readonly unknown[], from?: Address): Promise<T>;
  /** What a call would return, without sending it. */
  simulate<T = bigint>(from: Address, functionName: string, args: readonly unknown[]): Promise<T>;
  /** Simulates, so that a revert carries its error, and sends. */
  write(from: Address, functionName: string, args: readonly unknown[]): Promise<TransactionReceipt>;
  /** Arguments of the events called `name` in a receipt. */
  events(receipt: TransactionReceipt, name: string): readonly Record<string, unknown>[];
}

/** The LPs' side of a Keel vault, with its epochs. */
export interface VaultSide extends LpSide {
  /** Goes past the end of the epoch at this price and processes it. */
  nextEpoch(price?: number): Promise<TransactionReceipt>;
  /** Goes past the end of the epoch and leaves it unprocessed. */
  endEpoch(price?: number): Promise<void>;
}

/** The vault's, and what test/harness/SharesHarness.sol has besides. */
const ABI: Abi = [
  ...optionVaultAbi,
  ...errorsAbi,
  ...parseAbi(["function setPool(uint256)", "function process(uint256)", "function pool() view returns (uint256)"]),
];

/** USDC in its own units. */
export const usdc = (dollars: number): bigint => parseUnits(dollars.toFixed(6), 6);

/** Shares in their own units. */
export const shares = (amount: number): bigint => parseUnits(amount.toFixed(18), 18);

/** A call of the vault, to be put into a multicall. */
export const encoded = (functionName: string, args: readonly unknown[]) =>
  encodeFunctionData({ abi: ABI, functionName, args });

/** The LPs' side of the vault at an address. */
export function lpSide(at: () => { clients: ChainClients; address: Address }): LpSide {
  const target = () => ({ address: at().address, abi: ABI });
  const side: LpSide = {
    address: () => at().address,

    read: <T>(functionName: string, args: readonly unknown[] = [], from?: Address) => {
      const call = { ...target(), functionName, args, ...(from && { account: from }) };
      return at().clients.public.readContract(call) as Promise<T>;
    },

    simulate: <T>(from: Address, functionName: string, args: readonly unknown[]) => {
      const call = { ...target(), functionName, args, account: from };
      return at()
        .clients.public.simulateContract(call)
        .then(({ result }) => result as T);
    },

    async write(from, functionName, args) {
      await side.simulate(from, functionName, args);
      return send(at().clients, { from, to: at().address, data: encoded(functionName, args) });
    },

    events: (receipt, name) =>
      parseEventLogs({ abi: ABI, logs: receipt.logs, eventName: name }).map(
        ({ args }) => args as unknown as Record<string, unknown>,
      ),
  };
  return side;
}

/** The LPs' side of a world's vault. */
export function vaultSide(world: () => Fork & KeelWorld): VaultSide {
  const side = lpSide(() => ({ clients: world().clients, address: world().keel.vault.address }));
  async function endEpoch(price = 3000): Promise<void> {
    const endsAt = await side.read("epochEndsAt");
    await world().market.moveTo(price, { at: Number(endsAt) + 1, forceRound: true });
  }
  async function nextEpoch(price = 3000): Promise<TransactionReceipt> {
    await endEpoch(price);
    await world().keel.renewSurface();
    return world().keel.processEpoch();
  }
  return { ...side, endEpoch, nextEpoch };
}

/** Deploys test/harness/SharesHarness.sol: the LPs' side of a vault on a pool whose worth the test sets. */
export async function deploySharesHarness({ clients, protocols }: Fork): Promise<Address> {
  const sender = { public: clients.public, wallet: clients.wallet, account: GOVERNOR };
  const EpochQueue = await deployContract(sender, compiled("contracts/libraries/EpochQueue"), []);
  const harness = link(compiled("test/harness/SharesHarness"), { EpochQueue });
  return deployContract(sender, harness, [protocols.usdc]);
}
