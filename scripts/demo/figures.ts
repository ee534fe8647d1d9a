import type { EChartsOption, LineSeriesOption, ScatterSeriesOption } from "echarts";
import { CHART_COLORS, axisStyle, renderChart } from "../../keeper/reports/chart.ts";
import { type Html, html } from "../../keeper/reports/html.ts";
import type { Figure } from "../../keeper/reports/page.ts";
import type { ColorName } from "../../keeper/reports/style.ts";

/** A point in time and a value there. */
export type Point = readonly [seconds: number, value: number];

/** One line of a chart. */
export interface Line {
  readonly name: string;
  readonly color: ColorName;
  readonly points: readonly Point[];
  /** Drawn as an area from zero, behind the others. */
  readonly area?: boolean;
  readonly dashed?: boolean;
}

/** What a chart's values look like on its axis. */
export interface AxisFormat {
  readonly format: (value: number) => string;
  /** Whether zero belongs on the axis. */
  readonly fromZero?: boolean;
}

/** Points that stand out, each with a direction. */
export interface Marks {
  readonly name: string;
  readonly up: readonly Point[];
  readonly down: readonly Point[];
}

const SIZE = { width: 600, height: 280 } as const;
const FONT = "system-ui, -apple-system, Segoe UI, Roboto, sans-serif";
const GRID = { left: 62, right: 14, top: 36, bottom: 26 } as const;

/** A chart of values over time, UTC. */
export function timeChart(lines: readonly Line[], axis: AxisFormat, marks?: Marks): Html {
  const option: EChartsOption = {
    useUTC: true,
    grid: GRID,
    textStyle: { fontFamily: FONT },
    legend: {
      left: 0,
      top: 0,
      itemGap: 18,
      itemWidth: 18,
      itemHeight: 8,
      textStyle: { color: CHART_COLORS.quiet, fontSize: 12 },
      data: [...lines.map(({ name }) => ({ name, icon: "roundRect" })), ...(marks ? [{ name: marks.name }] : [])],
    },
    xAxis: {
      type: "time",
      ...axisStyle(),
      splitLine: { show: false },
      axisLabel: { ...axisStyle().axisLabel, formatter: { month: "{d} {MMM}", day: "{d} {MMM}", hour: "{HH}:{mm}" } },
    },
    yAxis: {
      type: "value",
      scale: axis.fromZero !== true,
      ...axisStyle(),
      axisLine: { show: false },
      axisLabel: { ...axisStyle().axisLabel, formatter: (value: number) => axis.format(value) },
    },
    series: [...lines.map(seriesOf), ...(marks ? markSeries(marks) : [])],
  };
  return renderChart(option, SIZE);
}

/** Charts in two columns, or one on a small screen. */
export function twoColumns(entries: readonly Figure[]): Html {
  const cells = entries.map(
    ({ title, caption, chart }) =>
      html`<figure>
        <figcaption><strong>${title}</strong><span>${caption ?? ""}</span></figcaption>
        ${chart}
      </figure> `,
  );
  const grid = "display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,460px),1fr));gap:14px";
  return html`<div style="${grid}">${cells}</div>`;
}

function seriesOf({ name, color, points, area, dashed }: Line): LineSeriesOption {
  return {
    name,
    type: "line",
    data: points.map(toData),
    showSymbol: false,
    z: area ? 1 : 2,
    color: CHART_COLORS[color],
    lineStyle: { width: area ? 1 : 1.8, type: dashed ? "dashed" : "solid", color: CHART_COLORS[color] },
    ...(area && { areaStyle: { color: CHART_COLORS[color], opacity: 0.18 } }),
  };
}

function markSeries({ name, up, down }: Marks): ScatterSeriesOption[] {
  const shared = { name, type: "scatter", symbol: "triangle", symbolSize: 8, z: 3 } as const;
  return [
    { ...shared, color: CHART_COLORS.good, data: up.map(toData) },
    { ...shared, color: CHART_COLORS.bad, symbolRotate: 180, data: down.map(toData) },
  ];
}

function toData([seconds, value]: Point): [number, number] {
  return [seconds * 1000, value];
}
