import { type Address, parseAbi, toFunctionSelector } from "viem";
import { UserError } from "../../sdk/userError.ts";
import { hedgeDeskAbi } from "../../sdk/abi/hedgeDesk.ts";
import type { Reader } from "./clients.ts";
import type { KeelContracts } from "../../sdk/contracts.ts";

const accessManagerAbi = parseAbi([
  "function canCall(address caller, address target, bytes4 selector) view returns (bool immediate, uint32 delay)",
]);

/**
 * Makes sure that `account` can work as a keeper: it has ether for gas and may rebalance at once.
 * @throws UserError saying what it lacks.
 */
export async function assertKeeper(
  client: Reader,
  contracts: KeelContracts,
  account: Address,
  network: string,
): Promise<void> {
  const rebalance = hedgeDeskAbi.find((item) => item.type === "function" && item.name === "rebalance");
  if (rebalance?.type !== "function") throw new Error("The desk's ABI has no rebalance.");
  const [balance, [mayRebalance]] = await Promise.all([
    client.getBalance({ address: account }),
    client.readContract({
      address: contracts.accessManager,
      abi: accessManagerAbi,
      functionName: "canCall",
      args: [account, contracts.desk.address, toFunctionSelector(rebalance)],
    }),
  ]);
  if (!mayRebalance) {
    throw new UserError(
      `The account ${account} has no KEEPER role on ${network}. ` +
        "Use the keeper's key, or have the admin grant the role with AccessManager.grantRole.",
    );
  }
  if (balance === 0n) {
    throw new UserError(`The keeper ${account} has no ether on ${network} to pay for gas. Send it some and try again.`);
  }
}
