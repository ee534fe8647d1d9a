import type { Curve, CurvePoint } from "./curve.ts";

/** What of a curve is drawn. */
type Drawn = { readonly everyHour: Pick<Curve["everyHour"], "risk">; readonly points: readonly CurvePoint[] };

/** What to draw besides the model's curve. */
export interface PlotOptions {
  /** λ that is drawn larger. */
  readonly chosen: number;
  /** The most risk and cost that are wanted. */
  readonly limits: { readonly risk: number; readonly cost: number };
  /** What was measured on the chain. */
  readonly chain?: Drawn | undefined;
}

const SIZE = { width: 640, height: 400 } as const;
const BOX = { left: 56, right: 620, top: 24, bottom: 350 } as const;
const STEP = { cost: 0.1, risk: 0.05 } as const;
const FONT = 'font-family="system-ui, sans-serif" font-size="12"';
const MODEL = "#2563eb";
const CHAIN = "#c2410c";

/** Risk against cost as an SVG that needs no script and fits light and dark pages: the model's curve, the chain's points. */
export function curveSvg(model: Drawn, { chosen, limits, chain }: PlotOptions): string {
  const all = [...model.points, ...(chain?.points ?? [])];
  const mostCost = ceilTo(Math.max(...all.map(({ cost }) => cost)), STEP.cost);
  const mostRisk = ceilTo(Math.max(...all.map(({ risk }) => risk)), STEP.risk);
  const x = (cost: number) => round(BOX.left + (cost / mostCost) * (BOX.right - BOX.left));
  const y = (risk: number) => round(BOX.bottom - (risk / mostRisk) * (BOX.bottom - BOX.top));
  const sorted = [...model.points].sort((a, b) => a.cost - b.cost);
  const radius = ({ riskAversion }: CurvePoint) => (riskAversion === chosen ? 6 : 4);
  const floor = chain ?? model;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" ${FONT}>`,
    "<title>Risk that is left against what hedging costs, over the risk aversion λ</title>",
    `<rect width="${SIZE.width}" height="${SIZE.height}" fill="#ffffff"/>`,
    `<rect x="${BOX.left}" y="${y(limits.risk)}" width="${round(x(limits.cost) - BOX.left)}" height="${round(BOX.bottom - y(limits.risk))}" fill="#ecfdf5"/>`,
    ...ticks(mostRisk, STEP.risk).flatMap((risk) => [
      `<line x1="${BOX.left}" x2="${BOX.right}" y1="${y(risk)}" y2="${y(risk)}" stroke="#dddddd"/>`,
      text(BOX.left - 8, y(risk) + 4, percent(risk), "end"),
    ]),
    ...ticks(mostCost, STEP.cost).map((cost) => text(x(cost), BOX.bottom + 18, percent(cost), "middle")),
    text((BOX.left + BOX.right) / 2, BOX.bottom + 38, "cost, share of hedging to zero every hour", "middle"),
    text(BOX.left, BOX.top - 8, "standard deviation of hourly P&amp;L, share of unhedged", "start"),
    `<line x1="${BOX.left}" x2="${BOX.right}" y1="${y(floor.everyHour.risk)}" y2="${y(floor.everyHour.risk)}" stroke="#888888" stroke-dasharray="4 4"/>`,
    text(BOX.right, y(floor.everyHour.risk) + 16, `to zero every hour: ${percent(floor.everyHour.risk, 1)}`, "end"),
    text(BOX.left + 8, BOX.bottom - 8, `at most ${percent(limits.risk)} for ${percent(limits.cost)}`, "start"),
    `<polyline fill="none" stroke="${MODEL}" stroke-width="2" points="${sorted.map((p) => `${x(p.cost)},${y(p.risk)}`).join(" ")}"/>`,
    ...sorted.flatMap((point) => [
      `<circle cx="${x(point.cost)}" cy="${y(point.risk)}" r="${radius(point)}" fill="${MODEL}"/>`,
      text(x(point.cost) + 9, y(point.risk) - 7, `λ = ${point.riskAversion}`, "start"),
    ]),
    ...(chain?.points ?? []).map((point) => diamond(x(point.cost), y(point.risk), radius(point) + 1)),
    ...legend(chain !== undefined),
    "</svg>",
  ];
  return `${lines.join("\n")}\n`;
}

function legend(hasChain: boolean): string[] {
  const [left, top] = [BOX.right - 190, BOX.top + 16];
  const model = [
    `<circle cx="${left}" cy="${top - 4}" r="4" fill="${MODEL}"/>`,
    text(left + 12, top, "model", "start"),
  ];
  if (!hasChain) return model;
  return [...model, diamond(left, top + 14, 5), text(left + 12, top + 18, "measured on the local chain", "start")];
}

function diamond(x: number, y: number, r: number): string {
  const corners = [`${x},${round(y - r)}`, `${round(x + r)},${y}`, `${x},${round(y + r)}`, `${round(x - r)},${y}`];
  return `<polygon points="${corners.join(" ")}" fill="${CHAIN}"/>`;
}

function ticks(most: number, step: number): number[] {
  return Array.from({ length: Math.round(most / step) + 1 }, (_, i) => i * step);
}

function text(x: number, y: number, content: string, anchor: string): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="#333333">${content}</text>`;
}

function percent(share: number, digits = 0): string {
  return `${(100 * share).toFixed(digits)} %`;
}

function ceilTo(value: number, step: number): number {
  return Math.ceil(value / step - 1e-9) * step;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
