import { expect } from "chai";
import type { BaseContract, ContractTransactionResponse } from "ethers";
import hre from "hardhat";
import { createRandom } from "../../simulator/path/random.ts";
import { DEEP } from "../deep.ts";
import { createQueueModel } from "../support/queueModel.ts";

const EPOCHS = DEEP ? 1_500 : 250;
const LPS = 40;
const WAD = 10n ** 18n;
const CONTROLLERS = Array.from({ length: LPS }, (_, i) => `0x${(i + 1).toString(16).padStart(40, "0")}`);

const REQUEST = 0;
const CANCEL = 1;
const TAKE_INPUT = 2;
const TAKE_OUTPUT = 3;
const FILL = 4;

interface Step {
  verb: number;
  controller: string;
  amount: bigint;
  price: bigint;
}
interface Moved {
  input: bigint;
  output: bigint;
}
interface Account extends Moved {
  remaining: bigint;
}
interface Ran {
  pendingBeforeFill: bigint;
  moved: Moved[];
  gasUsed: bigint;
}

/** test/harness/QueueHarness.sol, with the outcome of every step. */
interface Queue {
  /** Names the errors. */
  readonly library: BaseContract;
  run(steps: readonly Step[]): Promise<Ran>;
  pending(): Promise<bigint>;
  accounts(controllers: readonly string[]): Promise<Account[]>;
}

async function deployQueue(precision: bigint): Promise<Queue> {
  const { ethers } = await hre.network.create();
  const library = await ethers.deployContract("EpochQueue");
  const libraries = { "project/contracts/libraries/EpochQueue.sol:EpochQueue": await library.getAddress() };
  const harness = await ethers.deployContract("QueueHarness", [precision], { libraries });
  const contract = harness as unknown as Pick<Queue, "pending" | "accounts"> & {
    run(steps: readonly Step[]): Promise<ContractTransactionResponse>;
  };
  return {
    library,
    pending: () => contract.pending(),
    accounts: async (controllers) =>
      (await contract.accounts(controllers)).map(({ remaining, input, output }) => ({ remaining, input, output })),
    async run(steps) {
      const receipt = await (await contract.run(steps)).wait();
      const log = receipt?.logs[0] && harness.interface.parseLog(receipt.logs[0]);
      if (!receipt || !log) throw new Error("A run emits Ran.");
      const { pendingBeforeFill, moved } = log.args.toObject(true) as Omit<Ran, "gasUsed">;
      return { pendingBeforeFill, moved, gasUsed: receipt.gasUsed };
    },
  };
}

const request = (controller: string, amount: bigint): Step => ({ verb: REQUEST, controller, amount, price: 0n });
const cancel = (controller: string): Step => ({ verb: CANCEL, controller, amount: 0n, price: 0n });
const takeAll = (controller: string): Step => ({ verb: TAKE_INPUT, controller, amount: WAD, price: 0n });
const fill = (part: bigint, price = WAD): Step => ({
  verb: FILL,
  controller: CONTROLLERS[0] ?? "",
  amount: part,
  price,
});

