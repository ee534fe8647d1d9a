/** One way of hedging: shares of the unhedged risk and of the cost of hedging every hour. */
export interface CurvePoint {
  readonly riskAversion: number;
  readonly risk: number;
  readonly cost: number;
  readonly hedges: number;
}

const SIZE = { width: 640, height: 400 } as const;
const BOX = { left: 56, right: 620, top: 24, bottom: 350 } as const;
const STEP = { cost: 0.1, risk: 0.05 } as const;
const FONT = 'font-family="system-ui, sans-serif" font-size="12"';

/** The curve of risk against cost as an SVG that needs no script and fits light and dark pages. */
export function curveSvg(points: readonly CurvePoint[], everyHour: number, chosen: number): string {
  const mostCost = ceilTo(Math.max(...points.map(({ cost }) => cost)), STEP.cost);
  const mostRisk = ceilTo(Math.max(...points.map(({ risk }) => risk)), STEP.risk);
  const x = (cost: number) => round(BOX.left + (cost / mostCost) * (BOX.right - BOX.left));
  const y = (risk: number) => round(BOX.bottom - (risk / mostRisk) * (BOX.bottom - BOX.top));
  const sorted = [...points].sort((a, b) => a.cost - b.cost);
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" ${FONT}>`,
    "<title>Risk that is left against what hedging costs, over the risk aversion λ</title>",
    `<rect width="${SIZE.width}" height="${SIZE.height}" fill="#ffffff"/>`,
    ...ticks(mostRisk, STEP.risk).flatMap((risk) => [
      `<line x1="${BOX.left}" x2="${BOX.right}" y1="${y(risk)}" y2="${y(risk)}" stroke="#dddddd"/>`,
      text(BOX.left - 8, y(risk) + 4, percent(risk), "end"),
    ]),
    ...ticks(mostCost, STEP.cost).map((cost) => text(x(cost), BOX.bottom + 18, percent(cost), "middle")),
    text((BOX.left + BOX.right) / 2, BOX.bottom + 38, "cost, share of hedging to zero every hour", "middle"),
    text(BOX.left, BOX.top - 8, "standard deviation of hourly P&amp;L, share of unhedged", "start"),
    `<line x1="${BOX.left}" x2="${BOX.right}" y1="${y(everyHour)}" y2="${y(everyHour)}" stroke="#888888" stroke-dasharray="4 4"/>`,
    text(BOX.right, y(everyHour) + 16, `to zero every hour: ${percent(everyHour, 1)}`, "end"),
    `<polyline fill="none" stroke="#2563eb" stroke-width="2" points="${sorted.map((p) => `${x(p.cost)},${y(p.risk)}`).join(" ")}"/>`,
    ...sorted.flatMap(({ riskAversion, risk, cost }) => [
      `<circle cx="${x(cost)}" cy="${y(risk)}" r="${riskAversion === chosen ? 6 : 4}" fill="${riskAversion === chosen ? "#c2410c" : "#2563eb"}"/>`,
      text(x(cost) + 9, y(risk) - 7, `λ = ${riskAversion}`, "start"),
    ]),
    "</svg>",
  ];
  return `${lines.join("\n")}\n`;
}

function ticks(most: number, step: number): number[] {
  return Array.from({ length: Math.round(most / step) + 1 }, (_, i) => i * step);
}

function text(x: number, y: number, content: string, anchor: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="#333333">${content}</text>`;
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
