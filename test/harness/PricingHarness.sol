// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Slice} from "../../contracts/interfaces/Types.sol";
import {BlackScholes} from "../../contracts/libraries/BlackScholes.sol";
import {FixedPoint} from "../../contracts/libraries/FixedPoint.sol";
import {Gaussian} from "../../contracts/libraries/Gaussian.sol";
import {Ssvi} from "../../contracts/libraries/Ssvi.sol";

/// @notice Opens the pricing libraries to tests, one input or a batch at a time.
contract PricingHarness {
    struct Option {
        uint256 forward;
        uint256 strike;
        uint256 timeToExpiry;
        uint256 vol;
    }

    struct Greeks {
        uint256 call;
        uint256 put;
        uint256 callDelta;
        uint256 vega;
        uint256 gamma;
        int256 theta;
        uint256 gammaFromVega;
        int256 thetaFromVega;
        uint256 seriesCall;
        uint256 seriesPut;
    }

    function greeks(
        uint256 forward,
        uint256 strike,
        uint256 timeToExpiry,
        uint256 vol
    ) external pure returns (uint256 call, uint256 put, uint256 callDelta, uint256 vega) {
        return BlackScholes.greeks(forward, strike, timeToExpiry, vol);
    }

    function greeksOf(Option[] calldata options) external pure returns (Greeks[] memory results) {
        results = new Greeks[](options.length);
        for (uint256 i = 0; i < options.length; ++i) {
            Option calldata o = options[i];
            Greeks memory g = results[i];
            (g.call, g.put, g.callDelta, g.vega) = BlackScholes.greeks(o.forward, o.strike, o.timeToExpiry, o.vol);
            g.gamma = BlackScholes.gamma(o.forward, o.strike, o.timeToExpiry, o.vol);
            g.theta = BlackScholes.theta(o.forward, o.strike, o.timeToExpiry, o.vol);
            g.gammaFromVega = BlackScholes.gammaFromVega(g.vega, o.forward, o.timeToExpiry, o.vol);
            g.thetaFromVega = BlackScholes.thetaFromVega(g.vega, o.timeToExpiry, o.vol);
            (g.seriesCall, g.seriesPut) = BlackScholes.seriesPrices(
                o.forward,
                o.strike,
                Ssvi.logMoneyness(o.strike, o.forward),
                FixedPoint.sqrtTime(o.timeToExpiry),
                o.vol
            );
        }
    }

    function seriesGreeks(
        uint256 forward,
        uint256 strike,
        int256 k,
        uint256 sqrtTime,
        uint256 vol
    ) external pure returns (uint256 call, uint256 put, uint256 callDelta, uint256 vega) {
        return BlackScholes.seriesGreeks(forward, strike, k, sqrtTime, vol);
    }

    function impliedVolAt(Slice memory slice, int256 k) external pure returns (uint256) {
        return Ssvi.impliedVolAt(slice, k);
    }

    function varianceAt(Slice memory slice, int256 k) external pure returns (uint256) {
        return Ssvi.varianceAt(slice, k);
    }

    function totalVariance(
        Slice memory slice,
        uint256 timeToExpiry,
        uint256 strike,
        uint256 forward
    ) external pure returns (uint256) {
        return Ssvi.totalVariance(slice, timeToExpiry, strike, forward);
    }

    function cdf(int256 x) external pure returns (uint256) {
        return Gaussian.cdf(x);
    }

    function pdf(int256 x) external pure returns (uint256) {
        return Gaussian.pdf(x);
    }

    function ln(uint256 x) external pure returns (int256) {
        return FixedPoint.ln(x);
    }

    function logMoneyness(uint256 strike, uint256 forward) external pure returns (int256) {
        return Ssvi.logMoneyness(strike, forward);
    }

    function exp(int256 x) external pure returns (uint256) {
        return FixedPoint.exp(x);
    }

    function sqrt(uint256 x) external pure returns (uint256) {
        return FixedPoint.sqrt(x);
    }
}
