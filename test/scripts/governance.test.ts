import { readFileSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import { expect } from "chai";
import { type Address, encodeFunctionData, parseUnits } from "viem";
import { UserError } from "../../sdk/userError.ts";
import { checkDelay } from "../../deployments/governance.ts";
import { SOURCES, type KeelAddresses, deployKeel } from "../../deployments/keel.ts";
import { DEFAULT_PARAMETERS, DEVNET_PARAMETERS, type KeelParameters } from "../../deployments/parameters.ts";
import { ADMIN_ROLE, PERMISSIONS, ROLES } from "../../deployments/roles.ts";
import { compiled } from "../../deployments/transact.ts";
import { devAccount } from "../../simulator/chain/accounts.ts";
import { dealUsdc } from "../../simulator/chain/deal.ts";
import { connectKeel } from "../../simulator/chain/keel.ts";
import { GOVERNOR as DEPLOYER, KEEPER, LPS } from "../helpers/keelWorld.ts";
import { type Fork, useFork } from "../helpers/localFork.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { balanceOf } from "../helpers/tokens.ts";

const GOVERNOR = devAccount(10).address;
const GUARDIAN = devAccount(11).address;
const STRANGER = devAccount(12).address;
const DELAY = DEFAULT_PARAMETERS.governance.delay;
const [lp] = LPS as [Address];

describe("Governance", () => {
  const world = useFork(async (fork) => {
    const contracts = await deployDefault(fork);
    return { contracts, keel: connectKeel(fork.clients, fork.protocols, contracts) };
  });

  const manager = () => ({ address: world().contracts.accessManager, abi: abiOf("accessManager") });
  const sendAs = (from: Address, to: Address, data: `0x${string}`) =>
    world().clients.wallet.sendTransaction({ account: from, to, data, chain: null });

  /** Calls the AccessManager. */
  async function asManager(from: Address, functionName: string, args: readonly unknown[]): Promise<void> {
    const { clients } = world();
    const hash = await sendAs(from, manager().address, encodeFunctionData({ ...manager(), functionName, args }));
    await clients.public.waitForTransactionReceipt({ hash });
  }

  /** Expects `call` to be refused with an error of the AccessManager, or of those whom it manages. */
  const expectRefusal = (call: Promise<unknown>, name: string) => {
    return expectRevert(call, name, [...manager().abi, ...abiOf("optionVault")]);
  };

  const spreadOf = async () => {
    const limits = await world().clients.public.readContract({ ...world().keel.vault, functionName: "limits" });
    return limits.spreadVol;
  };

  /** A change that LPs may object to: the spread of bid and ask NAV goes to its upper bound. */
  const change = (): `0x${string}` => {
    const limits = { ...DEFAULT_PARAMETERS.limits, spreadVol: parseUnits("0.2", 18) };
    return encodeFunctionData({ abi: abiOf("optionVault"), functionName: "setLimits", args: [limits] });
  };
  const vault = () => world().contracts.optionVault;
  const wait = async (seconds: number) => {
    await world().clients.test.increaseTime({ seconds });
    await world().clients.test.mine({ blocks: 1 });
  };

  it("T52: a change takes effect only after its announcement and the delay", async () => {
    const before = await spreadOf();
    await expectRefusal(sendAs(GOVERNOR, vault(), change()), "AccessManagerNotScheduled");
    await asManager(GOVERNOR, "schedule", [vault(), change(), 0]);
    await wait(DELAY - 60);
    await expectRefusal(sendAs(GOVERNOR, vault(), change()), "AccessManagerNotReady");
    expect(await spreadOf()).to.equal(before);
    await wait(60);
    await sendAs(GOVERNOR, vault(), change());
    expect(await spreadOf()).to.equal(parseUnits("0.2", 18));
    await expectRefusal(sendAs(GOVERNOR, vault(), change()), "AccessManagerNotScheduled");
  });

  it("T52: an LP who objects has left before, even in the worst case", async () => {
    const { keel, market, clients, protocols } = world();
    const { epochLength } = DEFAULT_PARAMETERS.limits;
    const deposit = parseUnits("100000", 6);
    await dealUsdc(clients, protocols.usdc, lp, deposit);
    await market.moveTo(3000, { forceRound: true });
    await keel.requestDeposit(lp, deposit);
    await wait(epochLength);
    await market.report(3000);
    await keel.processEpoch();
    await keel.claimShares(lp);

    // The change is announced when an epoch is just over: what is asked for now waits for the whole next one.
    await wait(epochLength);
    await asManager(GOVERNOR, "schedule", [vault(), change(), 0]);
    const announced = (await clients.public.getBlock()).timestamp;
    const before = await balanceOf(clients, protocols.usdc, lp);
    const shares = await balanceOf(clients, vault(), lp);
    await market.report(3000);
    await keel.processEpoch();
    await keel.requestRedeem(lp, shares);
    await wait(epochLength);
    await market.report(3000);
    await keel.processEpoch();
    await keel.claimAssets(lp);
    expect((await balanceOf(clients, protocols.usdc, lp)) - before).to.be.within(deposit - 1n, deposit);

    const left = (await clients.public.getBlock()).timestamp;
    expect(Number(left - announced))
      .to.be.below(2 * epochLength)
      .and.below(DELAY);
    await expectRefusal(sendAs(GOVERNOR, vault(), change()), "AccessManagerNotReady");
  });

  it("T52: the guardian cancels what the governor has scheduled, on the contracts and on roles, and nothing else", async () => {
    const grant = encodeFunctionData({ ...manager(), functionName: "grantRole", args: [ADMIN_ROLE, STRANGER, 0] });
    const scheduled = [
      [vault(), change()],
      [manager().address, grant],
    ] as const;
    for (const [target, data] of scheduled) {
      await asManager(GOVERNOR, "schedule", [target, data, 0]);
      const cancel = [GOVERNOR, target, data] as const;
      await expectRefusal(asManager(STRANGER, "cancel", cancel), "AccessManagerUnauthorizedCancel");
      await asManager(GUARDIAN, "cancel", cancel);
      await wait(DELAY);
      await expectRefusal(asManager(GOVERNOR, "execute", [target, data]), "AccessManagerNotScheduled");
    }
    await expectRefusal(sendAs(GUARDIAN, vault(), change()), "AccessManagedUnauthorized");
    await expectRefusal(sendAs(GUARDIAN, manager().address, grant), "AccessManagerUnauthorizedAccount");
    await expectRefusal(
      asManager(GUARDIAN, "schedule", [manager().address, grant, 0]),
      "AccessManagerUnauthorizedCall",
    );
  });

  it("T52: a guardian whose key is stolen cannot cancel its own removal", async () => {
    const args = [ROLES.GUARDIAN, GUARDIAN] as const;
    const removal = encodeFunctionData({ ...manager(), functionName: "revokeRole", args });
    await asManager(GOVERNOR, "schedule", [manager().address, removal, 0]);
    const cancel = [GOVERNOR, manager().address, removal] as const;
    await expectRefusal(asManager(GUARDIAN, "cancel", cancel), "AccessManagerUnauthorizedCancel");
    await wait(DELAY);
    await sendAs(GOVERNOR, manager().address, removal);
    await asManager(GOVERNOR, "schedule", [vault(), change(), 0]);
    await expectRefusal(
      asManager(GUARDIAN, "cancel", [GOVERNOR, vault(), change()]),
      "AccessManagerUnauthorizedCancel",
    );
  });

  it("T52: roles and doors change after the delay too, for the governor as admin", async () => {
    const { clients } = world();
    const grant = encodeFunctionData({ ...manager(), functionName: "grantRole", args: [ROLES.KEEPER, STRANGER, 0] });
    await expectRefusal(sendAs(GOVERNOR, manager().address, grant), "AccessManagerNotScheduled");
    await asManager(GOVERNOR, "schedule", [manager().address, grant, 0]);
    await expectRefusal(sendAs(GOVERNOR, manager().address, grant), "AccessManagerNotReady");
    await wait(DELAY);
    await sendAs(GOVERNOR, manager().address, grant);
    const args = [ROLES.KEEPER, STRANGER] as const;
    expect(await clients.public.readContract({ ...manager(), functionName: "hasRole", args })).to.deep.equal([true, 0]);
  });

  it("T57: the guardian revokes bots at once, through a contract that can do nothing else, and freezes the surface", async () => {
    const { clients, contracts } = world();
    const revoker = { address: contracts.roleRevoker, abi: abiOf("roleRevoker") };
    const has = async (role: bigint, account: Address) =>
      (await clients.public.readContract({ ...manager(), functionName: "hasRole", args: [role, account] })) as [
        boolean,
      ];
    const revoke = (roles: readonly bigint[]) =>
      encodeFunctionData({ ...revoker, functionName: "revoke", args: [roles, roles.map(() => KEEPER)] });
    const hot = [ROLES.KEEPER, ROLES.POSTER, ROLES.LISTER];
    await expectRefusal(sendAs(STRANGER, revoker.address, revoke(hot)), "AccessManagedUnauthorized");
    await expectRefusal(
      sendAs(GUARDIAN, revoker.address, revoke([ROLES.GUARDIAN])),
      "AccessManagerUnauthorizedAccount",
    );
    const uneven = encodeFunctionData({ ...revoker, functionName: "revoke", args: [[hot[0]], hot.map(() => KEEPER)] });
    await expectRevert(sendAs(GUARDIAN, revoker.address, uneven), "LengthMismatch", revoker.abi);
    for (const role of hot) expect((await has(role, KEEPER))[0]).to.equal(true);
    await sendAs(GUARDIAN, revoker.address, revoke(hot));
    for (const role of hot) expect((await has(role, KEEPER))[0]).to.equal(false);
    const frozenAt = await clients.public.readContract({ ...world().keel.surface, functionName: "frozenAt" });
    expect(frozenAt).to.equal((await clients.public.getBlock()).timestamp);
    // Neither the guardian nor, through it, the contract appoints anybody: it has one function that changes anything.
    const grant = encodeFunctionData({ ...manager(), functionName: "grantRole", args: [ROLES.POSTER, GUARDIAN, 0] });
    await expectRefusal(sendAs(GUARDIAN, manager().address, grant), "AccessManagerUnauthorizedAccount");
    const doors = revoker.abi.flatMap((entry) =>
      entry.type === "function" && entry.stateMutability === "nonpayable" ? [entry.name] : [],
    );
    expect(doors.sort()).to.deep.equal(["revoke", "setAuthority"]);
    // Governors go on appointing bots, after their delay.
    await expectRefusal(sendAs(GOVERNOR, manager().address, grant), "AccessManagerNotScheduled");
    const appoint = encodeFunctionData({ ...manager(), functionName: "grantRole", args: [ROLES.POSTER, STRANGER, 0] });
    await asManager(GOVERNOR, "schedule", [manager().address, appoint, 0]);
    await wait(DELAY);
    await sendAs(GOVERNOR, manager().address, appoint);
    expect((await has(ROLES.POSTER, STRANGER))[0]).to.equal(true);
  });

  it("T52: the deployer can do nothing any more", async () => {
    const { clients, contracts } = world();
    for (const role of [ADMIN_ROLE, ...Object.values(ROLES)]) {
      const args = [role, DEPLOYER] as const;
      expect(await clients.public.readContract({ ...manager(), functionName: "hasRole", args })).to.deep.equal([
        false,
        0,
      ]);
    }
    const grant = encodeFunctionData({ ...manager(), functionName: "grantRole", args: [ADMIN_ROLE, DEPLOYER, 0] });
    await expectRefusal(sendAs(DEPLOYER, manager().address, grant), "AccessManagerUnauthorizedAccount");
    const move = [contracts.optionVault, DEPLOYER] as const;
    await expectRefusal(asManager(DEPLOYER, "updateAuthority", move), "AccessManagerUnauthorizedAccount");
  });

  it("T51, T53: nobody without the role passes a restricted door, and there is no other door for it", async () => {
    const { contracts } = world();
    for (const { contract, functionName } of PERMISSIONS) {
      const name = contract as keyof KeelAddresses;
      const item = abiOf(name).find((entry) => entry.type === "function" && entry.name === functionName);
      if (item?.type !== "function") throw new Error(`${contract} has no ${functionName}.`);
      const data = encodeFunctionData({ abi: [item], args: item.inputs.map((input) => emptyValue(input)) });
      for (const who of [STRANGER, DEPLOYER]) {
        await expectRefusal(sendAs(who, contracts[name], data), "AccessManagedUnauthorized");
      }
    }
    for (const name of Object.keys(contracts) as (keyof KeelAddresses)[]) {
      const functions = abiOf(name).flatMap((entry) => (entry.type === "function" ? [entry.name] : []));
      expect(
        functions.filter((each) => /^(re)?init|upgrade|^transferOwnership|^acceptOwnership/i.test(each)),
        name,
      ).to.deep.equal([]);
    }
  });

  it("T51: every function that the sources restrict has its role", () => {
    const root = new URL("../../contracts/", import.meta.url);
    const inherited: Readonly<Record<string, string>> = { DeskRules: "hedgeDesk" };
    const restricted = (readdirSync(root, { recursive: true }) as string[])
      .filter((file) => file.endsWith(".sol"))
      .flatMap((file) => {
        const source = readFileSync(new URL(file, root), "utf8");
        const name = basename(file, ".sol");
        const contract = inherited[name] ?? name.charAt(0).toLowerCase() + name.slice(1);
        return [...source.matchAll(/function (\w+)\([^{;]*\brestricted\b/g)].map(([, name]) => `${contract}.${name}`);
      });
    expect(restricted.sort()).to.deep.equal(PERMISSIONS.map((p) => `${p.contract}.${p.functionName}`).sort());
  });

  describe("refuses to be deployed", () => {
    const withDelay = (delay: number): KeelParameters => ({ ...DEFAULT_PARAMETERS, governance: { delay } });
    const MAINNET = 1;

    it("T52: with a delay in which LPs could not leave, in one sentence", async () => {
      const { clients, protocols } = world();
      const short = withDelay(2 * DEFAULT_PARAMETERS.limits.epochLength);
      const sender = { public: clients.public, wallet: clients.wallet, account: DEPLOYER };
      const before = await clients.public.getTransactionCount({ address: DEPLOYER });
      const refusal = await deployKeel(sender, { protocols, parameters: short, holders: {} }).catch((e: unknown) => e);
      expect(refusal).to.be.instanceOf(UserError);
      expect((refusal as UserError).message).to.match(
        /two epochs of 86400 seconds\. Set governance\.delay above 172800/,
      );
      expect(await clients.public.getTransactionCount({ address: DEPLOYER })).to.equal(before);
      expect(() => checkDelay(withDelay(172_801), MAINNET)).not.to.throw();
      for (const delay of [-1, 1.5, 172_800, 2 ** 32, NaN]) {
        expect(() => checkDelay(withDelay(delay), MAINNET)).to.throw(UserError, "Set governance.delay above");
      }
    });

    it("T52: without delay, unless on a development chain", () => {
      expect(() => checkDelay(DEVNET_PARAMETERS, MAINNET)).to.throw(UserError, "not for chain 1");
      expect(() => checkDelay(DEVNET_PARAMETERS, 31_337)).not.to.throw();
    });
  });

  it("says who can do it when something is left to do after the hand-over", async () => {
    const { clients, protocols, contracts } = world();
    const sender = { public: clients.public, wallet: clients.wallet, account: DEPLOYER };
    const refusal = await deployKeel(sender, {
      protocols,
      parameters: DEFAULT_PARAMETERS,
      holders: { GOVERNOR: [GOVERNOR], KEEPER: [STRANGER] },
      existing: { ...contracts },
    }).catch((e: unknown) => e);
    expect(refusal).to.be.instanceOf(UserError);
    expect((refusal as UserError).message).to.contain("The governor can do it");
  });
});

function deployDefault({ clients, protocols }: Fork): Promise<KeelAddresses> {
  const sender = { public: clients.public, wallet: clients.wallet, account: DEPLOYER };
  return deployKeel(sender, {
    protocols,
    parameters: DEFAULT_PARAMETERS,
    holders: { GOVERNOR: [GOVERNOR], GUARDIAN: [GUARDIAN], KEEPER: [KEEPER], POSTER: [KEEPER], LISTER: [KEEPER] },
  });
}

const abiOf = (name: keyof KeelAddresses) => compiled(SOURCES[name]).abi;

interface Parameter {
  readonly type: string;
  readonly name?: string | undefined;
  readonly components?: readonly Parameter[];
}

/** Some value of the type: doors are checked before arguments are looked at. */
function emptyValue({ type, components }: Parameter): unknown {
  if (type.endsWith("[]")) return [];
  if (type === "tuple")
    return Object.fromEntries((components ?? []).map((each) => [each.name ?? "", emptyValue(each)]));
  if (type === "address") return STRANGER;
  if (type === "bool") return false;
  if (type === "string") return "";
  return type.startsWith("bytes") ? "0x" : 0n;
}
