import { type Address, encodeFunctionData, parseAbi } from "viem";
import { type ChainClients, send } from "./clients.ts";

const fiatTokenAbi = parseAbi([
  "function masterMinter() view returns (address)",
  "function configureMinter(address minter, uint256 allowance)",
  "function mint(address to, uint256 amount)",
]);
const wethAbi = parseAbi(["function deposit() payable", "function transfer(address to, uint256 amount)"]);

const GAS_MONEY = 10n ** 18n;

/** Runs `action` while `account` is unlocked and can pay for gas. */
export async function impersonate<T>(clients: ChainClients, account: Address, action: () => Promise<T>): Promise<T> {
  const balance = await clients.public.getBalance({ address: account });
  if (balance < GAS_MONEY) await clients.test.setBalance({ address: account, value: balance + GAS_MONEY });
  await clients.test.impersonateAccount({ address: account });
  try {
    return await action();
  } finally {
    await clients.test.stopImpersonatingAccount({ address: account });
  }
}

/**
 * Mints `amount` (1e-6 USDC) to `to` the way Circle does: the master minter makes itself a minter. Works with DevUSDC and
 * on a fork of mainnet alike, and keeps the total supply right.
 */
export async function dealUsdc(clients: ChainClients, usdc: Address, to: Address, amount: bigint): Promise<void> {
  const minter = await clients.public.readContract({ address: usdc, abi: fiatTokenAbi, functionName: "masterMinter" });
  await impersonate(clients, minter, async () => {
    const allow = encodeFunctionData({ abi: fiatTokenAbi, functionName: "configureMinter", args: [minter, amount] });
    await send(clients, { from: minter, to: usdc, data: allow });
    const mint = encodeFunctionData({ abi: fiatTokenAbi, functionName: "mint", args: [to, amount] });
    await send(clients, { from: minter, to: usdc, data: mint });
  });
}

/** Gives `to` `amount` wei of new ether, wrapped. */
export async function dealWeth(clients: ChainClients, weth: Address, to: Address, amount: bigint): Promise<void> {
  const balance = await clients.public.getBalance({ address: WRAPPER });
  await clients.test.setBalance({ address: WRAPPER, value: balance + amount + GAS_MONEY });
  await impersonate(clients, WRAPPER, async () => {
    const deposit = encodeFunctionData({ abi: wethAbi, functionName: "deposit" });
    await send(clients, { from: WRAPPER, to: weth, data: deposit, value: amount });
    const transfer = encodeFunctionData({ abi: wethAbi, functionName: "transfer", args: [to, amount] });
    await send(clients, { from: WRAPPER, to: weth, data: transfer });
  });
}

/** Wraps ether on behalf of others, so that receivers' nonces and ether stay as they are. Nobody holds its key. */
const WRAPPER: Address = "0x00000000000000000000000000000000dea10000";
