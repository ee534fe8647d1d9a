import type { SurfaceLimits } from "../../../keeper/hedging/duties/surfaceStep.ts";

/** What a surface accepts, as deployments/parameters.ts sets it. */
export const SURFACE_LIMITS: SurfaceLimits = {
  minVol: 0.05,
  maxVol: 5,
  maxSkew: 0.95,
  maxCurvature: 10_000,
  maxCarry: 1,
  maxVolStep: 0.15,
  maxSkewStep: 0.2,
  maxWingStep: 0.5,
  maxCarryStep: 0.1,
  minInterval: 1800,
  maxTenor: 400 * 86_400,
  maxExpiries: 16,
};
