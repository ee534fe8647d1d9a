// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {FixedPoint} from "./FixedPoint.sol";
import {Gaussian} from "./Gaussian.sol";

/// @title BlackScholes
/// @notice European options on a forward without interest (Black 1976): prices and Greeks.
/// @dev Forward, strike and prices are WAD of the quote currency per unit, vol is annual and WAD, times are seconds and a
/// year is 31,536,000 of them. Total for any forward and strike up to 2⁹⁶, time up to ten years and vol up to 1000 %:
/// nothing reverts, 0 ≤ call ≤ forward, 0 ≤ put ≤ strike, call − put = forward − strike exactly.
///
/// Why it is cheap: Φ(−x) = φ(x)·M(x) with Mills' ratio M a rational function, and forward·φ(d1) = strike·φ(d2). So one
/// exponential A = min(forward, strike)·φ serves both terms of the price and the vega. With h = σ√T/2 and
/// r = |ln(forward/strike)|/(2h), the option that is out of the money is worth
///
///     A·(M(r − h) − M(r + h))             where r ≥ h,
///     min(forward, strike) − A·(M(h − r) + M(h + r))  where r < h,
///
/// since exchanging forward and strike turns a put into a call. The other option follows from parity. Price errors are
/// at most 2e-14 of min(forward, strike), delta errors 1e-14, vega 1e-15 of its scale; prices round down.
library BlackScholes {
    /// @dev 1e36·2⁵⁶/2⁸⁰: takes |ln(forward/strike)| in Q80 to the numerator of r, over σ√T in 1e36 as r in Q56.
    uint256 private constant LOG_TO_R = 59604644775390625000000000000;

    /// @dev 1e18·2⁵⁶: the same for a logarithm in WAD.
    uint256 private constant WAD_LOG_TO_R = 1e18 << 56;

    /// @dev 2⁵⁵/1e36 in Q128: takes σ√T in 1e36 to h in Q56.
    uint256 private constant DEVIATION_TO_H = 0xaa242499697392d3;

    /// @dev σ√T (1e36) from 1.3e-10 to 3 is the fast range: r fits `Gaussian.density` and both Mills ratios are `near`.
    uint256 private constant MIN_DEVIATION = 1.3e26;
    uint256 private constant FAST_DEVIATIONS = 3e36 - MIN_DEVIATION;

    /// @dev Beyond these all prices have reached their bounds: σ√T = 40, r = 64.
    uint256 private constant MAX_DEVIATION = 40e36;
    uint256 private constant MAX_R = 64 << 56;

    /// @dev What prices and Greeks are made of: φ(x) in Q80, Mills' ratios at |r − h| and r + h in Q64, and whether r < h.
    struct Terms {
        uint256 density;
        uint256 inner;
        uint256 outer;
        bool wide;
    }

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
            uint256 log =
                forward > strike ? FixedPoint.logRatio(forward, strike) : FixedPoint.logRatio(strike, forward);
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
            return _greeks(forward, strike, sqrtTime, vol * sqrtTime, _abs(logMoneyness) * WAD_LOG_TO_R);
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
            uint256 low = forward < strike ? forward : strike;
            uint256 deviation = vol * sqrtTime;
            if (deviation == 0) return _split(forward, strike, 0);
            Terms memory t = _terms(deviation, _abs(logMoneyness) * WAD_LOG_TO_R);
            return _split(forward, strike, _outOfTheMoney(low, t));
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
        uint256 scaledLog
    ) private pure returns (uint256 call, uint256 put, uint256 callDelta, uint256 vega) {
        unchecked {
            if (deviation == 0) {
                (call, put) = _split(forward, strike, 0);
                callDelta =
                    forward > strike
                        ? 1e18
                        : forward == strike
                            ? 0.5e18
                            : 0;
                return (call, put, callDelta, 0);
            }
            Terms memory t = _terms(deviation, scaledLog);
            uint256 low;
            if (forward > strike) {
                low = strike;
                // Φ(d1) = 1 − φ(d1)·M(d1) with d1 = r + h, and φ(d1) = strike·φ/forward
                callDelta = 1e18 - (((((low * t.density * t.outer) >> 84) * 1e18) / forward) >> 60);
            } else {
                low = forward;
                callDelta = (t.density * t.inner * 1e18) >> 144;
                if (t.wide) callDelta = 1e18 - callDelta;
            }
            (call, put) = _split(forward, strike, _outOfTheMoney(low, t));
            vega = (low * t.density * sqrtTime) / (1e18 << 80);
        }
    }

    /// @dev φ at |r − h| and the two Mills ratios, for σ√T in 1e36 and a scaled logarithm.
    function _terms(uint256 deviation, uint256 scaledLog) private pure returns (Terms memory t) {
        unchecked {
            bool far = deviation - MIN_DEVIATION > FAST_DEVIATIONS;
            if (far && deviation > MAX_DEVIATION) deviation = MAX_DEVIATION;
            uint256 r = scaledLog / deviation;
            uint256 h = (deviation * DEVIATION_TO_H) >> 128;
            if (far && r > MAX_R) r = MAX_R;
            t.wide = r < h;
            uint256 x = t.wide ? h - r : r - h;
            t.density = Gaussian.density(x);
            t.inner = far ? Gaussian.millsAnywhere(x) : Gaussian.mills(x);
            t.outer = far ? Gaussian.millsAnywhere(r + h) : Gaussian.mills(r + h);
        }
    }

    /// @dev Value of the option out of the money. Rounding could push it past 0 or `low` by a few units: it is clamped.
    function _outOfTheMoney(uint256 low, Terms memory t) private pure returns (uint256) {
        unchecked {
            if (t.wide) {
                uint256 lost = (low * t.density * (t.inner + t.outer)) >> 144;
                return lost < low ? low - lost : 0;
            }
            return t.inner > t.outer ? (low * t.density * (t.inner - t.outer)) >> 144 : 0;
        }
    }

    /// @dev Call and put from the one that is out of the money, by parity.
    function _split(
        uint256 forward,
        uint256 strike,
        uint256 outOfTheMoney
    ) private pure returns (uint256 call, uint256 put) {
        unchecked {
            return
                forward > strike
                    ? (outOfTheMoney + forward - strike, outOfTheMoney)
                    : (outOfTheMoney, outOfTheMoney + strike - forward);
        }
    }

    /// @dev forward·φ(d1) in Q80.
    function _weight(uint256 forward, uint256 strike, uint256 deviation) private pure returns (uint256) {
        unchecked {
            (uint256 low, uint256 high) = forward < strike ? (forward, strike) : (strike, forward);
            return low * _terms(deviation, FixedPoint.logRatio(high, low) * LOG_TO_R).density;
        }
    }

    function _abs(int256 x) private pure returns (uint256) {
        unchecked {
            return uint256(x < 0 ? -x : x);
        }
    }
}
