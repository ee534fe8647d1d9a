import fc from "./fastCheck.ts";
import type { OptionInput, OptionKind, SsviSlice } from "../../sdk/pricing/index.ts";

const finite = { noNaN: true, noDefaultInfinity: true } as const;

/** Log-uniform in [low, high], so that small and large sizes are tried alike. */
export function logUniform(low: number, high: number): fc.Arbitrary<number> {
  return fc.double({ min: Math.log(low), max: Math.log(high), ...finite }).map(Math.exp);
}

export const kinds: fc.Arbitrary<OptionKind> = fc.constantFrom("call", "put");

/** Any option at all, those at expiry and without volatility included. */
export const options: fc.Arbitrary<OptionInput> = fc.record({
  forward: logUniform(1e-6, 1e9),
  strike: logUniform(1e-6, 1e9),
  timeToExpiry: fc.oneof(
    { weight: 9, arbitrary: logUniform(1, 315_360_000) },
    { weight: 1, arbitrary: fc.constant(0) },
  ),
  vol: fc.oneof({ weight: 9, arbitrary: logUniform(1e-3, 10) }, { weight: 1, arbitrary: fc.constant(0) }),
});

/**
 * Options that a market could list: within a few standard deviations and a factor of twenty of the forward, an hour to two
 * years. Strikes further out would drown differences of put prices in the rounding of the strike.
 */
export const marketOptions: fc.Arbitrary<OptionInput> = fc
  .record({
    forward: logUniform(1, 1e5),
    deviations: fc.double({ min: -4, max: 4, ...finite }),
    timeToExpiry: logUniform(3600, 63_072_000),
    vol: logUniform(0.1, 3),
  })
  .map(({ forward, deviations, timeToExpiry, vol }) => {
    const s = vol * Math.sqrt(timeToExpiry / 31_536_000);
    return { forward, strike: forward * Math.exp(Math.max(-3, Math.min(3, deviations * s))), timeToExpiry, vol };
  });

export const slices: fc.Arbitrary<SsviSlice> = fc.record({
  atmVol: logUniform(0.05, 4),
  skew: fc.double({ min: -0.95, max: 0.95, ...finite }),
  curvature: logUniform(0.01, 50),
  carry: fc.double({ min: -0.3, max: 0.3, ...finite }),
});
