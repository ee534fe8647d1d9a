import { expect } from "chai";
import { type Address, encodeFunctionData, erc20Abi, maxUint256, parseAbi } from "viem";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import { send } from "../../simulator/chain/clients.ts";
import { dealUsdc } from "../../simulator/chain/deal.ts";
import { useFork } from "../helpers/localFork.ts";
import { signPermit } from "../helpers/permits.ts";
import { balanceOf } from "../helpers/tokens.ts";

const abi = parseAbi([
  "function masterMinter() view returns (address)",
  "function configureMinter(address minter, uint256 allowance)",
  "function mint(address to, uint256 amount)",
  "function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)",
]);

describe("The local chain's USDC", () => {
  const world = useFork();
  const holder = devAccount(DEV_ROLES.traders[0]);
  const stranger: Address = devAccount(DEV_ROLES.traders[1]).address;

  const call = (from: Address, data: `0x${string}`): Promise<string> =>
    send(world().clients, { from, to: world().protocols.usdc, data }).then(
      () => "done",
      (error: Error) => error.message,
    );
  const mint = (amount: bigint) => encodeFunctionData({ abi, functionName: "mint", args: [stranger, amount] });
  const configure = (amount: bigint) =>
    encodeFunctionData({ abi, functionName: "configureMinter", args: [stranger, amount] });

  it("is minted by a configured minter, up to the allowance", async () => {
    const { clients, protocols } = world();
    const before = await balanceOf(clients, protocols.usdc, stranger);
    const master = await clients.public.readContract({ address: protocols.usdc, abi, functionName: "masterMinter" });
    expect(await call(stranger, mint(1n))).to.match(/MintAllowanceExceeded|reverted/);
    expect(await call(master, configure(10n))).to.equal("done");
    expect(await call(stranger, mint(6n))).to.equal("done");
    expect(await call(stranger, mint(5n))).to.match(/MintAllowanceExceeded|reverted/);
    expect(await balanceOf(clients, protocols.usdc, stranger)).to.equal(before + 6n);
  });

  it("lets only the master minter configure minters", async () => {
    expect(await call(stranger, configure(10n))).to.match(/OwnableUnauthorizedAccount|reverted/);
  });

  it("is dealt by minting, so that the total supply stays the sum of balances", async () => {
    const { clients, protocols } = world();
    const supply = () =>
      clients.public.readContract({ address: protocols.usdc, abi: erc20Abi, functionName: "totalSupply" });
    const before = await supply();
    await dealUsdc(clients, protocols.usdc, stranger, 1_000_000n);
    expect(await supply()).to.equal(before + 1_000_000n);
  });

  it("takes an approval by signature (ERC-2612), once", async () => {
    const { clients, protocols } = world();
    const terms = { spender: stranger, value: 77n, nonce: 0n, deadline: maxUint256 };
    const { v, r, s } = await signPermit(holder, protocols.usdc, terms);
    const args = [holder.address, stranger, 77n, maxUint256, v, r, s] as const;
    const permit = encodeFunctionData({ abi, functionName: "permit", args });
    expect(await call(stranger, permit)).to.equal("done");
    const allowance = await clients.public.readContract({
      address: protocols.usdc,
      abi: erc20Abi,
      functionName: "allowance",
      args: [holder.address, stranger],
    });
    expect(allowance).to.equal(77n);
    expect(await call(stranger, permit)).to.match(/ERC2612InvalidSigner|reverted/);
  });
});
