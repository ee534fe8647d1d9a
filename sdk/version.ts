import { optionVaultAbi } from "./abi/optionVault.ts";
import type { KeelReader } from "./client.ts";
import { UserError } from "./userError.ts";

/** What this sdk speaks: `IOptionVault.version`. */
export const VERSION = "1.0";

/**
 * Makes sure that the contracts mean what this sdk takes them to mean.
 * @throws UserError when they are of another major version.
 */
export async function requireVersion(
  client: Pick<KeelReader["public"], "readContract">,
  vault: `0x${string}`,
): Promise<void> {
  const theirs = await client.readContract({ address: vault, abi: optionVaultAbi, functionName: "version" });
  if (majorOf(theirs) === majorOf(VERSION)) return;
  throw new UserError(
    `The contracts at ${vault} are of version ${theirs}, and this program speaks ${VERSION}. Use the release that was made for them.`,
  );
}

function majorOf(version: string): string {
  return version.split(".")[0] ?? version;
}
