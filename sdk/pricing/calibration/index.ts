export {
  type Calibration,
  type ExpiryFailure,
  type ExpiryFit,
  type ExpiryHeadroom,
  type FittedQuote,
  calibrate,
} from "./calibrate.ts";
export { type ImpliedForward, type ParityForward, impliedForward, parityForward } from "./forward.ts";
export { ON_CHAIN_SCALES, roundToOnChainUnits } from "./onChainUnits.ts";
export type { Observation, OptionChain, OptionQuote, SkipReason, SkippedQuote } from "./quotes.ts";
