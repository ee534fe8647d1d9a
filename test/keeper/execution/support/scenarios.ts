import type { Endpoint } from "../../../../keeper/execution/broadcaster.ts";
import { type BareChain, CLIP } from "./bareChain.ts";
import { type Sent, nodeOf } from "./host.ts";

/** What goes on outside while one hedge is carried out. It depends on the chain alone, never on which host is alive. */
export interface Scenario {
  readonly name: string;
  /** Seconds that the order has; unlimited when left out. */
  readonly secondsToLive?: number;
  readonly endpoints?: (chain: BareChain, sent: Sent) => { relays?: Endpoint[]; nodes?: Endpoint[] };
  /** Passes one block. @param count Blocks that have passed since the beginning. */
  readonly pass: (chain: BareChain, count: number) => Promise<void>;
}

const GWEI = 10n ** 9n;
const SPIKE = 20n * GWEI; // twenty times the calm fee
const BEYOND_ROUTINE = 100n * GWEI;

const calm = (chain: BareChain): Promise<void> => chain.mine();

/** Once the deposit is `depth` blocks deep, all of them leave the chain; `forget`: the pool loses the transaction too. */
function reorganisation(depth: number, forget: boolean): Scenario {
  let isDone = false;
  return {
    name: `reorganised ${depth} deep${forget ? " and forgotten" : ""}`,
    async pass(chain, count) {
      if (count === 0) isDone = false;
      await chain.mine();
      if (isDone || (await depthOfDeposit(chain)) !== depth) return;
      isDone = true;
      await chain.reorganise(depth, async () => {
        if (forget) for (const hash of await chain.waiting()) await chain.drop(hash);
        await chain.mine(SPIKE);
      });
    },
  };
}

async function depthOfDeposit(chain: BareChain): Promise<number> {
  if ((await chain.held()) < CLIP) return 0;
  const [log] = await chain.clients.public.getLogs({ address: chain.weth, fromBlock: 0n });
  return Number((await chain.clients.public.getBlockNumber()) - (log?.blockNumber ?? 0n)) + 1;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: "plain", pass: calm },
  // The base fee jumps before the transaction is mined: it is stuck until a dearer one takes its place.
  { name: "stuck and replaced", pass: (chain, count) => chain.mine(count < 5 ? SPIKE : undefined) },
  // Not even a replacement may pay that, and the order's deadline passes: its nonce is used up for nothing, and the hedge is
  // planned anew.
  {
    name: "expired and cancelled",
    secondsToLive: 30,
    pass: (chain, count) => chain.mine(count < 5 ? BEYOND_ROUTINE : undefined),
  },
  {
    name: "dropped by the node",
    async pass(chain, count) {
      await chain.mine(count < 2 ? SPIKE : undefined);
      if (count < 2) for (const hash of await chain.waiting()) await chain.drop(hash);
    },
  },
  reorganisation(1, false),
  reorganisation(2, true),
  reorganisation(5, true),
  {
    name: "reply lost",
    pass: calm,
    endpoints: (chain, sent) => {
      const node = nodeOf(chain, sent);
      const lost = () => Promise.reject(new Error("socket hang up"));
      return { nodes: [{ name: "node", send: (raw) => node.send(raw).then(lost) }] };
    },
  },
  {
    name: "swallowed by the relay",
    pass: calm,
    endpoints: (chain, sent) => ({
      relays: [{ name: "relay", send: () => Promise.resolve() }],
      nodes: [nodeOf(chain, sent)],
    }),
  },
];
