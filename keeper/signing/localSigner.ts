import type { Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { UserError } from "../../sdk/userError.ts";
import type { Secret } from "../secret.ts";
import type { Signer } from "./signer.ts";

/**
 * A signer whose key is in this process.
 * @throws UserError when the key is no number that the curve has. The key is not repeated.
 */
export function localSigner(key: Secret): Signer {
  try {
    const account = privateKeyToAccount(key.reveal() as Hex);
    return {
      address: account.address,
      signTransaction: (transaction) => account.signTransaction({ type: "eip1559", ...transaction }),
    };
  } catch {
    // The cause could repeat the key.
    throw new UserError("The private key (KEEL_PRIVATE_KEY) is not valid: no account belongs to it.");
  }
}
