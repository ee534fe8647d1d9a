export { SECONDS_PER_YEAR, yearsOf } from "./time.ts";
export { erfc, normalCdf, normalDensity } from "./normal.ts";
export { type OptionInput, type OptionKind, intrinsicValue } from "./option.ts";
export { type CallAndPut, callAndPut, price, timeValue } from "./blackScholes.ts";
export { type Greeks, greeks } from "./greeks.ts";
export { type GreeksBatch, type OptionBatch, createGreeksBatch, createOptionBatch, greeksBatch } from "./batch.ts";
export { type ImpliedVol, type ImpliedVolFailure, type PricedOption, impliedVol } from "./impliedVol.ts";
export {
  type SsviSlice,
  type TimedSlice,
  atmVariance,
  forwardPrice,
  smileShape,
  smileVol,
  totalVariance,
} from "./ssvi.ts";
export {
  type ButterflyHeadroom,
  type CalendarHeadroom,
  butterflyHeadroom,
  calendarHeadroom,
  isButterflyFree,
  isCalendarFree,
  leastSlopeRatio,
  wingSlope,
} from "./noArbitrage.ts";
export { type Surface, surfaceForward, surfaceOf, surfaceVariance, surfaceVol } from "./surface.ts";
