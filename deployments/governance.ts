import { type Abi, type Address, type Hex, encodeFunctionData, isAddressEqual, toFunctionSelector } from "viem";
import { UserError } from "../sdk/userError.ts";
import type { KeelParameters } from "./parameters.ts";
import { ADMIN_ROLE, HOT_ROLES, ROLES } from "./roles.ts";
import { type Sender, addressOf, call } from "./transact.ts";

/** An AccessManager on a chain. */
export interface Manager {
  readonly address: Address;
  readonly abi: Abi;
}

/** The chain id of Hardhat's chains, on which nothing of value lives. */
const DEVELOPMENT_CHAIN = 31337;

/** In the worst case an LP asks to leave just after an epoch has begun to close, and has to wait for the next one's end. */
const EPOCHS_TO_LEAVE = 2;

const LONGEST_DELAY = 2 ** 32 - 1; // what AccessManager can hold, seconds

/**
 * Functions of the AccessManager whose calls a guardian may cancel: all that its admins call but `revokeRole`, since a
 * guardian whose key is stolen must not be able to stay.
 */
const CANCELLABLE = [
  "labelRole",
  "grantRole",
  "setRoleAdmin",
  "setRoleGuardian",
  "setGrantDelay",
  "setTargetAdminDelay",
  "setTargetFunctionRole",
  "setTargetClosed",
  "updateAuthority",
] as const;

/**
 * Refuses a governor's delay in which LPs who object to a change could not leave before it. No delay at all is for
 * development chains.
 * @throws UserError
 */
export function checkDelay({ governance, limits }: KeelParameters, chainId: number): void {
  const { delay } = governance;
  const least = EPOCHS_TO_LEAVE * limits.epochLength;
  if (delay === 0 && chainId === DEVELOPMENT_CHAIN) return;
  if (delay === 0) {
    throw new UserError(
      `A governor without delay is for development chains, not for chain ${chainId}. ` +
        `Set governance.delay above ${least} seconds, the two epochs that an LP may need to leave.`,
    );
  }
  if (!Number.isInteger(delay) || delay <= least || delay > LONGEST_DELAY) {
    throw new UserError(
      `The governor's delay of ${delay} seconds does not leave LPs the time to leave before a change: that takes up to two ` +
        `epochs of ${limits.epochLength} seconds. Set governance.delay above ${least} (and at most ${LONGEST_DELAY}).`,
    );
  }
}

/** @throws UserError when the sender, who has `what` left to do, has handed administration over. */
export async function assertAdmin(sender: Sender, manager: Manager, what: string): Promise<void> {
  const { isMember, delay } = await membership(sender, manager, ADMIN_ROLE, addressOf(sender));
  if (isMember && delay === 0) return;
  throw new UserError(
    `${what} is left to do, but ${addressOf(sender)} no longer administers Keel. The governor can do it: ` +
      `schedule it on the AccessManager ${manager.address}, and execute it after the delay (docs/governance.md).`,
  );
}

/** Calls the AccessManager as its admin. @throws UserError when the sender has handed administration over. */
export async function callAsAdmin(
  sender: Sender,
  manager: Manager,
  functionName: string,
  args: readonly unknown[],
): Promise<void> {
  await assertAdmin(sender, manager, functionName);
  await call(sender, manager, functionName, args);
}

/** Grants a role, unless the account has it with that delay. Returns whether anything was to be done. */
export async function ensureRole(
  sender: Sender,
  manager: Manager,
  role: bigint,
  account: Address,
  delay: number,
): Promise<boolean> {
  const now = await membership(sender, manager, role, account);
  if (now.isMember && now.delay === delay) return false;
  await callAsAdmin(sender, manager, "grantRole", [role, account, delay]);
  return true;
}

/**
 * Lets the guardian cancel what the governor has scheduled: calls of Keel's contracts, and of the AccessManager itself.
 * For the latter the admins' functions are filed under the governor's role. That opens them to nobody: AccessManager asks
 * for the admin role whatever is filed, and looks there only for who may cancel.
 * @returns whether anything was to be done.
 */
