import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { expect } from "chai";
import { type Address, parseEther } from "viem";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { dealUsdc } from "../../simulator/chain/deal.ts";
import { TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { balanceOf } from "../helpers/tokens.ts";

const [owner, stranger] = TRADERS as [Address, Address];
const INTERFACES = "contracts/interfaces";

describe("contracts/interfaces, for integrators", () => {
  const files = readdirSync(INTERFACES, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".sol"));

  it("pull in nothing but each other, and take any compiler from 0.8.4 on", () => {
    for (const file of files) {
      const text = readFileSync(`${INTERFACES}/${file}`, "utf8");
      expect(text, file).to.match(/^pragma solidity >=0\.8\.4;$/m);
      for (const [, path = ""] of text.matchAll(/^import .* from "([^"]+)";$/gm))
        expect(path, file).to.match(/^\.\/\w+\.sol$/);
    }
  });

  it("compile by themselves", function () {
    this.timeout(600_000);
    const solc = createRequire(import.meta.url)("solc") as { compile(input: string): string };
    const sources = Object.fromEntries(
      files.map((file) => [file, { content: readFileSync(`${INTERFACES}/${file}`, "utf8") }]),
    );
    const settings = { outputSelection: { "*": { "*": ["abi"] } } };
    const { errors = [] } = JSON.parse(solc.compile(JSON.stringify({ language: "Solidity", sources, settings }))) as {
      errors?: { severity: string; formattedMessage: string }[];
    };
    expect(errors.filter(({ severity }) => severity === "error").map((one) => one.formattedMessage)).to.deep.equal([]);
  });
});

describe("The example contract", () => {
  const world = useFork((fork) => keelWorld(fork));

  it("buys puts within its limit, sells some back, and is paid at expiry; strangers may only collect for its owner", async () => {
    const { clients, protocols, keel, put, expiries, market } = world();
    const who = { public: clients.public, wallet: clients.wallet, account: owner };
    const artifact = compiled("contracts/examples/ProtectivePut");
    const address = await deployContract(who, artifact, [keel.contracts.optionMarket, protocols.usdc, owner]);
    const usdc = (of: Address) => balanceOf(clients, protocols.usdc, of);
    const call = (from: Address, functionName: string, args: readonly unknown[]) =>
      keel.write(from, { address, abi: [...artifact.abi, ...keel.market.abi], functionName, args });
    const held = (id: bigint) =>
      clients.public.readContract({ ...keel.market, functionName: "balanceOf", args: [address, id] });

    await dealUsdc(clients, protocols.usdc, address, 10_000n * 10n ** 6n);
    const id = put(3000);
    const { total } = await keel.quote([{ id, quantity: parseEther("3") }]);
    await expectRevert(call(owner, "protect", [id, parseEther("3"), total / 2n]), "CostAboveLimit");
    await expectRevert(call(stranger, "protect", [id, parseEther("3"), total]), "OnlyOwner", artifact.abi);
    await call(owner, "protect", [id, parseEther("3"), total + 10n ** 6n]);
    await call(owner, "release", [id, parseEther("1"), 1n]);
    expect(await held(id)).to.equal(parseEther("2"));

    await market.moveTo(2800, { at: Number(expiries[0]) + 60, forceRound: true });
    await keel.settle(expiries[0]);
    const before = await usdc(owner);
    await call(stranger, "collect", [id]);
    expect((await usdc(owner)) - before).to.equal(400n * 10n ** 6n);
    await call(owner, "withdraw", []);
    expect(await usdc(address)).to.equal(0n);
  });
});
