import { expect } from "chai";
import { UserError } from "../../sdk/userError.ts";
import { type LoopOptions, runLoop } from "../../keeper/loop.ts";

/** A chain whose newest block is the next of `heights` at every look; the loop is stopped when they are used up. */
function script(
  heights: readonly (bigint | Error)[],
  tick: LoopOptions["tick"] = () => Promise.resolve(),
  isDue?: LoopOptions["isDue"],
) {
  const stop = new AbortController();
  const ticks: bigint[] = [];
  const pauses: number[] = [];
  const errors: string[] = [];
  const left = [...heights];
  const run = runLoop({
    newestBlock: () => {
      const next = left.shift();
      if (left.length === 0) stop.abort();
      if (next instanceof Error) return Promise.reject(next);
      return Promise.resolve(next ?? 0n);
    },
    tick: async (block) => {
      ticks.push(block);
      await tick(block);
    },
    ...(isDue && { isDue }),
    onError: (error, retryInMs, block) => errors.push(`${(error as Error).message} ${retryInMs} ${block ?? "-"}`),
    pollingIntervalMs: 100,
    signal: stop.signal,
    sleep: (milliseconds) => {
      pauses.push(milliseconds);
      return Promise.resolve();
    },
  });
  return { run, stop, ticks, pauses, errors };
}

describe("Keeper loop", () => {
  it("ticks once per block, and passes over blocks that came during a tick", async () => {
    const { run, ticks } = script([5n, 5n, 6n, 9n, 9n, 9n, 10n]);
    await run;
    expect(ticks).to.deep.equal([5n, 6n, 9n]); // stopped before the last look's block
  });

  it("works on the same block again when something else than the chain has changed", async () => {
    const due = [false, true, false, true];
    const { run, ticks } = script([2n, 2n, 2n, 2n, 1n, 1n], undefined, () => due.shift() ?? false);
    await run;
    expect(ticks).to.deep.equal([2n, 2n]); // not on an older one
  });

  it("looks again at once after a tick, and otherwise waits", async () => {
    const { run, pauses } = script([1n, 1n, 2n, 2n, 0n]);
    await run;
    expect(pauses).to.deep.equal([100, 100, 100]);
  });

  it("never runs two ticks at a time", async () => {
    let running = 0;
    const { run, ticks } = script([1n, 2n, 3n, 4n], async () => {
      expect(++running).to.equal(1);
      await Promise.resolve();
      running -= 1;
    });
    await run;
    expect(ticks.length).to.equal(3);
  });

  it("survives a dead line: retries with growing pauses, then goes on", async () => {
    const down = new Error("down");
    const { run, ticks, errors, pauses } = script([1n, down, down, down, 2n, 2n]);
    await run;
    expect(ticks).to.deep.equal([1n, 2n]);
    expect(errors).to.deep.equal(["down 100 -", "down 200 -", "down 400 -"]);
    expect(pauses).to.deep.equal([100, 200, 400, 100]);
  });

  it("never pauses longer than half a minute", async () => {
    const { run, pauses } = script([...Array<Error>(20).fill(new Error("down")), 1n]);
    await run;
    expect(Math.max(...pauses)).to.equal(30_000);
  });

  it("retries a failed tick on the newest block", async () => {
    let failures = 1;
    const { run, ticks, errors } = script([7n, 8n, 8n, 8n], () =>
      failures-- > 0 ? Promise.reject(new Error("hiccup")) : Promise.resolve(),
    );
    await run;
    expect(ticks).to.deep.equal([7n, 8n]);
    expect(errors).to.deep.equal(["hiccup 100 7"]);
  });

  it("ignores a node that is a few blocks behind, and ends on a chain that was started anew", async () => {
    const behind = script([100n, 98n, 98n]);
    await behind.run;
    expect(behind.ticks).to.deep.equal([100n]);
    const anew = await script([100n, 3n, 3n]).run.catch((error: unknown) => error);
    expect(anew).to.be.instanceOf(UserError).with.property("message").that.includes("from block 100 to block 3");
  });

  it("ends on what only a person can mend", async () => {
    const { run } = script([1n, 2n], () => Promise.reject(new UserError("look into it")));
    expect(await run.catch((error: unknown) => (error as Error).message)).to.equal("look into it");
  });

  it("finishes the tick in flight when it is stopped", async () => {
    let finished = false;
    const world = script([1n, 2n, 3n], async () => {
      world.stop.abort();
      await new Promise((resolve) => setImmediate(resolve));
      finished = true;
    });
    await world.run;
    expect(finished).to.equal(true);
    expect(world.ticks).to.deep.equal([1n]);
  });
});
