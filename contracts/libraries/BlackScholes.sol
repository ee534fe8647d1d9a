// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {FixedPoint} from "./FixedPoint.sol";
import {Gaussian} from "./Gaussian.sol";
// Used in assembly, which the linter does not read.
// solhint-disable-next-line no-unused-import
import {WAD, YEAR} from "./Units.sol";

/// @title BlackScholes
/// @notice European options on a forward without interest (Black 1976): prices and Greeks.
/// @dev Forward, strike and prices are WAD of the quote currency per unit, vol is annual and WAD, times are seconds and a
/// year is 31,536,000 of them. Total for any forward and strike up to 2⁹⁶, time up to ten years and vol up to 1000 %:
/// nothing reverts, 0 ≤ call ≤ forward, 0 ≤ put ≤ strike, call − put = forward − strike exactly. The caller keeps to this
/// domain: beyond it nothing is promised, and arithmetic is unchecked.
///
/// Why it is cheap: Φ(−x) = φ(x)·M(x) with Mills' ratio M a rational function, and forward·φ(d1) = strike·φ(d2). So one
/// exponential serves both terms of the price, the delta and the vega. With h = σ√T/2 and
/// r = |ln(forward/strike)|/(2h), the option that is out of the money is worth
///
///     A·(M(r − h) − M(r + h))                          where r ≥ h,
///     min(forward, strike) − A·(M(h − r) + M(h + r))   where r < h,
///
/// with A = min(forward, strike)·φ(r − h), since exchanging forward and strike turns a put into a call. The other option
/// follows by parity. Prices are within 1e-14 of min(forward, strike), rounded down, deltas within 1e-14 and vegas within
/// 1e-14 of forward·√T. Rounding takes at most 2⁻⁵⁶ of min(forward, strike) and a unit from monotonicity in vol and
/// forward; where methods meet, at σ√T = 3, 8e-15.
library BlackScholes {
    /// @dev 1e36·2⁶⁴/2¹²⁰: takes |ln(forward/strike)| in Q120 to the numerator of r, over σ√T in 1e36 as r in Q64.
    int256 private constant LOG_TO_R = 0xc097ce7bc90715b3;

    /// @dev 1e18·2⁶⁴: the same for a logarithm in WAD.
    int256 private constant WAD_LOG_TO_R = 1e18 << 64;

    // ---------------------------------------------------------------------------------------------- prices and Greeks

    /// @notice Call, put, delta of the call and vega (per 1.00 of vol, the same for call and put).
    /// @dev At time or vol zero: intrinsic values, delta 0, ½ (at the money) or 1. Delta of the put is callDelta − 1.
    function greeks(
        uint256 forward,
        uint256 strike,
        uint256 timeToExpiry,
        uint256 vol
    ) internal pure returns (uint256 call, uint256 put, uint256 callDelta, uint256 vega) {
        unchecked {
            uint256 sqrtTime = FixedPoint.sqrtTime(timeToExpiry);
            int256 log = FixedPoint.logRatio(forward, strike);
            return _greeks(forward, strike, sqrtTime, vol * sqrtTime, log * LOG_TO_R);
        }
    }

    /// @notice The same for many series of one expiry: √T from `FixedPoint.sqrtTime` and ln(strike/forward), of which the
    /// sign does not matter, are known.
    function seriesGreeks(
        uint256 forward,
        uint256 strike,
        int256 logMoneyness,
        uint256 sqrtTime,
        uint256 vol
    ) internal pure returns (uint256 call, uint256 put, uint256 callDelta, uint256 vega) {
        unchecked {
            return _greeks(forward, strike, sqrtTime, vol * sqrtTime, logMoneyness * WAD_LOG_TO_R);
        }
    }

    /// @notice Call and put alone, for scenarios: a spot shifted by a factor s has forward·s and ln(strike/forward) − ln s.
    function seriesPrices(
        uint256 forward,
        uint256 strike,
        int256 logMoneyness,
        uint256 sqrtTime,
        uint256 vol
    ) internal pure returns (uint256 call, uint256 put) {
        unchecked {
            (uint256 density, int256 inner, uint256 outer) = Gaussian.pair(logMoneyness * WAD_LOG_TO_R, vol * sqrtTime);
            uint256 low;
            uint256 value;
            assembly ("memory-safe") {
                // As in `_greeks`.
                low := xor(forward, mul(xor(forward, strike), gt(forward, strike)))
                value := add(and(sar(255, inner), low), sar(144, mul(mul(low, density), sub(inner, outer))))
                value := mul(value, sgt(value, 0))
            }
            call = value + (forward - low);
            put = value + (strike - low);
        }
    }

    /// @notice The call or the put alone: what a scenario needs. @param deviation σ√T, as a number of 1e36.
    function seriesPrice(
        uint256 forward,
        uint256 strike,
        int256 logMoneyness,
        uint256 deviation,
        bool isCall
    ) internal pure returns (uint256 price) {
        unchecked {
            (uint256 density, int256 inner, uint256 outer) = Gaussian.pair(logMoneyness * WAD_LOG_TO_R, deviation);
            assembly ("memory-safe") {
                // As in `seriesPrices`.
                let exchange := xor(forward, strike)
                let low := xor(forward, mul(exchange, gt(forward, strike)))
                price := add(and(sar(255, inner), low), sar(144, mul(mul(low, density), sub(inner, outer))))
                price := mul(price, sgt(price, 0))
                price := add(price, sub(xor(strike, mul(exchange, isCall)), low))
            }
        }
    }

    /// @notice Gamma of an option whose vega is known, WAD: vega/(forward²·σ·T). Zero at time or vol zero.
    function gammaFromVega(
        uint256 vega,
        uint256 forward,
        uint256 timeToExpiry,
        uint256 vol
    ) internal pure returns (uint256) {
        unchecked {
            uint256 divisor = forward * vol * timeToExpiry;
            return divisor == 0 ? 0 : (((vega * 1e18) / forward) * 1e36 * YEAR) / divisor;
        }
    }

    /// @notice Theta per year of an option whose vega is known, WAD: −vega·σ/(2T). Zero at time zero.
    function thetaFromVega(uint256 vega, uint256 timeToExpiry, uint256 vol) internal pure returns (int256) {
        unchecked {
            return timeToExpiry == 0 ? int256(0) : -int256((vega * vol * YEAR) / (2e18 * timeToExpiry));
        }
    }

    /// @notice Gamma: the change of delta per 1.00 of the forward, WAD. Zero at time or vol zero.
    function gamma(uint256 forward, uint256 strike, uint256 timeToExpiry, uint256 vol) internal pure returns (uint256) {
        unchecked {
            uint256 deviation = vol * FixedPoint.sqrtTime(timeToExpiry);
            if (deviation == 0 || forward == 0) return 0;
            // φ(d1)/(forward·σ√T), with forward·φ(d1) = min(forward, strike)·φ
            return Math.mulDiv((_weight(forward, strike, deviation) / forward) >> 20, 1e72, forward * deviation) >> 60;
        }
    }

    /// @notice Theta: the change of value per year as time passes, WAD; never positive, the same for call and put. Zero at
    /// time or vol zero.
    function theta(uint256 forward, uint256 strike, uint256 timeToExpiry, uint256 vol) internal pure returns (int256) {
        unchecked {
            uint256 sqrtTime = FixedPoint.sqrtTime(timeToExpiry);
            if (vol * sqrtTime == 0) return 0;
            // −forward·φ(d1)·σ/(2√T)
            return -int256(((_weight(forward, strike, vol * sqrtTime) * vol) / sqrtTime) >> 81);
        }
    }

    // ------------------------------------------------------------------------------------------------------- internals

    function _greeks(
        uint256 forward,
        uint256 strike,
        uint256 sqrtTime,
        uint256 deviation,
        int256 scaledLog
    ) private pure returns (uint256 call, uint256 put, uint256 callDelta, uint256 vega) {
        (uint256 density, int256 inner, uint256 outer) = Gaussian.pair(scaledLog, deviation);
        unchecked {
            uint256 low;
            uint256 value;
            assembly ("memory-safe") {
                low := xor(forward, mul(xor(forward, strike), gt(forward, strike))) // the smaller
                let weight := mul(low, density) // A in Q80
                let wide := sar(255, inner) // all ones where r < h
                // A·(inner − outer), Q144, and `low` besides where wide; rounding may reach below zero by a few units.
                value := add(and(wide, low), sar(144, mul(weight, sub(inner, outer))))
                value := mul(value, sgt(value, 0))
                vega := div(mul(weight, sqrtTime), shl(80, WAD))
                switch gt(forward, strike)
                case 0 {
                    // Φ(d1) for d1 = h − r: φ·M(r − h), or 1 − φ·M(h − r) where wide
                    callDelta := add(and(wide, WAD), sar(144, mul(mul(density, inner), WAD)))
                }
                default {
                    // Φ(d1) for d1 = h + r: 1 − φ(d1)·M(d1), with forward·φ(d1) = A; Q60 leaves room for WAD
                    callDelta := sub(WAD, shr(60, div(mul(shr(84, mul(weight, outer)), WAD), forward)))
                }
            }
            // One of the two differences is zero.
            call = value + (forward - low);
            put = value + (strike - low);
        }
    }

    /// @dev forward·φ(d1) in Q80.
    function _weight(uint256 forward, uint256 strike, uint256 deviation) private pure returns (uint256) {
        unchecked {
            uint256 low = forward < strike ? forward : strike;
            (uint256 density, , ) = Gaussian.pair(FixedPoint.logRatio(forward, strike) * LOG_TO_R, deviation);
            return low * density;
        }
    }
}
