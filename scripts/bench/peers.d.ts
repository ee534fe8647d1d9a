declare module "black-scholes" {
  /** s spot, k strike, t years, v vol, r rate. */
  export function blackScholes(s: number, k: number, t: number, v: number, r: number, kind: "call" | "put"): number;
}

declare module "greeks" {
  export function getDelta(s: number, k: number, t: number, v: number, r: number, kind: "call" | "put"): number;
  export function getGamma(s: number, k: number, t: number, v: number, r: number): number;
  /** Per percentage point of vol. */
  export function getVega(s: number, k: number, t: number, v: number, r: number): number;
  /** Per year divided by `days`. */
  export function getTheta(
    s: number,
    k: number,
    t: number,
    v: number,
    r: number,
    kind: "call" | "put",
    days?: number,
  ): number;
}
