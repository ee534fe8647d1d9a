import { expect } from "chai";
import hre from "hardhat";
import { type Address, parseAbi, zeroAddress } from "viem";
import { assertPoolMemory } from "../../keeper/chain/poolMemory.ts";
import { UserError } from "../../sdk/userError.ts";
import { type KeelAddresses, deployKeel } from "../../deployments/keel.ts";
import { ensurePoolMemory } from "../../deployments/oracleSources.ts";
import { DEFAULT_PARAMETERS } from "../../deployments/parameters.ts";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { connectKeel } from "../../simulator/chain/keel.ts";
import { GOVERNOR, KEEPER } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";

const poolAbi = parseAbi([
  "function slot0() view returns (uint160, int24, uint16, uint16, uint16 ordered, uint8, bool)",
]);

describe("Deploying Keel", () => {
  const world = useFork();

  /** Deploys, but loses power after `steps` steps. */
  async function deploy(existing: Partial<Record<string, Address>>, steps = Infinity) {
    const { clients, protocols } = world();
    const done: { steps: string[]; contracts: Partial<KeelAddresses> } = { steps: [], contracts: {} };
    const sender = { public: clients.public, wallet: clients.wallet, account: GOVERNOR };
    const result = await deployKeel(sender, {
      protocols,
      parameters: DEFAULT_PARAMETERS,
      holders: { KEEPER: [KEEPER] },
      existing,
      onStep: (step, contracts) => {
        done.steps.push(step);
        done.contracts = { ...contracts };
        if (done.steps.length >= steps) throw new Error("power lost");
      },
    }).catch((error: Error) => {
      if (error.message !== "power lost") throw error;
    });
    return { ...done, result };
  }

  const nonce = () => world().clients.public.getTransactionCount({ address: GOVERNOR });

  it("is finished by a second run, wherever the first one stopped", async () => {
    const { clients } = world();
    const whole = await deploy({});
    expect(whole.result).to.not.equal(undefined);
    const total = whole.steps.length;
    for (const stop of [1, 4, 7, 8, 12, total - 1]) {
      const snapshot = await clients.test.snapshot();
      const start = await nonce();
      const broken = await deploy({}, stop);
      expect(broken.result).to.equal(undefined);
      const { result } = await deploy(broken.contracts);
      expect(result, `stopped after step ${stop}`).to.not.equal(undefined);
      expect((await nonce()) - start, "no transaction is sent twice").to.equal(total);
      await clients.test.revert({ id: snapshot });
    }
  });

  it("sends nothing when everything is there", async () => {
    const { result } = await deploy({});
    const before = await nonce();
    const again = await deploy({ ...result });
    expect(again.result).to.deep.equal(result);
    expect(await nonce()).to.equal(before);
  });

  it("T66: lets the oracle's pool remember the whole window of its average, and asks once", async () => {
    const { clients, protocols } = world();
    const pool = { address: protocols.uniswap.pools["500"], abi: poolAbi, functionName: "slot0" } as const;
    const ordered = async () => (await clients.public.readContract(pool))[4];
    const parameters = { ...DEFAULT_PARAMETERS, oracle: { ...DEFAULT_PARAMETERS.oracle, twapWindow: 300 } };
    const sender = { public: clients.public, wallet: clients.wallet, account: GOVERNOR };
    expect(await ordered()).to.be.below(302);
    expect(await ensurePoolMemory(sender, pool.address, parameters)).to.equal(true);
    expect(await ordered()).to.equal(302);
    expect(await ensurePoolMemory(sender, pool.address, parameters)).to.equal(false);
    const result = await deployKeel(sender, { protocols, parameters, holders: { KEEPER: [KEEPER] } });
    expect(await assertPoolMemory(clients.public, result.priceOracle)).to.include("and 302 soon");
  });

  it("T66: keel doctor asks for more when the pool remembers too little", async () => {
    const { clients, protocols } = world();
    const parameters = { ...DEFAULT_PARAMETERS, oracle: { ...DEFAULT_PARAMETERS.oracle, twapWindow: 300 } };
    const sender = { public: clients.public, wallet: clients.wallet, account: GOVERNOR };
    const { feed, weth, usdc, uniswap } = protocols;
    const { maxAge, lastResortAge, twapWindow } = parameters.oracle;
    const args = [feed, uniswap.pools["500"], weth, usdc, maxAge, lastResortAge, twapWindow, zeroAddress, 0];
    const oracle = await deployContract(sender, compiled("contracts/PriceOracle"), args);
    const error = await assertPoolMemory(clients.public, oracle).catch((reason: Error) => reason);
    expect(error).to.be.instanceOf(UserError);
    expect((error as Error).message).to.include("increaseObservationCardinalityNext(302)");
  });

  it("connects vault, market and desk", async () => {
    const { clients, protocols } = world();
    const { result } = await deploy({});
    if (!result) throw new Error("The deployment did not finish.");
    const keel = connectKeel(clients, protocols, result);
    const read = clients.public.readContract;
    expect(await read({ ...keel.vault, functionName: "market" })).to.equal(result.optionMarket);
    expect(await read({ ...keel.vault, functionName: "desk" })).to.equal(result.hedgeDesk);
    expect(await read({ ...keel.desk, functionName: "isVenue", args: [result.uniswapV3Venue] })).to.equal(true);
  });

  it("stays below the size limit of EIP-170 with every contract", async function () {
    if (hre.globalOptions.coverage) {
      console.log("      skipped: contracts measured for coverage are larger than the real ones");
      this.skip();
    }
    const { clients } = world();
    const { result } = await deploy({});
    for (const [name, address] of Object.entries(result ?? {})) {
      const code = await clients.public.getCode({ address: address as Address });
      expect(((code?.length ?? 0) - 2) / 2, name).to.be.within(1, 24_576);
    }
  });
});
