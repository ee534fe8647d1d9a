import type { Abi, Address } from "viem";
import { errorsAbi } from "./abi/errors.ts";
import { hedgeDeskAbi } from "./abi/hedgeDesk.ts";
import { lensAbi } from "./abi/lens.ts";
import { optionMarketAbi } from "./abi/optionMarket.ts";
import { optionVaultAbi } from "./abi/optionVault.ts";
import { priceOracleAbi } from "./abi/priceOracle.ts";
import { volSurfaceAbi } from "./abi/volSurface.ts";
import type { Deployment } from "./deployment.ts";
import { UserError } from "./userError.ts";

/** Keel's contracts on one chain, ready for viem's calls. */
export interface KeelContracts {
  readonly accessManager: Address;
  readonly venue: Address;
  readonly oracle: { readonly address: Address; readonly abi: typeof priceOracleAbi };
  readonly surface: { readonly address: Address; readonly abi: typeof volSurfaceAbi };
  readonly vault: { readonly address: Address; readonly abi: typeof optionVaultAbi };
  readonly market: { readonly address: Address; readonly abi: typeof optionMarketAbi };
  readonly lens: { readonly address: Address; readonly abi: typeof lensAbi };
  readonly desk: { readonly address: Address; readonly abi: typeof hedgeDeskAbi };
}

/**
 * Keel's contracts out of a deployment file.
 * @throws UserError when Keel is not deployed on that network.
 */
export function contractsOf({ network, contracts = {} }: Pick<Deployment, "network" | "contracts">): KeelContracts {
  const at = (name: string): Address => {
    const address = contracts[name];
    if (address !== undefined) return address;
    throw new UserError(
      `Keel is not deployed on ${network}: its deployment file has no contracts.${name}. ` +
        `Deploy it with "npm run deploy -- --network ${network}".`,
    );
  };
  return {
    accessManager: at("accessManager"),
    venue: at("uniswapV3Venue"),
    oracle: { address: at("priceOracle"), abi: withErrors(priceOracleAbi) },
    surface: { address: at("volSurface"), abi: withErrors(volSurfaceAbi) },
    vault: { address: at("optionVault"), abi: withErrors(optionVaultAbi) },
    market: { address: at("optionMarket"), abi: withErrors(optionMarketAbi) },
    lens: { address: at("lens"), abi: withErrors(lensAbi) },
    desk: { address: at("hedgeDesk"), abi: withErrors(hedgeDeskAbi) },
  };
}

/** An error of a contract further in comes through any call: with all of them, viem can name it. */
function withErrors<const abi extends Abi>(abi: abi): abi {
  return [...abi, ...errorsAbi] as unknown as abi;
}