export async function ensureGuardian(sender: Sender, manager: Manager): Promise<boolean> {
  const selectors = CANCELLABLE.map((name) => selectorOf(manager.abi, name));
  const [guardian, ...filed] = await Promise.all([
    read<bigint>(sender, manager, "getRoleGuardian", [ROLES.GOVERNOR]),
    ...selectors.map((s) => read<bigint>(sender, manager, "getTargetFunctionRole", [manager.address, s])),
  ]);
  const calls: Hex[] = [];
  if (guardian !== ROLES.GUARDIAN) calls.push(encode(manager, "setRoleGuardian", [ROLES.GOVERNOR, ROLES.GUARDIAN]));
  if (filed.some((role) => role !== ROLES.GOVERNOR)) {
    calls.push(encode(manager, "setTargetFunctionRole", [manager.address, selectors, ROLES.GOVERNOR]));
  }
  if (calls.length === 0) return false;
  await callAsAdmin(sender, manager, "multicall", [calls]);
  return true;
}

/**
 * Hands the roles of bots to the REVOKER: a contract that guardians may have revoke them at once, and the governors, who grant and
 * revoke them after their delay. @returns whether anything was to be done.
 */
export async function ensureRevoker(
  sender: Sender,
  manager: Manager,
  revoker: Address,
  governors: readonly Address[],
  delay: number,
): Promise<boolean> {
  const holders = [{ account: revoker, delay: 0 }, ...governors.map((account) => ({ account, delay }))];
  const [members, admins] = await Promise.all([
    Promise.all(holders.map(({ account }) => membership(sender, manager, ROLES.REVOKER, account))),
    Promise.all(HOT_ROLES.map((role) => read<bigint>(sender, manager, "getRoleAdmin", [role]))),
  ]);
  const calls = [
    ...holders
      .filter((holder, i) => !(members[i]?.isMember && members[i]?.delay === holder.delay))
      .map((holder) => encode(manager, "grantRole", [ROLES.REVOKER, holder.account, holder.delay])),
    ...HOT_ROLES.filter((_, i) => admins[i] !== ROLES.REVOKER).map((role) =>
      encode(manager, "setRoleAdmin", [role, ROLES.REVOKER]),
    ),
  ];
  if (calls.length === 0) return false;
  await callAsAdmin(sender, manager, "multicall", [calls]);
  return true;
}

/**
 * The last step: the governors become admins with their delay, every contract's own admin delay is set, and the deployer,
 * unless it is a governor, is nobody any more. One transaction, so there is nothing in between.
 * @returns whether anything was to be done.
 */
export async function handOver(
  sender: Sender,
  manager: Manager,
  governors: readonly Address[],
  targets: readonly Address[],
  delay: number,
): Promise<boolean> {
  const deployer = addressOf(sender);
  const stays = governors.some((governor) => isAddressEqual(governor, deployer));
  const admins = await Promise.all(governors.map((governor) => membership(sender, manager, ADMIN_ROLE, governor)));
  const missing = governors.filter((_, i) => !(admins[i]?.isMember && admins[i]?.delay === delay));
  const { isMember } = await membership(sender, manager, ADMIN_ROLE, deployer);
  if (missing.length === 0 && (stays || !isMember)) return false;

  // The deployer's own delay would bind the calls after it, so it comes last.
  const last = missing.filter((governor) => isAddressEqual(governor, deployer));
  const first = missing.filter((governor) => !last.includes(governor));
  const grant = (governor: Address) => encode(manager, "grantRole", [ADMIN_ROLE, governor, delay]);
  await callAsAdmin(sender, manager, "multicall", [
    [
      ...(delay === 0 ? [] : targets.map((target) => encode(manager, "setTargetAdminDelay", [target, delay]))),
      ...first.map(grant),
      ...last.map(grant),
      ...(stays ? [] : [encode(manager, "renounceRole", [ADMIN_ROLE, deployer])]),
    ],
  ]);
  return true;
}

async function membership(sender: Sender, manager: Manager, role: bigint, account: Address) {
  const [isMember, delay] = await read<readonly [boolean, number]>(sender, manager, "hasRole", [role, account]);
  return { isMember, delay };
}

async function read<T>(sender: Sender, manager: Manager, functionName: string, args: readonly unknown[]): Promise<T> {
  return (await sender.public.readContract({ ...manager, functionName, args })) as T;
}

function encode({ abi }: Manager, functionName: string, args: readonly unknown[]): Hex {
  return encodeFunctionData({ abi, functionName, args });
}

/** The selector of a function that `abi` has once. */
export function selectorOf(abi: Abi, functionName: string): Hex {
  const item = abi.find((entry) => entry.type === "function" && entry.name === functionName);
  if (item?.type !== "function") throw new Error(`No function ${functionName} in the ABI.`);
  return toFunctionSelector(item);
}
