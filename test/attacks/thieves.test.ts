import { expect } from "chai";
import type { Chain } from "../../scripts/search/chain.ts";
import { DEEP } from "../deep.ts";
import { type Key, openThief, play } from "./thief/thief.ts";

/** What LPs may lose, and a thief may take, in any 24 hours: shares of what they have, and of NAV. */
const BOUNDS: readonly { readonly keys: readonly Key[]; readonly loses: number; readonly takes: number }[] = [
  // The bounty of a day, 50 dollars, of 3 million.
  { keys: [], loses: 0.001, takes: 50 / 3e6 },
  { keys: ["LISTER"], loses: 0.001, takes: 50 / 3e6 },
  // What keepers may lose in 24 hours, and what strangers cost.
  { keys: ["KEEPER"], loses: 0.006, takes: 0.006 },
  { keys: ["POSTER"], loses: 0.01, takes: 0.01 },
  { keys: ["POSTER", "KEEPER", "LISTER"], loses: 0.02, takes: 0.02 },
];

/** Deep, each role plays two parts of 5,000 calls; KEEL_CAMPAIGN_PART takes one of them alone. */
const CALLS = Number(process.env.KEEL_THIEF_CALLS ?? (DEEP ? 5_000 : 120));
const PART = process.env.KEEL_CAMPAIGN_PART;
const PARTS = PART !== undefined ? [Number(PART)] : DEEP ? [0, 1] : [0];
const SEED = 0x4b65656c;

const percent = (share: number) => `${(100 * share).toFixed(4)} %`;

describe("A thief on the real desk, Uniswap and Aave", function () {
  this.timeout(6 * 3_600_000);
  let chain: Chain;

  before(async () => {
    chain = await openThief();
  });
  after(async () => chain.close());

  for (const { keys, loses, takes } of BOUNDS) {
    for (const part of PARTS) {
      const who = keys.length > 0 ? keys.join(", ") : "no key";
      it(`${who}: LPs lose at most ${percent(loses)} in any 24 hours (part ${part})`, async () => {
        const { calls, lost, taken, done } = await play(chain, keys, SEED + part, CALLS);
        const days = lost.byDay.map((share, day) => `day ${day + 1} ${percent(share)}`).join(", ");
        const counts = [...done].map(([name, times]) => `${name} ${times}`).join(", ");
        console.log(`      ${calls} calls: LPs lost ${percent(lost.worst)} (${days}), taken ${percent(taken.worst)}`);
        console.log(`      came to something: ${counts}`);
        expect(lost.worst).to.be.at.most(loses);
        expect(taken.worst).to.be.at.most(takes);
      });
    }
  }
});
