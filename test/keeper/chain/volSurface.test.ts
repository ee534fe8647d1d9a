import { expect } from "chai";
import hre from "hardhat";
import { fromOnChainSlice, toOnChainSlice } from "../../../sdk/slice.ts";
import { readDeribitChain } from "../../../keeper/feeds/deribitChain.ts";
import { type OptionChain, calibrate } from "../../../sdk/pricing/calibration/index.ts";
import { surfaceForward, surfaceOf, surfaceVol } from "../../../sdk/pricing/index.ts";
import { DEFAULT_PARAMETERS } from "../../../deployments/parameters.ts";
import { wad } from "../../reference/options.ts";
import type { Surface } from "../../support/surface.ts";
import { sharedDataOrSkip } from "../../support/sharedData.ts";
import { syntheticChain } from "../../support/syntheticChain.ts";

/** Both sides round what they are given; the vols then differ by less than this, relatively. */
const TWIN_GAP = 1e-12;
const STRIKES = [600, 1500, 2200, 3000, 8000];

describe("A calibrated surface, on-chain", () => {
  it("is accepted and gives the same vols: a synthetic chain", async () => {
    expect(await postAndCompare(syntheticChain())).to.equal(5);
  });

  it("is accepted and gives the same vols: Deribit's ether options of 8 January 2024", async function () {
    const chain = await readDeribitChain(sharedDataOrSkip(this, "deribit-eth-options-2024-01-08.csv"));
    expect(await postAndCompare(chain)).to.equal(11);
  });
});

/** Calibrates, posts to a new VolSurface with Keel's own limits at the chain's own time, and compares vols. */
async function postAndCompare(chain: OptionChain): Promise<number> {
  const { fits } = calibrate(chain);
  const surface = await deployAt(chain.at);
  await surface.post(
    fits.map(({ expiry }) => expiry),
    fits.map(({ slice }) => toOnChainSlice(slice)),
  );
  const twin = surfaceOf(fits);
  const spot = wad(chain.spot);
  for (const { expiry, slice } of fits) {
    const [stored] = await surface.sliceOf(expiry);
    expect(fromOnChainSlice(stored)).to.deep.equal(slice);
    // At the slice, and some hours before it, between two slices.
    for (const time of [expiry, expiry - 20_000]) {
      const forward = surfaceForward(twin, time - chain.at, Number(spot) / 1e18);
      expectNear(await surface.forward(time, spot), forward);
      for (const strike of STRIKES) {
        const onChain = await surface.impliedVol(time, wad(strike), spot);
        expectNear(onChain, surfaceVol(twin, time - chain.at, Math.log(strike / forward)));
      }
    }
  }
  return fits.length;
}

/** A surface whose next block is at `time`, posted to by its governor. */
async function deployAt(time: number): Promise<Surface> {
  const override = { initialDate: new Date((time - 3600) * 1000) };
  const { ethers, networkHelpers } = await hre.network.create({ network: "devnet", override });
  const [governor] = await ethers.getSigners();
  if (!governor) throw new Error("A development chain has accounts.");
  const manager = await ethers.deployContract("AccessManager", [governor.address]);
  const surface = await ethers.deployContract("VolSurface", [await manager.getAddress(), DEFAULT_PARAMETERS.surface]);
  await networkHelpers.time.setNextBlockTimestamp(time);
  return surface as unknown as Surface;
}

function expectNear(onChain: bigint, own: number): void {
  expect(Math.abs(Number(onChain) / 1e18 / own - 1), `${onChain} on-chain, ${own} here`).to.be.below(TWIN_GAP);
}
