import { expect } from "chai";
import { type Address, erc20Abi, getAddress, maxUint256, parseAbiItem, toFunctionSelector } from "viem";
import { LPS, LP_DEPOSIT, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { shares, usdc, vaultSide } from "../helpers/lpSide.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { approve, balanceOf } from "../helpers/tokens.ts";

const [controller, other, operator] = LPS as [Address, Address, Address];
const [receiver, outsider] = TRADERS as [Address, Address];
const VIEWERS = [controller, outsider];
const ASSETS = usdc(1000);

/** One test for each thing that a standard says a vault must do. */
describe("What the vault's standards demand", () => {
  const world = useFork(keelWorld);
  const vault = vaultSide(world);
  const usdcOf = (account: Address) => balanceOf(world().clients, world().protocols.usdc, account);
  const sharesOf = (account: Address) => vault.read("balanceOf", [account]);
  const vaultAddress = () => world().keel.vault.address;
  const requestDeposit = (assets = ASSETS) =>
    vault.write(controller, "requestDeposit", [assets, controller, controller]);
  const requestRedeem = (amount = shares(1000)) =>
    vault.write(controller, "requestRedeem", [amount, controller, controller]);

  async function filledDeposit(): Promise<void> {
    await requestDeposit();
    await vault.nextEpoch();
  }

  async function filledRedemption(): Promise<void> {
    await requestRedeem();
    await vault.nextEpoch();
  }

  /** The same answer for everyone who asks. */
  async function readAsAnyone(functionName: string, args: readonly unknown[] = []): Promise<bigint> {
    const answers = await Promise.all(VIEWERS.map((viewer) => vault.read(functionName, args, viewer)));
    expect(new Set(answers).size, `answers of ${functionName}`).to.equal(1);
    return answers[0] as bigint;
  }

  describe("ERC-7540, requests", () => {
    it("a claim of shares takes no assets: the request did", async () => {
      const before = await usdcOf(controller);
      await filledDeposit();
      expect(before - (await usdcOf(controller))).to.equal(ASSETS);
      await vault.write(controller, "deposit", [ASSETS / 2n, receiver, controller]);
      const rest = await vault.read("maxMint", [controller]);
      await vault.write(controller, "mint", [rest, receiver, controller]);
      expect(before - (await usdcOf(controller))).to.equal(ASSETS);
    });

    it("a claim of assets takes no shares: the request did", async () => {
      const before = await sharesOf(controller);
      await filledRedemption();
      expect(before - (await sharesOf(controller))).to.equal(shares(1000));
      await vault.write(controller, "redeem", [shares(500), receiver, controller]);
      const rest = await vault.read("maxWithdraw", [controller]);
      await vault.write(controller, "withdraw", [rest, receiver, controller]);
      expect(before - (await sharesOf(controller))).to.equal(shares(1000));
    });

    it("preview functions revert for all callers and inputs", async () => {
      for (const name of ["previewDeposit", "previewMint", "previewRedeem", "previewWithdraw"]) {
        for (const viewer of VIEWERS) {
          for (const amount of [0n, 1n, ASSETS, maxUint256]) {
            await expectRevert(vault.read(name, [amount], viewer), "PreviewUnavailable");
          }
        }
      }
    });

    it("no request skips the claim: nothing is pushed when it is filled", async () => {
      const before = { usdc: await usdcOf(controller), shares: await sharesOf(controller) };
      await requestDeposit();
      await requestRedeem();
      await vault.nextEpoch();
      expect(await usdcOf(controller)).to.equal(before.usdc - ASSETS);
      expect(await sharesOf(controller)).to.equal(before.shares - shares(1000));
      expect(await vault.read("maxDeposit", [controller])).to.equal(ASSETS);
      expect(await vault.read("maxRedeem", [controller])).to.equal(shares(1000));
    });

    it("request id zero: always returned, and a controller's requests add up", async () => {
      for (const lp of [controller, other]) {
        expect(await vault.simulate(lp, "requestDeposit", [ASSETS, lp, lp])).to.equal(0n);
        expect(await vault.simulate(lp, "requestRedeem", [1n, lp, lp])).to.equal(0n);
      }
      await requestDeposit();
      await vault.nextEpoch();
      expect(await vault.simulate(controller, "requestDeposit", [ASSETS, controller, controller])).to.equal(0n);
      await requestDeposit(2n * ASSETS);
      await vault.write(other, "requestDeposit", [ASSETS, controller, other]);
      expect(await vault.read("pendingDepositRequest", [0n, controller])).to.equal(3n * ASSETS);
      await vault.nextEpoch();
      expect(await vault.read("claimableDepositRequest", [0n, controller])).to.equal(4n * ASSETS);
      for (const name of ["pendingDepositRequest", "claimableDepositRequest"]) {
        expect(await vault.read(name, [1n, controller]), `${name} of an id that no request has`).to.equal(0n);
      }
    });

    it("an epoch is one price for all its requests", async () => {
      await vault.write(controller, "requestDeposit", [ASSETS, controller, controller]);
      await vault.write(other, "requestDeposit", [3n * ASSETS, other, other]);
      await vault.nextEpoch();
      const three = await vault.read("maxMint", [other]);
      expect(three).to.equal(3n * (await vault.read("maxMint", [controller])));
    });
  });

  describe("ERC-7540, requestDeposit", () => {
    it("takes the assets of the owner by approve and transferFrom, and raises what is pending", async () => {
      const before = [await usdcOf(controller), await usdcOf(vaultAddress())];
      await approve(world().clients, world().protocols.usdc, controller, vaultAddress(), ASSETS);
      await requestDeposit();
      expect([await usdcOf(controller), await usdcOf(vaultAddress())]).to.deep.equal([
        (before[0] as bigint) - ASSETS,
        (before[1] as bigint) + ASSETS,
      ]);
      expect(await vault.read("pendingDepositRequest", [0n, controller])).to.equal(ASSETS);
    });

    it("reverts unless the owner is the caller or made it an operator", async () => {
      const args = [ASSETS, operator, controller];
      await expectRevert(vault.write(operator, "requestDeposit", args), "Unauthorized");
      await vault.write(controller, "setOperator", [operator, true]);
      await vault.write(operator, "requestDeposit", args);
      expect(await vault.read("pendingDepositRequest", [0n, operator])).to.equal(ASSETS);
      await vault.write(controller, "setOperator", [operator, false]);
      await expectRevert(vault.write(operator, "requestDeposit", args), "Unauthorized");
    });

    it("reverts if not all of the assets can be requested", async () => {
      const balance = await usdcOf(controller);
      await expectRevert(requestDeposit(balance + 1n), "ERC20InsufficientBalance");
      await approve(world().clients, world().protocols.usdc, controller, vaultAddress(), ASSETS - 1n);
      await expectRevert(requestDeposit(ASSETS), "ERC20InsufficientAllowance");
      await expectRevert(requestDeposit(0n), "ZeroAmount");
    });

    it("emits DepositRequest with controller, owner, id, sender and assets", async () => {
      await vault.write(controller, "setOperator", [operator, true]);
      const receipt = await vault.write(operator, "requestDeposit", [ASSETS, other, controller]);
      expect(vault.events(receipt, "DepositRequest")).to.deep.equal([
        { controller: other, owner: controller, requestId: 0n, sender: operator, assets: ASSETS },
      ]);
      const event = parseAbiItem(
        "event DepositRequest(address indexed controller, address indexed owner, uint256 indexed requestId, address sender, uint256 assets)",
      );
      expect(await world().clients.public.getLogs({ address: vaultAddress(), event, strict: true })).to.have.length(1);
    });
  });

  describe("ERC-7540, requestRedeem", () => {
    it("takes the shares out of the owner's custody, and they are burned by the time of the claim", async () => {
      const before = { held: await sharesOf(controller), supply: await vault.read("totalSupply") };
      await requestRedeem();
      expect(await sharesOf(controller)).to.equal(before.held - shares(1000));
      await vault.nextEpoch();
      expect(await vault.read("totalSupply")).to.equal(before.supply - shares(1000));
    });

    it("an ERC-20 allowance serves, is spent when it is finite and left alone when it is not", async () => {
      const args = [shares(10), operator, controller];
      await expectRevert(vault.write(operator, "requestRedeem", args), "ERC20InsufficientAllowance");
      await vault.write(controller, "approve", [operator, shares(15)]);
      await vault.write(operator, "requestRedeem", args);
      expect(await vault.read("allowance", [controller, operator])).to.equal(shares(5));
      await expectRevert(vault.write(operator, "requestRedeem", args), "ERC20InsufficientAllowance");
      await vault.write(controller, "approve", [operator, maxUint256]);
      await vault.write(operator, "requestRedeem", args);
      expect(await vault.read("allowance", [controller, operator])).to.equal(maxUint256);
      expect(await vault.read("pendingRedeemRequest", [0n, operator])).to.equal(shares(20));
    });

    it("an operator is subject to no allowance, and spends none", async () => {
      await vault.write(controller, "approve", [operator, shares(1)]);
      await vault.write(controller, "setOperator", [operator, true]);
      await vault.write(operator, "requestRedeem", [shares(10), controller, controller]);
      expect(await vault.read("allowance", [controller, operator])).to.equal(shares(1));
      expect(await vault.read("pendingRedeemRequest", [0n, controller])).to.equal(shares(10));
    });

    it("reverts if not all of the shares can be requested", async () => {
      await expectRevert(requestRedeem((await sharesOf(controller)) + 1n), "ERC20InsufficientBalance");
      await expectRevert(requestRedeem(0n), "ZeroAmount");
    });

    it("emits RedeemRequest with controller, owner, id, sender and shares", async () => {
      await vault.write(controller, "setOperator", [operator, true]);
      const receipt = await vault.write(operator, "requestRedeem", [shares(3), other, controller]);
      expect(vault.events(receipt, "RedeemRequest")).to.deep.equal([
        { controller: other, owner: controller, requestId: 0n, sender: operator, shares: shares(3) },
      ]);
    });
  });

  describe("ERC-7540, pending and claimable", () => {
    for (const [pending, claimable, amount, request] of [
      ["pendingDepositRequest", "claimableDepositRequest", ASSETS, () => requestDeposit()],
      ["pendingRedeemRequest", "claimableRedeemRequest", shares(1000), () => requestRedeem()],
    ] as const) {
      it(`${pending} has nothing that is claimable, ${claimable} nothing that is pending`, async () => {
        await request();
        const now = async () => [
          await readAsAnyone(pending, [0n, controller]),
          await readAsAnyone(claimable, [0n, controller]),
        ];
        expect(await now()).to.deep.equal([amount, 0n]);
        await vault.nextEpoch();
        expect(await now()).to.deep.equal([0n, amount]);
        await request();
        expect(await now()).to.deep.equal([amount, amount]);
      });

      it(`${pending} and ${claimable} answer everyone alike and never revert`, async () => {
        await request();
        const nobody: Address = "0x0000000000000000000000000000000000000000";
        for (const name of [pending, claimable]) {
          for (const id of [0n, 1n, maxUint256]) {
            for (const account of [controller, outsider, nobody]) await readAsAnyone(name, [id, account]);
          }
        }
      });
    }

    it("maxDeposit and maxRedeem move with what is claimable", async () => {
      await requestDeposit();
      await requestRedeem();
      await vault.nextEpoch();
      await vault.write(controller, "deposit", [ASSETS / 4n, receiver, controller]);
      await vault.write(controller, "redeem", [shares(250), receiver, controller]);
      for (const [max, claimable] of [
        ["maxDeposit", "claimableDepositRequest"],
        ["maxRedeem", "claimableRedeemRequest"],
      ] as const) {
        expect(await vault.read(max, [controller])).to.equal(await vault.read(claimable, [0n, controller]));
      }
      expect(await vault.read("maxDeposit", [controller])).to.equal(ASSETS - ASSETS / 4n);
    });
  });

  describe("ERC-7540, operators", () => {
    it("setOperator sets the status, logs OperatorSet and returns true", async () => {
      for (const approved of [true, true, false]) {
        expect(await vault.simulate<boolean>(controller, "setOperator", [operator, approved])).to.equal(true);
        const receipt = await vault.write(controller, "setOperator", [operator, approved]);
        expect(vault.events(receipt, "OperatorSet")).to.deep.equal([{ controller, operator, approved }]);
        expect(await vault.read<boolean>("isOperator", [controller, operator])).to.equal(approved);
        expect(await vault.read<boolean>("isOperator", [operator, controller])).to.equal(false);
      }
    });

    it("a claim reverts unless the caller is the controller or its operator", async () => {
      await requestDeposit();
      await requestRedeem();
      await vault.nextEpoch();
      const claims = [
        ["deposit", ASSETS / 2n],
        ["mint", 1n],
        ["redeem", shares(1)],
        ["withdraw", 1n],
      ] as const;
      for (const [name, amount] of claims) {
        await expectRevert(vault.write(operator, name, [amount, operator, controller]), "Unauthorized");
      }
      await vault.write(controller, "setOperator", [operator, true]);
      for (const [name, amount] of claims) await vault.write(operator, name, [amount, receiver, controller]);
    });

    it("a cancellation reverts unless the caller is the controller or its operator", async () => {
      await requestDeposit();
      await requestRedeem();
      const cancels = ["cancelDepositRequest", "cancelRedeemRequest"];
      for (const name of cancels) {
        await expectRevert(vault.write(operator, name, [controller, operator]), "Unauthorized");
      }
      await vault.write(controller, "setOperator", [operator, true]);
      for (const name of cancels) await vault.write(operator, name, [controller, controller]);
    });
  });

  describe("ERC-165 and ERC-7575", () => {
    const idOf = (...signatures: string[]): `0x${string}` => {
      const xor = signatures.map((signature) => BigInt(toFunctionSelector(signature))).reduce((a, b) => a ^ b);
      return `0x${xor.toString(16).padStart(8, "0")}`;
    };
    const supports = (id: string) => vault.read<boolean>("supportsInterface", [id]);

    it("supportsInterface is true for every id of ERC-165, ERC-7540 and ERC-7575, which are what their functions make", async () => {
      const ids = {
        "0x01ffc9a7": ["supportsInterface(bytes4)"],
        "0xe3bc4e65": ["setOperator(address,bool)", "isOperator(address,address)"],
        "0xce3bbe50": [
          "requestDeposit(uint256,address,address)",
          "pendingDepositRequest(uint256,address)",
          "claimableDepositRequest(uint256,address)",
          "deposit(uint256,address,address)",
          "mint(uint256,address,address)",
        ],
        "0x620ee8e4": [
          "requestRedeem(uint256,address,address)",
          "pendingRedeemRequest(uint256,address)",
          "claimableRedeemRequest(uint256,address)",
        ],
        "0x2f0a18c5": [
          "asset()",
          "share()",
          "convertToAssets(uint256)",
          "convertToShares(uint256)",
          "totalAssets()",
          ...["Deposit", "Mint"].flatMap((verb) => [`preview${verb}(uint256)`, `max${verb}(address)`]),
          ...["Redeem", "Withdraw"].flatMap((verb) => [`preview${verb}(uint256)`, `max${verb}(address)`]),
          "deposit(uint256,address)",
          "mint(uint256,address)",
          "redeem(uint256,address,address)",
          "withdraw(uint256,address,address)",
        ],
        "0xf815c03d": ["vault(address)"],
      };
      for (const [id, signatures] of Object.entries(ids)) {
        expect(idOf(...signatures), signatures.join()).to.equal(id);
        expect(await supports(id), id).to.equal(true);
      }
    });

    it("supportsInterface is false for 0xffffffff, and for ERC-7887, whose separate claim of a cancellation is not there", async () => {
      for (const id of ["0xffffffff", "0x8bf840e3", "0xe76cffc7"]) expect(await supports(id), id).to.equal(false);
    });

    it("share is an ERC-20 token, the vault itself, and leads back to the vault by its asset", async () => {
      expect(await vault.read<Address>("share")).to.equal(getAddress(vaultAddress()));
      expect(await vault.read<Address>("vault", [world().protocols.usdc])).to.equal(getAddress(vaultAddress()));
      expect(await vault.read<Address>("vault", [world().protocols.weth])).to.match(/^0x0+$/);
    });

    it("logs which vault the share has", async () => {
      const event = parseAbiItem("event VaultUpdate(address indexed asset, address vault)");
      const { public: client } = world().clients;
      const logs = await client.getLogs({ address: vaultAddress(), event, fromBlock: 0n, strict: true });
      expect(logs.map(({ args }) => args)).to.deep.equal([
        { asset: getAddress(world().protocols.usdc), vault: getAddress(vaultAddress()) },
      ]);
    });
  });

  describe("ERC-4626, as amended", () => {
    it("shares are an ERC-20 token with its metadata", async () => {
      expect(await vault.read<string>("name")).to.not.equal("");
      expect(await vault.read<string>("symbol")).to.not.equal("");
      expect(await vault.read<number>("decimals")).to.equal(18);
      await vault.write(controller, "transfer", [receiver, 1n]);
      expect(await sharesOf(receiver)).to.equal(1n);
    });

    it("asset is an ERC-20 token", async () => {
      const address = await vault.read<Address>("asset");
      expect(address).to.equal(getAddress(world().protocols.usdc));
      const supply = await world().clients.public.readContract({ address, abi: erc20Abi, functionName: "totalSupply" });
      expect(supply > 0n).to.equal(true);
    });

    it("totalAssets and the conversions revert at no time, not even without a live price", async () => {
      await vault.write(controller, "mark", []);
      const fresh = await vault.read("totalAssets");
      expect(fresh).to.equal(3n * LP_DEPOSIT);
      await world().clients.test.increaseTime({ seconds: 7 * 86_400 });
      await world().clients.test.mine({ blocks: 1 });
      await expectRevert(vault.read("nav"), "StalePrice");
      expect(await vault.read("totalAssets")).to.equal(fresh);
      expect(await vault.read("convertToAssets", [shares(1)])).to.equal(usdc(1));
      expect(await vault.read("convertToShares", [usdc(1)])).to.equal(shares(1));
    });

    it("conversions answer everyone alike and round down", async () => {
      const { keel, call } = world();
      await keel.trade(outsider, [{ id: call(3000), quantity: 10n ** 18n }]); // so that a share is worth no round number
      const assets = await vault.read("totalAssets");
      const supply = await vault.read("totalSupply");
      for (const amount of [0n, 1n, 999_999n, usdc(1234.567891)]) {
        const converted = await readAsAnyone("convertToShares", [amount]);
        expect(converted).to.equal((amount * (supply + 10n ** 12n)) / (assets + 1n));
        const back = await readAsAnyone("convertToAssets", [converted]);
        expect(back <= amount).to.equal(true);
        expect(amount - back <= 1n).to.equal(true);
      }
    });

    for (const [max, claim, over, request] of [
      ["maxDeposit", "deposit", "ExceedsClaimable", () => requestDeposit()],
      ["maxMint", "mint", "ExceedsClaimable", () => requestDeposit()],
      ["maxRedeem", "redeem", "ExceedsClaimable", () => requestRedeem()],
      ["maxWithdraw", "withdraw", "ExceedsClaimable", () => requestRedeem()],
    ] as const) {
      it(`${claim} allows all of ${max}, reverts for one unit more, and leaves nothing behind`, async () => {
        expect(await readAsAnyone(max, [controller]), "nothing requested").to.equal(0n);
        await request();
        expect(await readAsAnyone(max, [controller]), "nothing filled").to.equal(0n);
        await vault.nextEpoch();
        const all = await readAsAnyone(max, [controller]);
        const [who, asked, claimable] = await expectRevert(
          vault.write(controller, claim, [all + 1n, receiver, controller]),
          over,
        );
        expect([who, asked, claimable]).to.deep.equal([controller, all + 1n, all]);
        await vault.write(controller, claim, [all, receiver, controller]);
        for (const left of ["maxDeposit", "maxMint", "maxRedeem", "maxWithdraw"]) {
          expect(await vault.read(left, [controller]), left).to.equal(0n);
        }
      });
    }

    it("deposit and mint deliver shares to the receiver and emit Deposit with controller and receiver first", async () => {
      await filledDeposit();
      const all = await vault.read("maxMint", [controller]);
      const first = await vault.write(controller, "deposit", [ASSETS / 4n, receiver]);
      const got = await sharesOf(receiver);
      expect(vault.events(first, "Deposit")).to.deep.equal([
        { sender: controller, owner: receiver, assets: ASSETS / 4n, shares: got },
      ]);
      await vault.write(controller, "setOperator", [operator, true]);
      const second = await vault.write(operator, "mint", [all - got, receiver, controller]);
      expect(await sharesOf(receiver)).to.equal(all);
      expect(vault.events(second, "Deposit")).to.deep.equal([
        { sender: controller, owner: receiver, assets: ASSETS - ASSETS / 4n, shares: all - got },
      ]);
    });

    it("mint without a controller claims for the caller", async () => {
      await filledDeposit();
      await vault.write(controller, "mint", [shares(1), receiver]);
      expect(await sharesOf(receiver)).to.equal(shares(1));
    });

    it("redeem and withdraw send assets to the receiver and emit Withdraw", async () => {
      await filledRedemption();
      const before = await usdcOf(receiver);
      await vault.write(controller, "setOperator", [operator, true]);
      const first = await vault.write(operator, "redeem", [shares(400), receiver, controller]);
      expect(vault.events(first, "Withdraw")).to.deep.equal([
        { sender: operator, receiver, owner: controller, assets: usdc(400), shares: shares(400) },
      ]);
      const second = await vault.write(controller, "withdraw", [usdc(600), receiver, controller]);
      expect(vault.events(second, "Withdraw")).to.deep.equal([
        { sender: controller, receiver, owner: controller, assets: usdc(600), shares: shares(600) },
      ]);
      expect((await usdcOf(receiver)) - before).to.equal(usdc(1000));
    });
  });

  describe("Cancellation, after ERC-7887", () => {
    it("returns the full pending amount at once and leaves what is claimable", async () => {
      await filledDeposit();
      await requestDeposit(2n * ASSETS);
      const before = await usdcOf(receiver);
      const receipt = await vault.write(controller, "cancelDepositRequest", [controller, receiver]);
      expect((await usdcOf(receiver)) - before).to.equal(2n * ASSETS);
      expect(vault.events(receipt, "DepositRequestCancelled")).to.deep.equal([
        { controller, receiver, requestId: 0n, sender: controller, assets: 2n * ASSETS },
      ]);
      expect(await vault.read("pendingDepositRequest", [0n, controller])).to.equal(0n);
      expect(await vault.read("claimableDepositRequest", [0n, controller])).to.equal(ASSETS);
      await expectRevert(vault.write(controller, "cancelDepositRequest", [controller, receiver]), "NothingPending");
    });

    it("returns the shares of a redemption", async () => {
      await requestRedeem();
      const receipt = await vault.write(controller, "cancelRedeemRequest", [controller, receiver]);
      expect(await sharesOf(receiver)).to.equal(shares(1000));
      expect(vault.events(receipt, "RedeemRequestCancelled")).to.deep.equal([
        { controller, receiver, requestId: 0n, sender: controller, shares: shares(1000) },
      ]);
      await expectRevert(vault.write(controller, "cancelRedeemRequest", [controller, receiver]), "NothingPending");
    });

    it("blocks no later request", async () => {
      await requestDeposit();
      await vault.write(controller, "cancelDepositRequest", [controller, controller]);
      await requestDeposit();
      expect(await vault.read("pendingDepositRequest", [0n, controller])).to.equal(ASSETS);
    });
  });
});
