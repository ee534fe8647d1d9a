import { expect } from "chai";
import { type Address, type Hex, encodeFunctionData, erc20Abi, parseAbi, parseEther, parseUnits } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { dealUsdc } from "../../simulator/chain/deal.ts";
import { TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { NO_LIMIT, buy, marketSide } from "../helpers/marketSide.ts";
import { signPermit } from "../helpers/permits.ts";
import { expectRevert } from "../helpers/reverts.ts";

const [, bob] = TRADERS as [Address, Address];
/** Somebody who has approved nothing, with a key that signs here. */
const signer = privateKeyToAccount(`0x${"5e".repeat(32)}`);
const FOREVER = 2n ** 40n;
const VALUE = parseUnits("10000", 6);
const permitAbi = parseAbi([
  "function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)",
  "function nonces(address owner) view returns (uint256)",
]);

describe("Trading with a permit", () => {
  const world = useFork(async (fork) => {
    const built = await keelWorld(fork);
    const { clients, protocols } = fork;
    await dealUsdc(clients, protocols.usdc, signer.address, VALUE);
    await clients.test.setBalance({ address: signer.address, value: parseEther("10") });
    await clients.test.impersonateAccount({ address: signer.address });
    return built;
  });
  const side = marketSide(world);

  async function signed(spender: Address, deadline = FOREVER) {
    const { clients, protocols } = world();
    const usdc = { address: protocols.usdc, abi: permitAbi } as const;
    const nonce = await clients.public.readContract({ ...usdc, functionName: "nonces", args: [signer.address] });
    return { deadline, ...(await signPermit(signer, protocols.usdc, { spender, value: VALUE, nonce, deadline })) };
  }

  /** Permit and purchase in one transaction. */
  function multicall(permit: { deadline: bigint; v: number; r: Hex; s: Hex }) {
    const { keel, call } = world();
    const abi = keel.market.abi;
    const { deadline, v, r, s } = permit;
    const calls = [
      encodeFunctionData({ abi, functionName: "selfPermit", args: [VALUE, deadline, v, r, s] }),
      encodeFunctionData({
        abi,
        functionName: "trade",
        args: [[buy(call(3000), 1)], NO_LIMIT, signer.address, FOREVER],
      }),
    ];
    return side.callMarket(signer.address, "multicall", [calls]);
  }

  const bought = async () => side.held(signer.address, world().call(3000));

  it("takes one transaction and no approval before it", async () => {
    await multicall(await signed(world().keel.market.address));
    expect(await bought()).to.equal(parseEther("1"));
  });

  it("is not stopped by someone who uses the signature first", async () => {
    const { keel, protocols } = world();
    const permit = await signed(keel.market.address);
    const args = [signer.address, keel.market.address, VALUE, permit.deadline, permit.v, permit.r, permit.s] as const;
    await keel.write(bob, { address: protocols.usdc, abi: permitAbi, functionName: "permit", args });
    await multicall(permit);
    expect(await bought()).to.equal(parseEther("1"));
  });

  it("names a signature that is for another spender, or late, and what is allowed without it", async () => {
    const { keel, protocols, clients } = world();
    for (const permit of [await signed(keel.vault.address), await signed(keel.market.address, 1n)]) {
      expect(await expectRevert(multicall(permit), "PermitRefused")).to.deep.equal([signer.address, VALUE, 0n]);
    }
    expect(await bought()).to.equal(0n);
    const args = [signer.address, keel.market.address] as const;
    const read = { address: protocols.usdc, abi: erc20Abi, functionName: "allowance", args } as const;
    expect(await clients.public.readContract(read)).to.equal(0n);
  });
});
