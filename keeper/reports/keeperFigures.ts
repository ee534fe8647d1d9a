import type { EChartsOption, SeriesOption } from "echarts";
import type { Moment, Timeline } from "../../sdk/portfolio/timeline.ts";
import { CHART_COLORS, axisStyle, renderChart } from "./chart.ts";
import type { Html } from "./html.ts";

const SIZE = { width: 600, height: 260 };
const HEDGE_SIZE = 8;

/** Net delta inside its no-trade band. */
export function deltaChart(timeline: Timeline): Html {
  const quiet = { color: CHART_COLORS.quiet, width: 1, type: [4, 3] as number[] };
  return overTime(timeline, [
    line(timeline, ({ band }) => band, quiet),
    line(timeline, ({ band }) => -band, quiet),
    line(timeline, ({ netDelta }) => netDelta, { color: CHART_COLORS.accent, width: 2 }),
  ]);
}

/** The oracle's price, with every hedge where and when it was filled. */
export function spotChart(timeline: Timeline): Html {
  const fills = (side: number) =>
    timeline.hedges
      .filter(({ amount }) => Math.sign(amount) === side)
      .map(({ at, amount, cash }) => [at, cash / Math.abs(amount)]);
  const marks = { type: "scatter" as const, symbolSize: HEDGE_SIZE, z: 4 };
  return overTime(timeline, [
    line(timeline, ({ spot }) => spot, { color: CHART_COLORS.quiet, width: 1.5 }),
    { ...marks, data: fills(1), symbol: "triangle", itemStyle: { color: CHART_COLORS.accent } },
    { ...marks, data: fills(-1), symbol: "triangle", symbolRotate: 180, itemStyle: { color: CHART_COLORS.second } },
  ]);
}

/** What the vault is worth. */
export function navChart(timeline: Timeline): Html {
  return overTime(timeline, [line(timeline, ({ nav }) => nav, { color: CHART_COLORS.third, width: 2 })]);
}

/** Profits to the right, losses to the left, by cause. */
export function profitChart({ profits }: Timeline): Html {
  const axis = axisStyle();
  const entries = [...profits].reverse();
  const data = entries.map(([, value]) => ({
    value,
    itemStyle: { color: value < 0 ? CHART_COLORS.bad : CHART_COLORS.good },
  }));
  const option: EChartsOption = {
    grid: { left: 96, right: 20, top: 10, bottom: 26 },
    xAxis: { ...axis, type: "value", axisLabel: { ...axis.axisLabel, hideOverlap: true } },
    yAxis: {
      ...axis,
      type: "category",
      data: entries.map(([name]) => withReadableErrors(name)),
      splitLine: { show: false },
    },
    series: [{ type: "bar", data, barMaxWidth: 12 }],
  };
  return renderChart(option, SIZE);
}

/** From the first moment on: a keeper that was started a minute ago has a minute to show. */
function overTime({ from, to, moments }: Timeline, series: SeriesOption[]): Html {
  const axis = axisStyle();
  const labels = { ...axis.axisLabel, hideOverlap: true };
  const option: EChartsOption = {
    useUTC: true,
    grid: { left: 64, right: 16, top: 12, bottom: 26 },
    xAxis: {
      ...axis,
      type: "time",
      min: moments[0]?.at ?? from,
      max: to,
      splitLine: { show: false },
      axisLabel: labels,
    },
    yAxis: { ...axis, type: "value", scale: true },
    series,
  };
  return renderChart(option, SIZE);
}

/** "hedgeFee" as "hedge fee". */
function withReadableErrors(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function line(
  { moments }: Timeline,
  valueOf: (moment: Moment) => number,
  lineStyle: { color: string; width: number; type?: number[] },
): SeriesOption {
  const data = moments.map((moment) => [moment.at, valueOf(moment)]);
  // A single moment would be a line of no length.
  return { type: "line", data, showSymbol: moments.length === 1, lineStyle, itemStyle: { color: lineStyle.color } };
}
