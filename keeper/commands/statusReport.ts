import pc from "picocolors";
import { bandHalfWidth } from "../hedging/band.ts";
import type { HedgePolicy } from "../hedging/policy.ts";
import { type CrossCheck, crossCheck } from "../../sdk/portfolio/crossCheck.ts";
import { type NetGreeks, netGreeks, valuePositions } from "../../sdk/portfolio/netGreeks.ts";
import { expiryName, seriesName } from "../../sdk/series.ts";
import { type Snapshot, navPerShareOf, netDeltaOf } from "../../sdk/portfolio/snapshot.ts";
import { textTable } from "../reports/textTable.ts";
import { fromUsdc, fromWad } from "../../sdk/units.ts";

/** What `keel status --json` prints: dollars, ether and unix seconds; Greeks by our own pricing. */
export interface StatusReport {
  readonly network: string;
  readonly block: { readonly number: number; readonly hash: string; readonly time: number };
  readonly oracle: {
    readonly spot: number;
    readonly updatedAt: number;
    readonly low: number | null;
    readonly high: number | null;
  };
  readonly vault: {
    readonly nav: number;
    readonly navPerShare: number;
    readonly cash: number;
    readonly owed: number;
    readonly freeCash: number;
    readonly epoch: number;
    readonly epochEndsAt: number;
  };
  readonly positions: readonly (NetGreeks & {
    readonly series: string;
    readonly id: string;
    readonly quantity: number;
    readonly vol: number | null;
  })[];
  readonly net: NetGreeks;
  readonly hedge: number;
  readonly netDelta: number;
  readonly band: number;
  /** Whether the vault's own mark agrees with these Greeks. */
  readonly check: CrossCheck;
  readonly surface: readonly {
    readonly expiry: string;
    readonly atmVol: number;
    readonly skew: number;
    readonly curvature: number;
    readonly carry: number;
    readonly ageSeconds: number;
  }[];
}

const SECONDS_PER_DAY = 86_400;
const SECONDS_PER_YEAR = 365 * SECONDS_PER_DAY;

/** Everything about the vault at one block, ready to print. */
export function statusReport(network: string, snapshot: Snapshot, policy: HedgePolicy): StatusReport {
  const { block, oracle, vault, mark, hedge, slices } = snapshot;
  const positions = valuePositions(snapshot);
  return {
    network,
    block: { number: Number(block.number), hash: block.hash, time: block.time },
    oracle: {
      spot: fromWad(oracle.spot),
      updatedAt: oracle.updatedAt,
      low: oracle.range ? fromWad(oracle.range.low) : null,
      high: oracle.range ? fromWad(oracle.range.high) : null,
    },
    vault: {
      nav: fromWad(vault.nav),
      navPerShare: navPerShareOf(snapshot),
      cash: fromUsdc(vault.cash),
      owed: fromUsdc(vault.owed),
      freeCash: fromUsdc(vault.freeCash),
      epoch: Number(vault.epoch),
      epochEndsAt: vault.epochEndsAt,
    },
    positions: positions.map(({ series, quantity, contract, value, delta, gamma, vega, weightedVega, theta }) => ({
      series: seriesName(series),
      id: String(series.id),
      quantity,
      vol: contract.vol ?? null,
      ...{ value, delta, gamma, vega, weightedVega, theta },
    })),
    net: netGreeks(positions),
    hedge: fromWad(hedge.delta),
    netDelta: fromWad(netDeltaOf(snapshot)),
    band: bandHalfWidth({ spot: fromWad(mark.spot), gamma: fromWad(mark.gamma) }, policy),
    check: crossCheck(snapshot, policy.markTolerance),
    surface: slices.map((slice) => ({
      expiry: expiryName(slice.expiry),
      atmVol: fromWad(slice.atmVol),
      skew: fromWad(slice.skew),
      curvature: fromWad(slice.curvature),
      carry: fromWad(slice.carry),
      ageSeconds: block.time - slice.updatedAt,
    })),
  };
}

