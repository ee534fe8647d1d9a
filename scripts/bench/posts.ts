import { Command, InvalidArgumentError } from "commander";
import { parsePositive, runCommand } from "../command.ts";
import { DEFAULT_PARAMETERS, type KeelParameters } from "../../deployments/parameters.ts";

interface Flags {
  readonly json: boolean;
  readonly jump: number;
}

/** How far behind the posted surface the reference is, so long after a jump of vol. */
export interface LagRow {
  /** Share of the vega capacity that people hold. */
  readonly held: number;
  readonly hours: number;
  /** Vol points that holders get less when they sell back: the whole of them, or one of them alone. */
  readonly holders: number;
  /** Vol points by which the reference lies above after a fall of the same size. */
  readonly after: number;
  /** Dollars of that gap that buyers need not pay in a day, and what they can buy with it, as a share of the vega capacity. */
  readonly bought: number;
}

const HOURS = [0, 1, 3, 6, 12, 24, 36, 48, 72] as const;
const HELD = [0.1, 0.25, 0.5, 1] as const;
/** A bucket holds a tenth of the budget; nine tenths flow in every day: SurfaceBudget. */
const AT_ONCE = 0.1;
const WAD = 1e18;

/**
 * What SurfaceEngine.follow comes to when somebody calls it every hour: the reference rises as fast as time lets it, and as the
 * budget pays for the options that people hold; it falls as what lies above half a bucket pays for the whole capacity.
 */
export function lagAfter({ limits, surface }: KeelParameters, held: number, jump: number, hours: number): LagRow {
  const capacity = limits.vegaCapacityBps / 10_000; // of NAV, per 1.00 of vol
  const budget = limits.surfaceLossBps / 10_000;
  const days = hours / 24;
  const inTime = (100 * (Number(surface.maxFollow) / WAD) * hours * 3600) / surface.followWindow;
  const flow = (1 - AT_ONCE) * budget * days;
  const rise = Math.min(jump, inTime, (100 * ((hours > 0 ? AT_ONCE * budget : 0) + flow)) / (held * capacity));
  const fall = Math.min(jump, inTime, (100 * ((hours > 0 ? (AT_ONCE * budget) / 2 : 0) + flow)) / capacity);
  const gap = jump - fall;
  const bought = gap === 0 ? 1 : Math.min(1, (100 * (AT_ONCE / 2) * budget) / (gap * capacity));
  return { held, hours, holders: jump - rise, after: gap, bought };
}

/** As far as vol can be posted at all. */
function parsePoints(text: string): number {
  const points = parsePositive(text);
  if (points > 500) throw new InvalidArgumentError("Vol is posted up to 500 points.");
  return points;
}

function run({ json, jump }: Flags): void {
  const rows = HELD.flatMap((held) => HOURS.map((hours) => lagAfter(DEFAULT_PARAMETERS, held, jump, hours)));
  if (json) {
    console.log(JSON.stringify(rows, null, 2));
    return;
  }
  const line = (cells: readonly string[]) => console.log(cells.map((cell) => cell.padStart(10)).join(""));
  console.log(`Vol points that holders get less than is posted, by hours since a rise of ${jump} points\n`);
  line(["held", ...HOURS.map((hours) => `${hours} h`)]);
  for (const held of HELD)
    line([`${100 * held} %`, ...rows.filter((row) => row.held === held).map((row) => row.holders.toFixed(2))]);
  console.log(
    `\nVol points by which the reference lies above what is posted after a fall of ${jump} points, and what can be bought`,
  );
  console.log("at the posted price all the same, at once, in % of the vega capacity (more flows in by the minute)\n");
  line(["", ...HOURS.map((hours) => `${hours} h`)]);
  const falls = rows.filter((row) => row.held === HELD[0]);
  line(["above", ...falls.map(({ after }) => after.toFixed(2))]);
  line(["at once", ...falls.map(({ bought }) => (100 * bought).toFixed(2))]);
}

if (import.meta.url === `file://${process.argv[1]}`) {
  await runCommand(
    new Command("bench:posts")
      .description(
        "What a jump of posted vol costs those who trade after it, by hours and by the share of the vega capacity that people hold, " +
          "at the default parameters.",
      )
      .option("--jump <points>", "vol points, at most 500", parsePoints, 15)
      .option("--json", "print rows as JSON", false)
      .action(run),
  );
}
