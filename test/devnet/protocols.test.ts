import { expect } from "chai";
import hre from "hardhat";
import { type Address, erc20Abi, getAddress, keccak256, parseAbi, slice } from "viem";
import type { ProtocolAddresses } from "../../sdk/deployment.ts";
import { aaveArtifact } from "../../simulator/chain/aave.ts";
import { type Artifact, weth9Artifact } from "../../simulator/chain/artifacts.ts";
import { clientsOf } from "../../simulator/chain/clients.ts";
import { feedAbi } from "../../simulator/chain/feed.ts";
import { usdcIsToken0 } from "../../simulator/chain/prices.ts";
import { deployProtocols } from "../../simulator/chain/protocols.ts";
import { coreArtifact, peripheryArtifact } from "../../simulator/chain/uniswap.ts";
import { useFork } from "../helpers/localFork.ts";

/** Hash of a pool's creation code that every Uniswap v3 deployment has; routers derive pool addresses from it. */
const POOL_INIT_CODE_HASH = "0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54";

/** Where a proxy keeps its implementation's address (ERC-1967). */
const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";

describe("The local chain's protocols", () => {
  const world = useFork();

  it("have the same addresses on every chain, at any price", async () => {
    const addresses: ProtocolAddresses[] = [];
    for (const price of [3000, 1234.5]) {
      const connection = await hre.network.create("devnet");
      addresses.push(await deployProtocols(clientsOf(connection.provider), { price }));
      await connection.close();
    }
    expect(addresses[0]).to.deep.equal(addresses[1]);
    expect(addresses[0]).to.deep.equal(world().protocols);
  });

  it("sort the pool's tokens as on mainnet: USDC first", () => {
    expect(usdcIsToken0(world().protocols)).to.equal(true);
  });

  it("describe the tokens as on mainnet", async () => {
    const { clients, protocols } = world();
    const read = (address: Address, functionName: "symbol" | "decimals") =>
      clients.public.readContract({ address, abi: erc20Abi, functionName });
    expect(await read(protocols.usdc, "symbol")).to.equal("USDC");
    expect(await read(protocols.usdc, "decimals")).to.equal(6);
    expect(await read(protocols.weth, "symbol")).to.equal("WETH");
    expect(await read(protocols.weth, "decimals")).to.equal(18);
  });

  it("run the bytecode of the npm packages, constructor arguments aside", async () => {
    const { clients, protocols } = world();
    const { uniswap, aave } = protocols;
    const originals: [Address, Artifact][] = [
      [protocols.weth, weth9Artifact()],
      [uniswap.factory, coreArtifact("UniswapV3Factory")],
      [uniswap.pools["500"], coreArtifact("UniswapV3Pool")],
      [uniswap.pools["3000"], coreArtifact("UniswapV3Pool")],
      [uniswap.positionManager, peripheryArtifact("NonfungiblePositionManager.sol/NonfungiblePositionManager")],
      [uniswap.router, peripheryArtifact("SwapRouter.sol/SwapRouter")],
      [uniswap.quoter, peripheryArtifact("lens/QuoterV2.sol/QuoterV2")],
      [aave.addressesProvider, aaveArtifact("protocol/configuration/PoolAddressesProvider")],
      [aave.dataProvider, aaveArtifact("misc/AaveProtocolDataProvider")],
      [aave.oracle, aaveArtifact("misc/AaveOracle")],
    ];
    const slot = await clients.public.getStorageAt({ address: aave.pool, slot: IMPLEMENTATION_SLOT });
    originals.push([getAddress(slice(slot ?? "0x", 12)), aaveArtifact("protocol/pool/Pool")]);
    for (const [address, { deployedBytecode }] of originals) {
      const code = await clients.public.getCode({ address });
      expectSameCode(code ?? "0x", deployedBytecode);
    }
    expect(keccak256(coreArtifact("UniswapV3Pool").bytecode)).to.equal(POOL_INIT_CODE_HASH);
  });

  it("price both of Aave's reserves in dollars, ether by the Chainlink proxy", async () => {
    const { clients, protocols } = world();
    const abi = parseAbi([
      "function getAssetPrice(address) view returns (uint256)",
      "function getSourceOfAsset(address) view returns (address)",
    ]);
    const read = (functionName: "getAssetPrice" | "getSourceOfAsset", asset: Address) =>
      clients.public.readContract({ address: protocols.aave.oracle, abi, functionName, args: [asset] });
    expect(await read("getSourceOfAsset", protocols.weth)).to.equal(protocols.feed);
    expect(await read("getAssetPrice", protocols.weth)).to.equal(3000n * 10n ** 8n);
    expect(await read("getAssetPrice", protocols.usdc)).to.equal(10n ** 8n);
    const name = await clients.public.readContract({
      address: protocols.feed,
      abi: feedAbi,
      functionName: "description",
    });
    expect(name).to.equal("ETH / USD");
  });
});

/**
 * A compiler leaves zeros where an immutable value or a library's address goes, and the constructor fills them in. So
 * wherever the deployed code differs from the artifact's, the artifact must have zeros.
 */
function expectSameCode(deployed: string, compiled: string): void {
  const original = compiled.replaceAll(/__\$\w{34}\$__/g, "0".repeat(40)); // a library that is not linked yet
  expect(deployed.length).to.equal(original.length);
  const byte = (code: string, at: number): string => code.slice(at, at + 2);
  for (let at = 2; at < original.length; at += 2) {
    if (byte(deployed, at) !== byte(original, at)) expect(byte(original, at), `byte ${at / 2 - 1}`).to.equal("00");
  }
}
