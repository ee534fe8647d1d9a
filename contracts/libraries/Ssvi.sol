// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Slice} from "../interfaces/Types.sol";
import {FixedPoint} from "./FixedPoint.sol";
import {YEAR} from "./Units.sol";

/// @title Ssvi
/// @notice One slice of the SSVI volatility surface (Gatheral & Jacquier 2014, extended to a skew per slice by Hendriks &
/// Martini 2019), and the conditions under which slices leave no arbitrage.
/// @dev With θ = σ₀²·T and k = ln(strike/forward), total variance is
///
///     w(k) = θ/2·(1 + ρφk + √((φk + ρ)² + 1 − ρ²)),
///
/// so the vol √(w/T) depends on k alone. Everything is WAD and times are seconds unless said otherwise.
library Ssvi {
    /// @notice Implied vol at a strike, to the unit. Time takes no part, as θ and T cancel: it is in the signature because
    /// vol is asked for at an expiry.
    function impliedVol(
        Slice memory s,
        uint256 /* timeToExpiry */,
        uint256 strike,
        uint256 forward
    ) internal pure returns (uint256) {
        return impliedVolAt(s, logMoneyness(strike, forward));
    }

    /// @notice Implied vol at k = ln(strike/forward), which is known.
    function impliedVolAt(Slice memory s, int256 k) internal pure returns (uint256) {
        return FixedPoint.sqrt(varianceAt(s, k));
    }

    /// @notice Total variance w at a strike, rounded down.
    function totalVariance(
        Slice memory s,
        uint256 timeToExpiry,
        uint256 strike,
        uint256 forward
    ) internal pure returns (uint256) {
        return (varianceAt(s, logMoneyness(strike, forward)) * timeToExpiry) / (YEAR * 1e18);
    }

    /// @notice w/T, the square of implied vol, as a number of 1e36. Relative error at most 1e-16.
    /// @dev For |φk| up to 1e8.
    function varianceAt(Slice memory s, int256 k) internal pure returns (uint256) {
        unchecked {
            int256 skew = s.skew;
            int256 z = (int256(s.curvature) * k) / 1e18;
            // (z + ρ)² + 1 − ρ², multiplied out
            uint256 root = FixedPoint.sqrt(uint256(z * (z + 2 * skew) + 1e36));
            uint256 shape = uint256(1e18 + (skew * z) / 1e18) + root; // 2 at the money
            return (s.atmVol * s.atmVol * shape) / 2e18;
        }
    }

    /// @notice ln(strike/forward).
    function logMoneyness(uint256 strike, uint256 forward) internal pure returns (int256) {
        unchecked {
            return (FixedPoint.logRatio(strike, forward) * 1e18) >> 120;
        }
    }

    // ---------------------------------------------------------------------------------------------- absence of arbitrage

    /// @notice ψ(1 + |ρ|) and ψφ(1 + |ρ|) with ψ = θφ. No butterfly has a negative price if the first is below 4 and the
    /// second at most 4 (Gatheral & Jacquier 2014, theorem 4.2). Rounded down; see `isButterflyFree` for the exact test.
    function butterfly(Slice memory s, uint256 timeToExpiry) internal pure returns (uint256 slope, uint256 bend) {
        unchecked {
            uint256 wing = _wing(s, timeToExpiry, 1e18 + _abs(s.skew));
            slope = wing / (YEAR * 1e36);
            bend = ((wing / 1e18) * s.curvature) / (YEAR * 1e36);
        }
    }

    /// @notice Whether no butterfly has a negative price, for curvature up to 1e5.
    function isButterflyFree(Slice memory s, uint256 timeToExpiry) internal pure returns (bool) {
        unchecked {
            uint256 wing = _wing(s, timeToExpiry, 1e18 + _abs(s.skew));
            return wing < 4 * YEAR * 1e54 && (wing / 1e18) * s.curvature <= 4 * YEAR * 1e54;
        }
    }

    /// @notice Whether total variance grows from the near slice to the far one at every k (Hendriks & Martini 2019): θ and
    /// both wings' slopes θφ(1 ± ρ) do not fall, φ does not rise.
    function isCalendarFree(
        Slice memory near,
        uint256 nearTime,
        Slice memory far,
        uint256 farTime
    ) internal pure returns (bool) {
        unchecked {
            return
                far.atmVol * far.atmVol * farTime >= near.atmVol * near.atmVol * nearTime &&
                _wing(far, farTime, uint256(1e18 + far.skew)) >= _wing(near, nearTime, uint256(1e18 + near.skew)) &&
                _wing(far, farTime, uint256(1e18 - far.skew)) >= _wing(near, nearTime, uint256(1e18 - near.skew)) &&
                far.curvature <= near.curvature;
        }
    }

    /// @dev θφ·factor, as a number of 1e54 and per second instead of per year: no division, so comparisons are exact up
    /// to one unit. Fits for vol up to 10, time up to ten years, curvature up to 1e5.
    function _wing(Slice memory s, uint256 time, uint256 factor) private pure returns (uint256) {
        unchecked {
            return ((s.atmVol * s.atmVol * time * s.curvature) / 1e18) * factor;
        }
    }

    function _abs(int256 x) private pure returns (uint256) {
        unchecked {
            return uint256(x < 0 ? -x : x);
        }
    }
}
