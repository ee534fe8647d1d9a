import { expect } from "chai";
import { devAccount } from "../../simulator/chain/accounts.ts";
import { dealUsdc } from "../../simulator/chain/deal.ts";
import { useFork } from "../helpers/localFork.ts";
import { balanceOf } from "../helpers/tokens.ts";

const GIFT = 123_456n;
const receiver = "0x00000000000000000000000000000000c0ffee03";

describe("A local fork", () => {
  let built = 0;
  const world = useFork(async ({ clients, protocols }) => {
    await dealUsdc(clients, protocols.usdc, receiver, GIFT);
    return { built: ++built };
  });

  for (const attempt of ["first", "second", "third"]) {
    it(`starts every test from what the fixture built once (${attempt} test)`, async () => {
      const { clients, protocols, market, ...fixture } = world();
      expect(fixture.built).to.equal(1);
      expect(await balanceOf(clients, protocols.usdc, receiver)).to.equal(GIFT);
      expect((await market.prices()).pools["500"]).to.equal(3000);

      await dealUsdc(clients, protocols.usdc, receiver, GIFT);
      await market.moveTo(1000);
      await clients.test.increaseTime({ seconds: 86_400 });
    });
  }

  it("has the devnet's accounts, funded and unlocked", async () => {
    const { clients } = world();
    const accounts = await clients.wallet.getAddresses();
    expect(accounts).to.deep.equal(Array.from({ length: 20 }, (_, index) => devAccount(index).address));
    expect((await clients.public.getBalance({ address: devAccount(0).address })) > 0n).to.equal(true);
  });
});

describe("Another local fork", () => {
  const world = useFork();

  it("knows nothing of the first", async () => {
    const { clients, protocols, market } = world();
    expect(await balanceOf(clients, protocols.usdc, receiver)).to.equal(0n);
    expect((await market.prices()).oracle).to.equal(3000);
  });
});
