import { expect } from "chai";
import fc from "../../support/fastCheck.ts";
import {
  type Attempt,
  type Inclusion,
  type Intent,
  type Outcome,
  isOver,
  plan,
} from "../../../keeper/execution/intent.ts";
import { DEFAULT_FEE_POLICY } from "../../../keeper/execution/fees.ts";
import { nextAction } from "../../../keeper/execution/nextAction.ts";
import { type Event, IllegalTransition, type Observation, transition } from "../../../keeper/execution/transition.ts";

const DEPTHS = { confirmations: 1n, finality: 7n, patience: 2n };
const WHO = `0x${"11".repeat(20)}` as const;
const hashOf = (n: number) => `0x${n.toString(16).padStart(64, "0")}` as const;
const ORDER: Outcome = { kind: "effected", details: null };

const start: Intent = {
  ...plan({
    id: "a",
    chainId: 1,
    account: WHO,
    slot: "hedge",
    urgency: "routine",
    call: { to: WHO, data: "0x", value: 0n },
    expected: null,
  }),
  nonce: 5,
};

const attempt = (n: number): Attempt => ({
  hash: hashOf(n),
  raw: "0x02",
  purpose: n % 3 === 2 ? "cancel" : "order",
  fees: { maxFeePerGas: 2n, maxPriorityFeePerGas: 1n },
  gas: 21_000n,
});

/** One thing that a chain may say; attempts are named by their place. */
interface Said {
  readonly head: number;
  readonly at: number;
  readonly which: number;
  readonly fork: number;
  readonly what: "mined" | "known" | "nothing" | "taken";
}

const said: fc.Arbitrary<Said> = fc.record({
  head: fc.integer({ min: 1, max: 40 }),
  at: fc.integer({ min: 1, max: 40 }),
  which: fc.integer({ min: 0, max: 3 }),
  fork: fc.integer({ min: 0, max: 1 }),
  what: fc.constantFrom("mined", "known", "nothing", "taken"),
});

function observe(intent: Intent, { head, at, which, fork, what }: Said): Observation {
  const chosen = intent.attempts[which % Math.max(1, intent.attempts.length)];
  const block = { number: BigInt(Math.min(at, head)), hash: hashOf(1000 * (fork + 1) + Math.min(at, head)) };
  const inclusion: Inclusion = { block, gasUsed: 1n, gasCost: 1n };
  const outcome: Outcome = chosen?.purpose === "cancel" ? { kind: "cancelled" } : ORDER;
  return {
    head: BigInt(head),
    minedNonce: what === "taken" ? 6 : 5,
    inclusion: chosen && what === "mined" ? { hash: chosen.hash, ...inclusion, outcome } : undefined,
    known: what === "known" ? chosen?.hash : undefined,
  };
}

describe("Transaction states", () => {
  const step = (intent: Intent, event: Event): Intent => transition(intent, event, DEPTHS);

  it("whatever the chain says in whatever order, keep the nonce, every attempt, and the end once it is reached", () => {
    const script = fc.array(fc.oneof(said, fc.constantFrom("sign", "send", "withdraw", "escalate")), { maxLength: 40 });
    fc.assert(
      fc.property(script, (events) => {
        let intent = start;
        for (const event of events) {
          const before = intent;
          try {
            if (event === "sign")
              intent = step(intent, { type: "signed", attempt: attempt(intent.attempts.length + 1) });
            else if (event === "send") intent = step(intent, { type: "sent", at: 3n });
            else if (event === "withdraw") intent = step(intent, { type: "withdrawn" });
            else if (event === "escalate") intent = step(intent, { type: "escalated", urgency: "emergency" });
            else intent = step(intent, { type: "observed", observation: observe(intent, event) });
          } catch (error) {
            expect(error).to.be.instanceOf(IllegalTransition);
            continue;
          }
          expect(intent.nonce).to.equal(5);
          expect(intent.attempts.slice(0, before.attempts.length)).to.deep.equal(before.attempts);
          expect(intent.version).to.equal(before.version + (intent === before ? 0 : 1));
          if (isOver(before)) expect(intent).to.equal(before);
          if (isOver(intent)) expect(intent.confirmed).to.equal(true);
          if (before.confirmed) expect(intent.confirmed).to.equal(true);
        }
      }),
      { numRuns: 3000, seed: 6 },
    );
  });

  it("never call for a first signature once something is signed, nor for another before the last one was handed over", () => {
    fc.assert(
      fc.property(fc.array(said, { maxLength: 12 }), fc.integer({ min: 0, max: 60 }), (chain, head) => {
        let intent = step(start, { type: "signed", attempt: attempt(1) });
        const decide = () => nextAction(intent, { head: BigInt(head), time: 0 }, DEFAULT_FEE_POLICY).type;
        expect(decide()).to.equal("send");
        intent = step(intent, { type: "sent", at: 1n });
        for (const word of chain) {
          intent = step(intent, { type: "observed", observation: observe(intent, word) });
          expect(decide()).not.to.equal("prepare");
          if (intent.state.tag === "mined" || isOver(intent)) expect(decide()).to.equal("wait");
        }
      }),
      { numRuns: 2000, seed: 6 },
    );
  });

  it("go from mined to reorganised when the receipt is gone, and to final at depth", () => {
    const signed = step(step(start, { type: "signed", attempt: attempt(1) }), { type: "sent", at: 1n });
    const mined: Said = { head: 3, at: 3, which: 0, fork: 0, what: "mined" };
    const once = step(signed, { type: "observed", observation: observe(signed, mined) });
    expect(once).to.deep.include({ confirmed: true });
    expect(once.state.tag).to.equal("mined");
    const gone = step(once, { type: "observed", observation: observe(once, { ...mined, head: 4, what: "nothing" }) });
    expect(gone.state).to.deep.include({ tag: "reorganised", hash: hashOf(1) });
    const back = step(gone, { type: "observed", observation: observe(gone, { ...mined, head: 12, at: 6, fork: 1 }) });
    expect(back.state.tag).to.equal("final");
    const shallow = step(gone, {
      type: "observed",
      observation: observe(gone, { ...mined, head: 11, at: 6, fork: 1 }),
    });
    expect(shallow.state.tag).to.equal("mined");
  });

  it("refuse events that make no sense", () => {
    const { nonce: _, ...bare } = start;
    expect(() => step({ ...bare, nonce: undefined }, { type: "signed", attempt: attempt(1) })).to.throw(
      IllegalTransition,
    );
    expect(() => step(start, { type: "sent", at: 1n })).to.throw('Intent a is planned, which allows no event "sent"');
    const signed = step(start, { type: "signed", attempt: attempt(1) });
    expect(() => step(signed, { type: "refused", reason: "late" })).to.throw(IllegalTransition);
  });
});
