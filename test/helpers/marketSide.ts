import { type Abi, type Address, parseEther } from "viem";
import { link } from "../../deployments/link.ts";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import { dealUsdc } from "../../simulator/chain/deal.ts";
import type { Leg } from "../../sdk/actions/trading.ts";
import { errorsAbi } from "../../sdk/abi/errors.ts";
import { GOVERNOR, type KeelWorld, LP_DEPOSIT } from "./keelWorld.ts";
import type { Fork } from "./localFork.ts";

export const GUARDIAN: Address = devAccount(DEV_ROLES.guardian).address;
export const NO_LIMIT = 2n ** 200n;

export const buy = (id: bigint, contracts: number): Leg => ({ id, quantity: parseEther(String(contracts)) });
export const sell = (id: bigint, contracts: number): Leg => ({ id, quantity: -parseEther(String(contracts)) });

/** A contract of test/harness with every error that Keel's contracts know. */
export interface Harness {
  readonly address: Address;
  readonly abi: Abi;
}

/** Deploys a contract of test/harness and gives it USDC of its own. */
export async function deployHarness(fork: Fork, name: string, args: readonly unknown[] = []): Promise<Harness> {
  const { clients, protocols } = fork;
  const code = compiled(`test/harness/${name}`);
  const address = await deployContract(
    { public: clients.public, wallet: clients.wallet, account: GOVERNOR },
    code,
    args,
  );
  await dealUsdc(clients, protocols.usdc, address, 2n * LP_DEPOSIT);
  return { address, abi: [...code.abi, ...errorsAbi] };
}

/** Deploys one more vault on `asset`, with the libraries, oracle, surface and limits of the world's own, and no modules. */
export async function deployVault({ clients, keel }: Fork & KeelWorld, asset: Address): Promise<Address> {
  const { accessManager, priceOracle, volSurface, ...rest } = keel.contracts;
  const libraries = Object.fromEntries(
    Object.entries(rest).map(([name, address]) => [name.charAt(0).toUpperCase() + name.slice(1), address]),
  );
  const limits = await clients.public.readContract({ ...keel.vault, functionName: "limits" });
  return deployContract(
    { public: clients.public, wallet: clients.wallet, account: GOVERNOR },
    link(compiled("contracts/OptionVault"), libraries),
    [accessManager, asset, priceOracle, volSurface, limits, "Bare", "BARE"],
  );
}

/** What tests of the market ask and change, of a world that they are given later. */
export function marketSide(world: () => Fork & KeelWorld) {
  const vault = () => ({ address: world().keel.vault.address, abi: world().keel.vault.abi as Abi });
  const market = () => ({ address: world().keel.market.address, abi: world().keel.market.abi as Abi });
  const readVault = <T = bigint>(functionName: string, args: readonly unknown[] = []): Promise<T> =>
    world().clients.public.readContract({ ...vault(), functionName, args }) as Promise<T>;
  const readMarket = <T = bigint>(functionName: string, args: readonly unknown[] = []): Promise<T> =>
    world().clients.public.readContract({ ...market(), functionName, args }) as Promise<T>;
  const callVault = (from: Address, functionName: string, args: readonly unknown[] = []) =>
    world().keel.write(from, { ...vault(), functionName, args });
  const callMarket = (from: Address, functionName: string, args: readonly unknown[]) =>
    world().keel.write(from, { ...market(), functionName, args });
  const desk = () => ({ address: world().keel.desk.address, abi: world().keel.desk.abi as Abi });
  const callDesk = (functionName: string, args: readonly unknown[] = [], from: Address = GOVERNOR) =>
    world().keel.write(from, { ...desk(), functionName, args });
  const now = async () => (await world().clients.public.getBlock()).timestamp;

  return {
    readVault,
    readMarket,
    now,
    held: (account: Address, id: bigint) => readMarket("balanceOf", [account, id]),

    /** Lets time pass. */
    async wait(seconds: number): Promise<void> {
      await world().clients.test.increaseTime({ seconds });
      await world().clients.test.mine({ blocks: 1 });
    },

    /** Call the market and the vault from an account; a revert carries its error. */
    callMarket,
    callVault,

    /** Calls the desk, as its doors for anyone may be. */
    callDesk,

    /** Goes past the end of the epoch at this price, renews the surface and processes the epoch. */
    async nextEpoch(price = 3000) {
      const endsAt = await readVault("epochEndsAt");
      await world().market.moveTo(price, { at: Number(endsAt) + 1, forceRound: true });
      await world().keel.renewSurface();
      return world().keel.processEpoch();
    },

    /** Changes some of the limits. */
    async setLimits(changes: Readonly<Record<string, number | bigint>>): Promise<void> {
      const limits = await readVault<Record<string, number | bigint>>("limits");
      await callVault(GOVERNOR, "setLimits", [{ ...limits, ...changes }]);
    },

    /** Changes some of the pricing parameters. */
    async setPricing(changes: Readonly<Record<string, unknown>>): Promise<void> {
      const pricing = await readMarket<Record<string, unknown>>("pricing");
      await callMarket(GOVERNOR, "setPricing", [{ ...pricing, ...changes }]);
    },
  };
}