describe("EpochQueue", () => {
  for (const { name, precision, par, unit } of [
    { name: "redemptions, shares for USDC", precision: 10n ** 12n, par: 1e-12, unit: 1e18 },
    { name: "deposits, USDC for shares", precision: 1n, par: 1e12, unit: 1e6 },
  ]) {
    it(`T7: gives nobody more than an exact queue would, nor noticeably less, over ${EPOCHS} epochs of ${name}`, async function () {
      this.timeout(DEEP ? 1_200_000 : 120_000);
      await compareWithModel(precision, par, unit);
    });
  }

  /** Random requests, cancels, claims in part and fills in part, at prices from a millionth to a million times par. */
  async function compareWithModel(precision: bigint, par: number, unit: number): Promise<void> {
    const random = createRandom(Number(precision % 1009n) + 7);
    const logUniform = (low: number, high: number) =>
      BigInt(Math.ceil(Math.exp(random.between(Math.log(low), Math.log(high)))));
    const part = () => BigInt(Math.floor(random.next() * 1e9)) * 10n ** 9n;
    const queue = await deployQueue(precision);
    const model = createQueueModel(LPS);
    const requested = CONTROLLERS.map(() => 0n);
    const returned = CONTROLLERS.map(() => 0n);
    const taken = CONTROLLERS.map((): Moved => ({ input: 0n, output: 0n }));
    let filledOutput = 0n;

    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      const steps = randomSteps(epoch);
      const { moved, pendingBeforeFill } = await queue.run(steps);
      steps.forEach((step, i) => follow(step, moved[i] as Moved, pendingBeforeFill));
      await check(`epoch ${epoch}`);
    }

    function randomSteps(epoch: number): Step[] {
      const steps: Step[] = [];
      for (let i = 0; i < 6; i++) {
        // The higher its number, the rarer a controller comes by: the last ones lag by a hundred epochs.
        const controller = CONTROLLERS[Math.floor(LPS * random.next() ** 3)] as string;
        const verb = random.pick([REQUEST, REQUEST, REQUEST, CANCEL, TAKE_INPUT, TAKE_OUTPUT, TAKE_INPUT]);
        const claimed = random.next() < 0.3 ? WAD : part();
        steps.push({ verb, controller, amount: verb === REQUEST ? logUniform(1, 1e9 * unit) : claimed, price: 0n });
      }
      const price = BigInt(Math.ceil(par * Number(WAD) * 10 ** (epoch % 3 === 0 ? random.between(-6, 6) : 0)));
      const nearlyAll = WAD - logUniform(1, 1e12);
      steps.push(
        fill(random.pick([0n, 1n, part(), part(), part(), part(), nearlyAll, part() / 10n ** 6n, WAD]), price),
      );
      return steps;
    }

    function follow({ verb, controller }: Step, { input, output }: Moved, pending: bigint): void {
      const who = CONTROLLERS.indexOf(controller);
      const had = taken[who] as Moved;
      if (verb === REQUEST) {
        model.request(who, input);
        requested[who] = (requested[who] ?? 0n) + input;
      } else if (verb === CANCEL) {
        if (input === 0n) return; // less than a unit waits, which is nothing to give back
        model.cancel(who);
        returned[who] = (returned[who] ?? 0n) + input;
      } else if (verb === FILL) {
        model.fill(input, output, pending);
        filledOutput += output;
      } else {
        model.touch(who);
        taken[who] = { input: had.input + input, output: had.output + output };
      }
    }

    async function check(when: string): Promise<void> {
      const accounts = await queue.accounts(CONTROLLERS);
      const pending = await queue.pending();
      let waiting = 0n;
      let earned = 0n;
      accounts.forEach(({ remaining, input, output }, who) => {
        const had = taken[who] as Moved;
        const chain = { remaining, earned: output + had.output };
        expect(model.fault(who, chain), `${when}, controller ${who}`).to.equal(undefined);
        expect(remaining + input + had.input + (returned[who] ?? 0n), `${when}: all that was asked`).to.equal(
          requested[who],
        );
        waiting += remaining;
        earned += chain.earned;
      });
      expect(waiting <= pending, `${when}: requests within the total`).to.equal(true);
      expect(pending - waiting <= model.dust(), `${when}: ${pending - waiting} of dust in the total`).to.equal(true);
      expect(earned <= filledOutput, `${when}: ${earned} of ${filledOutput} paid`).to.equal(true);
    }
  }

  it("T56: a claim costs the same after one fill or a hundred, and little more when eras have passed", async () => {
    const [a, b, c] = CONTROLLERS as [string, string, string];
    const queue = await deployQueue(10n ** 12n);
    const gasOf = async (controller: string) => (await queue.run([takeAll(controller)])).gasUsed;
    await queue.run([request(a, WAD), fill(WAD / 2n)]);
    const afterOne = await gasOf(a);
    await queue.run([request(b, WAD)]);
    for (let i = 0; i < 100; i++) await queue.run([fill(WAD / 100n)]);
    const afterMany = await gasOf(b);
    expect(Number(afterMany - afterOne)).to.be.below(3_000); // a point further on, and the claim's slot is not the first

    // All but a little less than a millionth is filled, thirty times: each time an era ends. Seven use any request up.
    await queue.run([cancel(a), cancel(b), request(c, 2n ** 127n)]);
    for (let i = 0; i < 30; i++) await queue.run([fill(WAD - 9n * 10n ** 11n)]);
    expect(Number((await gasOf(c)) - afterOne)).to.be.below(60_000);
  });

  it("refuses to fill more than is pending", async () => {
    const queue = await deployQueue(1n);
    await queue.run([request(CONTROLLERS[0] as string, 100n)]);
    await expect(queue.run([fill(2n * WAD)]))
      .to.be.revertedWithCustomError(queue.library, "ExceedsPending")
      .withArgs(200n, 100n);
    expect(await queue.pending()).to.equal(100n);
  });
});
