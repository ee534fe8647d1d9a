import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import hardhatMatchers from "@nomicfoundation/hardhat-ethers-chai-matchers";
import hardhatMocha from "@nomicfoundation/hardhat-mocha";
import hardhatNetworkHelpers from "@nomicfoundation/hardhat-network-helpers";
import { defineConfig } from "hardhat/config";
import { compilePlugin } from "./scripts/compile/plugin.ts";
import { SOLC_PATH } from "./scripts/compile/solcPath.ts";

/** The compiler, from npm. A higher `runs` makes calls cheaper and code larger. */
function solc(runs: number) {
  return {
    version: "0.8.37",
    path: SOLC_PATH,
    settings: { viaIR: true, evmVersion: "osaka", optimizer: { enabled: true, runs } },
  };
}

/** One year of hardfork history is not known to EDR for a private chain: everything is Osaka from genesis. */
const DEVNET_CHAIN = { name: "devnet", hardforkHistory: { osaka: { blockNumber: 0 } } } as const;

/** Set by `npm run test:deep`. */
const DEEP = process.env.KEEL_DEEP === "1";

/** Runs of a campaign, or of one of its parts when deep (scripts/test.ts). Measuring needs few. */
const CAMPAIGN_RUNS = Number(
  process.env.KEEL_CAMPAIGN_RUNS ?? (DEEP ? 1_000 : process.argv.includes("--coverage") ? 8 : 256),
);

/** Each part of a deep campaign has a seed of its own. */
const SEED = 0x4b65656c + Number(process.env.KEEL_CAMPAIGN_PART ?? 0);

/** What campaigns of thieves write down, see scripts/thieves.ts. */
const THIEVES = "cache/thieves.csv";

export default defineConfig({
  plugins: [hardhatMocha, hardhatEthers, hardhatMatchers, hardhatNetworkHelpers, compilePlugin],
  solidity: {
    compilers: [solc(1_000_000)],
    // These would pass the 24,576-byte limit of EIP-170 when optimised for speed alone.
    overrides: {
      "contracts/OptionVault.sol": solc(1),
      "contracts/OptionMarket.sol": solc(2_000),
      "contracts/HedgeDesk.sol": solc(1),
      "contracts/libraries/TradeEngine.sol": solc(1_000),
      // Large, and compiled for a single run of tests.
      "test/solidity/campaign/Campaign.t.sol": solc(1),
      "test/solidity/campaign/Thieves.t.sol": solc(1),
    },
    npmFilesToBuild: ["@openzeppelin/contracts/access/manager/AccessManager.sol"],
  },
  paths: { sources: ["contracts", "test/harness"], tests: { solidity: "test/solidity" } },
  networks: {
    /** A fresh chain: scripts/devnet deploys the protocols on it. */
    devnet: { type: "edr-simulated", chainId: 31337, hardfork: "osaka" },
    /** A copy of a running chain: test/helpers/localFork.ts says of which. */
    fork: { type: "edr-simulated", chainId: 31337, hardfork: "osaka" },
  },
  chainDescriptors: { 31337: DEVNET_CHAIN },
  coverage: { skipFiles: ["test/harness/**"] },
  test: {
    mocha: { timeout: 600_000 },
    solidity: {
      fuzz: { runs: DEEP ? 100_000 : 2_000, seed: `0x${SEED.toString(16)}` },
      // A campaign is runs × depth calls. Refusals that are expected are caught: any other revert is a finding.
      invariant: {
        runs: CAMPAIGN_RUNS,
        depth: 500,
        failOnRevert: true,
        shrinkRunLimit: Number(process.env.KEEL_SHRINK ?? (DEEP ? 5_000 : 200)),
      },
      fsPermissions: { readDirectory: ["artifacts", "node_modules/@uniswap"], writeFile: [THIEVES] },
    },
  },
});