/** The report as a page for the terminal. Series without a position are counted, not listed. */
export function statusText(report: StatusReport): string {
  const { block, oracle, vault } = report;
  const range =
    oracle.low === null ? "no DEX average" : `${usd(oracle.low)} … ${usd(oracle.high ?? oracle.low)} to trade`;
  return [
    `${pc.bold(`Keel on ${report.network}`)}  block ${block.number}  ${minute(block.time)}`,
    "",
    `Oracle         ${usd(oracle.spot)}, ${age(block.time - oracle.updatedAt)} old (${range})`,
    `NAV            ${usd(vault.nav)}, ${vault.navPerShare.toFixed(6)} per share`,
    `Cash           ${usd(vault.cash)}, of which ${usd(vault.owed)} owed and ${usd(vault.freeCash)} free`,
    `Epoch          ${vault.epoch}, ${epochText(vault.epochEndsAt, block.time)}`,
    `Hedge          ${report.hedge.toFixed(4)}`,
    `Net delta      ${signed(report.netDelta)}, band ±${report.band.toFixed(4)}`,
    `Own Greeks     ${checkText(report.check)}`,
    "",
    positionsText(report),
    "",
    surfaceText(report),
  ].join("\n");
}

function positionsText({ positions, net }: StatusReport): string {
  const open = positions.filter(({ quantity }) => quantity !== 0);
  const without = `${positions.length - open.length} listed series without a position`;
  if (open.length === 0) return `${pc.bold("Book")}\nNo positions; ${without}.`;
  const table = textTable(
    [
      { heading: "series", align: "left" },
      ...["quantity", "vol", "value", "delta", "gamma", "vega/pt", "theta/day"].map((heading) => ({ heading })),
    ],
    [
      ...open.map((p) => [p.series, p.quantity.toFixed(3), p.vol === null ? "–" : percent(p.vol), ...greekCells(p)]),
      ["net", "", "", ...greekCells(net)],
    ],
  );
  return `${pc.bold("Book")}\n${table}\n${without}.`;
}

function greekCells({ value, delta, gamma, vega, theta }: NetGreeks): string[] {
  const perDay = (theta * SECONDS_PER_DAY) / SECONDS_PER_YEAR;
  return [value.toFixed(2), delta.toFixed(4), gamma.toFixed(6), (vega / 100).toFixed(2), perDay.toFixed(2)];
}

function surfaceText({ surface }: StatusReport): string {
  if (surface.length === 0) return `${pc.bold("Surface")}\nNo slices of open expiries.`;
  const headings = ["ATM vol", "skew", "curvature", "carry", "age"].map((heading) => ({ heading }));
  const rows = surface.map(({ expiry, atmVol, skew, curvature, carry, ageSeconds }) => [
    expiry,
    percent(atmVol),
    skew.toFixed(4),
    curvature.toFixed(4),
    percent(carry),
    age(ageSeconds),
  ]);
  return `${pc.bold("Surface")}\n${textTable([{ heading: "expiry", align: "left" }, ...headings], rows)}`;
}

function checkText(check: CrossCheck): string {
  if (check.agrees) return "agree with the vault's mark";
  return pc.red(`disagree with the vault's mark in ${check.figure}: ${check.own} here, ${check.onChain} there`);
}

function epochText(endsAt: number, now: number): string {
  return endsAt > now ? `ends in ${age(endsAt - now)}` : `over for ${age(now - endsAt)}, waiting to be processed`;
}

function age(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 2 * SECONDS_PER_DAY
    ? `${Math.floor(seconds / 3600)} h`
    : `${Math.floor(seconds / SECONDS_PER_DAY)} d`;
}

function minute(time: number): string {
  return `${new Date(time * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function usd(value: number): string {
  const digits = Math.abs(value).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return `${value < 0 ? "−" : ""}$${digits}`;
}

function percent(value: number): string {
  return `${(value * 100).toFixed(2)} %`;
}

function signed(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(4)}`;
}
