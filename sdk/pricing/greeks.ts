import { deltaWithoutTime, price } from "./blackScholes.ts";
import { normalCdf, normalDensity } from "./normal.ts";
import { type OptionInput, type OptionKind, logRatio } from "./option.ts";
import { yearsOf } from "./time.ts";

/**
 * Price and sensitivities of one option, with F the forward, σ the vol and T the years to expiry. Rates are zero and the
 * carry is in the forward, so a derivative by spot is one by F times F/S.
 */
export interface Greeks {
  readonly price: number;
  /** ∂/∂F */
  readonly delta: number;
  /** ∂²/∂F² */
  readonly gamma: number;
  /** ∂/∂σ, per 1.00 of vol. */
  readonly vega: number;
  /** −∂/∂T, per year: what a year passing costs at the present rate. */
  readonly theta: number;
  /** Derivative by an interest rate at rate zero with the spot fixed (F = S·exp(r·T)), per 1.00 of rate. */
  readonly rho: number;
  /** ∂²/∂F∂σ, per 1.00 of vol. */
  readonly vanna: number;
  /** ∂²/∂σ², per 1.00 of vol squared. */
  readonly volga: number;
  /** −∂delta/∂T, per year: the drift of delta as time passes. */
  readonly charm: number;
}

/** All Greeks. At expiry or at zero volatility delta is 0, ±½ or ±1 and everything that needs curvature is zero. */
export function greeks(kind: OptionKind, input: OptionInput): Greeks {
  const value = price(kind, input);
  const { forward, strike, timeToExpiry, vol } = input;
  const years = yearsOf(timeToExpiry);
  const rootTime = Math.sqrt(years);
  const s = vol * rootTime;
  if (s === 0) return greeksWithoutTime(kind, value, input);

  const d1 = logRatio(forward, strike) / s + s / 2;
  const d2 = d1 - s;
  const density = normalDensity(d1);
  const vega = forward * density * rootTime;
  const sign = kind === "call" ? 1 : -1;
  return {
    price: value,
    delta: sign * normalCdf(sign * d1),
    gamma: density / (forward * s),
    vega,
    theta: (-vega * vol) / (2 * years),
    rho: sign * strike * years * normalCdf(sign * d2),
    vanna: (-density * d2) / vol,
    volga: (vega * d1 * d2) / vol,
    charm: (density * d2) / (2 * years),
  };
}

function greeksWithoutTime(kind: OptionKind, value: number, { forward, strike, timeToExpiry }: OptionInput): Greeks {
  const callDelta = deltaWithoutTime(forward, strike);
  const delta = kind === "call" ? callDelta : callDelta - 1;
  const rho = delta === 0 ? 0 : delta * strike * yearsOf(timeToExpiry);
  return { price: value, delta, gamma: 0, vega: 0, theta: 0, rho, vanna: 0, volga: 0, charm: 0 };
}
