import { Command } from "commander";
import { parseEther } from "viem";
import pc from "picocolors";
import { runCommand } from "../command.ts";
import { slice } from "../devnet/keel.ts";
import { startDevnet } from "../devnet/node.ts";
import { ALICE, KEEPER, SPOT, type Stage, openStage } from "./gas/stage.ts";

interface Flags {
  readonly json: boolean;
}

/** What people get, or pay, against the posted surface so long after a jump of vol, in vol points of what they trade. */
interface Row {
  /** Share of the vega capacity that people hold. */
  readonly held: number;
  readonly jump: number;
  readonly hours: number;
  /** All of it, for one contract at the money: how much less a seller is paid, or how much more a buyer pays. */
  readonly points: number;
}

const HOURS = [0, 1, 3, 6, 12, 24, 36, 48] as const;
const HELD = [0.25, 0.5, 1] as const;
const JUMPS = [15, -15] as const;
const VOL = 0.7;
const SKEW = -0.1;
const DAYS = 28;

await runCommand(
  new Command("bench:posts")
    .description(
      "Measures on a local chain what holders get less, and buyers pay more, than the posted surface says, by hours since " +
        "a jump of vol by 15 points and by the share of the vega capacity that is held.",
    )
    .option("--json", "print rows as JSON on stdout, and progress on stderr", false)
    .action(run),
);

async function run({ json }: Flags): Promise<void> {
  const say = (text: string) => (json ? console.error(text) : console.log(text));
  const rows: Row[] = [];
  const devnet = await startDevnet({ port: 0 });
  try {
    const stage = await openStage(devnet, { days: [DAYS], moneyness: [0.9, 1, 1.1] });
    for (const held of HELD) {
      for (const jump of JUMPS) {
        say(pc.dim(`${100 * held} % of the vega capacity, ${jump} points …`));
        const snapshot = await stage.clients.test.snapshot();
        rows.push(...(await measure(stage, held, jump)));
        await stage.clients.test.revert({ id: snapshot });
      }
    }
  } finally {
    await devnet.close();
  }
  if (json) console.log(JSON.stringify(rows, null, 2));
  else print(rows);
}

async function measure(stage: Stage, held: number, jump: number): Promise<Row[]> {
  const { clients, keel, market, expiries } = stage;
  const [expiry] = expiries as [bigint];
  await fill(stage, held);
  await wait(stage, 1_801);
  const vol = VOL + jump / 100;
  const next = new Map([[expiry, slice(vol, SKEW, VOL / vol)]]);
  await keel.postSurface(next);
  const { timestamp: start } = await clients.public.getBlock();
  const rows: Row[] = [];
  for (const hours of HOURS) {
    for (;;) {
      const { timestamp } = await clients.public.getBlock();
      const left = start + BigInt(hours * 3_600) - timestamp;
      if (left <= 0n) break;
      await wait(stage, Math.min(3_600, Number(left)));
      if (timestamp - start > 10n * 3_600n) await keel.renewSurface();
      await keel.write(KEEPER, { ...keel.vault, functionName: "followSurface" });
    }
    rows.push({ held, jump, hours, points: await lagOf(stage, jump > 0) });
  }
  await market.report(SPOT);
  return rows;
}

/** People buy at the money until they hold this share of the vega capacity. */
async function fill(stage: Stage, held: number): Promise<void> {
  const { clients, keel, series } = stage;
  for (;;) {
    const { mark, vegaCapacity } = await clients.public.readContract({ ...keel.vault, functionName: "exposure" });
    const missing = Number(vegaCapacity) * held * 0.995 - Math.abs(Number(mark.weightedVega));
    const contracts = Math.min(150, missing / 1e18 / 345);
    if (contracts < 1) return;
    const legs = [atTheMoney(series, 0), atTheMoney(series, 1)].map((id) => ({
      id,
      quantity: parseEther((contracts / 2).toFixed(6)),
    }));
    await keel.trade(ALICE, legs);
    await hedge(stage);
    await wait(stage, 600);
  }
}

/** The keeper's part: the whole net delta, in clips. */
async function hedge({ clients, keel, market }: Stage): Promise<void> {
  void clients;
  void keel;
  await market.arbitrage(SPOT);
}

/** Call and put at the middle strike. */
function atTheMoney(series: readonly bigint[], which: 0 | 1): bigint {
  const id = series[2 + which];
  if (id === undefined) throw new Error("The stage has three strikes.");
  return id;
}

/** What the reference adds to a trade of one call, by its vega. */
async function lagOf({ clients, keel, series }: Stage, sells: boolean): Promise<number> {
  const id = atTheMoney(series, 0);
  const quantity = parseEther(sells ? "-1" : "1");
  const quote = await keel.quote([{ id, quantity }]);
  const [, page] = await clients.public.readContract({ ...keel.lens, functionName: "look", args: [1n, 2n, 1n] });
  return (100 * Number(quote.lag)) / Number(page[0]?.vega ?? 0n);
}

async function wait({ clients, market }: Stage, seconds: number): Promise<void> {
  await clients.test.increaseTime({ seconds });
  await market.moveTo(SPOT, { forceRound: true });
}

function print(rows: readonly Row[]): void {
  console.log(`\nVol points that the reference takes, one contract at the money, ${DAYS} days\n`);
  const cells = (values: readonly string[]) => console.log(values.map((value) => value.padStart(9)).join(""));
  cells(["held", "jump", ...HOURS.map((hours) => `${hours} h`)]);
  for (const held of HELD) {
    for (const jump of JUMPS) {
      const own = rows.filter((row) => row.held === held && row.jump === jump);
      cells([`${100 * held} %`, String(jump), ...own.map(({ points }) => points.toFixed(2))]);
    }
  }
}
