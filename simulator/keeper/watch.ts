import { parseEventLogs } from "viem";
import { hedgeDeskAbi } from "../../sdk/abi/hedgeDesk.ts";
import { type HedgeRecord, noteGas } from "../ledger/ledger.ts";
import { type Play, dollars, fromWad } from "../play.ts";

/** Waits until the keeper is done with the newest block, and notes what it has done. */
export async function watchKeeper(play: Play): Promise<void> {
  await play.world.keeper.catchUp();
  await noteHedges(play);
}

/** Puts what the desk has traded since the last time into the ledger. */
export async function noteHedges(play: Play): Promise<void> {
  const { devnet, keel } = play.world;
  const latest = await devnet.clients.public.getBlockNumber();
  if (latest <= play.seenBlock) return;
  const range = { fromBlock: play.seenBlock + 1n, toBlock: latest };
  const logs = await devnet.clients.public.getLogs({ address: keel.desk.address, ...range });
  play.seenBlock = latest;
  for (const { args, transactionHash, blockNumber } of parseEventLogs({
    abi: hedgeDeskAbi,
    logs,
    eventName: "Rebalanced",
  })) {
    const [receipt, block] = await Promise.all([
      devnet.clients.public.getTransactionReceipt({ hash: transactionHash }),
      devnet.clients.public.getBlock({ blockNumber }),
    ]);
    play.ledger.cash.hedge += args.amount > 0n ? -args.cash : args.cash;
    const [amount, cash, spot] = [fromWad(args.amount), dollars(args.cash), fromWad(args.spot)];
    const record: HedgeRecord = {
      time: Number(block.timestamp),
      block: Number(blockNumber),
      tx: transactionHash,
      gas: noteGas(play.ledger, args.amount > 0n ? "hedge: buy" : "hedge: sell", receipt),
      amount,
      cash,
      price: cash / Math.abs(amount),
      spot,
      cost: Math.sign(amount) * (cash - Math.abs(amount) * spot),
      netDeltaBefore: fromWad(args.netDeltaBefore),
      netDeltaAfter: fromWad(args.netDeltaAfter),
    };
    play.ledger.hedges.push(record);
    play.spectator.onEvent({ type: "hedge", record });
  }
}
