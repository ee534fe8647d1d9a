import type { Sample } from "./ledger.ts";
import { type Play, dollars, fromWad } from "../play.ts";

/**
 * Notes the vault's state. What the vault has earned is its NAV less what LPs have put in on balance; what it would have
 * earned without hedging is that less what the desk has earned: the value of its ether, and cash received for ether less
 * cash spent.
 */
export async function takeSample(play: Play, part: Sample["part"]): Promise<void> {
  const { keel, devnet } = play.world;
  const { ledger } = play;
  const read = devnet.clients.public.readContract;
  const [exposure, supply, time] = await Promise.all([
    read({ ...keel.vault, functionName: "exposure" }),
    read({ ...keel.vault, functionName: "totalSupply" }),
    play.world.now(),
  ]);
  const [nav, spot, inventory] = [fromWad(exposure.nav), fromWad(exposure.mark.spot), fromWad(exposure.base)];
  const bookDelta = fromWad(exposure.mark.delta);
  const pnlHedged = nav - dollars(ledger.cash.lpIn - ledger.cash.lpOut);
  ledger.samples.push({
    time,
    part,
    price: play.price,
    spot,
    nav,
    navPerShare: supply === 0n ? undefined : nav / fromWad(supply),
    netDelta: bookDelta + inventory,
    bookDelta,
    inventory,
    netDeltaBefore: firstDeltaSince(play) ?? bookDelta + inventory,
    pnlHedged,
    pnlUnhedged: pnlHedged - (inventory * spot + dollars(ledger.cash.hedge)),
  });
}

/** Net delta that the first hedge since the last sample found. */
function firstDeltaSince({ ledger }: Play): number | undefined {
  const last = ledger.samples.at(-1);
  return ledger.hedges.find(({ time }) => time > (last?.time ?? 0))?.netDeltaBefore;
}
