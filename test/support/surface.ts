import type { BaseContract, ContractRunner, ContractTransactionResponse } from "ethers";
import hre from "hardhat";
import { wad } from "../reference/options.ts";

export const DAY = 86_400;
export const YEAR = 31_536_000;
export const START = 1_800_000_000;
const KEEPER_ROLE = 1n;

export const LIMITS = {
  minVol: wad("0.05"),
  maxVol: wad("4"),
  maxSkew: wad("0.95"),
  maxCarry: wad("1"),
  maxVolStep: wad("0.1"),
  maxSkewStep: wad("0.2"),
  maxWingStep: wad("0.3"),
  maxCarryStep: wad("0.05"),
  maxCurvature: wad("10000"),
  minInterval: 60n,
  maxAge: 3_600n,
  maxTenor: BigInt(2 * YEAR),
  maxExpiries: 4n,
  maxFollow: wad("0.12"),
  maxForwardMove: wad("0.0005"),
  followWindow: BigInt(DAY),
};

export interface Slice {
  atmVol: bigint;
  skew: bigint;
  curvature: bigint;
  carry: bigint;
}

type Transaction = Promise<ContractTransactionResponse>;

/** contracts/VolSurface.sol, typed. */
export type Surface = Omit<BaseContract, "connect"> & {
  post(expiries: readonly number[], slices: readonly Slice[]): Transaction;
  setLimits(limits: typeof LIMITS): Transaction;
  limits(): Promise<typeof LIMITS>;
  version(): Promise<bigint>;
  quoted(expiry: number): Promise<{ posted: Slice; anchor: Slice; updatedAt: bigint; lags: boolean; frozen: boolean }>;
  freeze(): Transaction;
  advance(expiries: readonly number[], portions: readonly bigint[]): Transaction;
  moveOf(expiry: number): Promise<[from: Slice, to: Slice]>;
  sliceOf(expiry: number): Promise<[slice: Slice, updatedAt: bigint]>;
  expiries(): Promise<bigint[]>;
  isStale(expiry: number): Promise<boolean>;
  forward(expiry: number, spot: bigint): Promise<bigint>;
  impliedVol(expiry: number, strike: bigint, spot: bigint): Promise<bigint>;
  totalVariance(expiry: number, strike: bigint, spot: bigint): Promise<bigint>;
  connect(runner: ContractRunner): Surface;
};

export const slice = (atmVol: string, skew = "0", curvature = "1", carry = "0"): Slice => ({
  atmVol: wad(atmVol),
  skew: wad(skew),
  curvature: wad(curvature),
  carry: wad(carry),
});

const connection = await hre.network.create();
const { ethers } = connection;
export const { networkHelpers } = connection;

/** A surface whose governor deployed it and whose keeper may post. */
async function deploy() {
  const [governor, keeper, stranger] = await ethers.getSigners();
  if ((await networkHelpers.time.latest()) < START) await networkHelpers.time.increaseTo(START);
  const manager = await ethers.deployContract("AccessManager", [governor!.address]);
  const authority = await manager.getAddress();
  const surface = (await ethers.deployContract("VolSurface", [authority, LIMITS])) as unknown as Surface;
  const post = surface.interface.getFunction("post")!.selector;
  await manager.getFunction("setTargetFunctionRole")(await surface.getAddress(), [post], KEEPER_ROLE);
  await manager.getFunction("grantRole")(KEEPER_ROLE, keeper!.address, 0);
  return { surface, asKeeper: surface.connect(keeper!), stranger: stranger! };
}

/** An empty surface with whoever lets its references follow: test/harness/SurfaceFollower.sol. */
async function deployFollowed() {
  const world = await deploy();
  const follower = await ethers.deployContract("SurfaceFollower", [await world.surface.getAddress()]);
  await world.surface.getFunction("setVault")(await follower.getAddress());
  return { ...world, follower };
}

/** Two slices, a month and a year ahead, as most tests need them. */
async function deployWithSlices() {
  const world = await deploy();
  const near = START + 30 * DAY;
  const far = START + YEAR;
  await world.asKeeper.post([near, far], [slice("0.6", "-0.2", "3"), slice("0.7", "-0.2", "1.5")]);
  return { ...world, near, far };
}

export const emptySurface = () => networkHelpers.loadFixture(deploy);
export const followedSurface = () => networkHelpers.loadFixture(deployFollowed);
export const postedSurface = () => networkHelpers.loadFixture(deployWithSlices);
