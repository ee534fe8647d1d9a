// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {FixedPoint} from "./FixedPoint.sol";
import {Ssvi} from "./Ssvi.sol";

/// @title How far one slice is from another, in units of vol at the money
/// @notice The largest change of implied vol at −3, −1, 0, 1 and 3 deviations from the forward, plus what a change of the
/// carry is worth. Between those points, for slices free of butterflies, vol changes by at most 1.2 times as much.
/// @dev A vol of one is worth at most F·√(T/2π), the vega at the money. A carry that moves by Δb moves the forward by F·Δb·T
/// and, as the smile moves with it and holds no butterfly, no undiscounted price by more: √(2π)·√T·Δb in units of vol.
library VolDrift {
    uint256 private constant SQRT_TWO_PI = 2.506628274631000503e18;

    /// @notice Distance of two slices of one expiry at the same strikes, WAD; rounded down by a few units.
    /// @param timeToExpiry Seconds. The deviation is that of the wider slice.
    function between(
        Ssvi.Slice memory last,
        Ssvi.Slice memory next,
        uint256 timeToExpiry
    ) internal pure returns (uint256 drift) {
        uint256 root = FixedPoint.sqrtTime(timeToExpiry);
        uint256 width = _deviation(last.atmVol > next.atmVol ? last.atmVol : next.atmVol, root);
        drift =
            _largestChange(_variancesAt(last, width), _variancesAt(next, width)) +
            _carryChange(last.carry, next.carry, root);
    }

    /// @notice Distance of a new slice from what others say at the same numbers of deviations, WAD.
    /// @param anchor Squares of vol (1e36) as `variances` gives them.
    function from(
        uint256[5] memory anchor,
        int256 carry,
        Ssvi.Slice memory next,
        uint256 timeToExpiry
    ) internal pure returns (uint256) {
        uint256 root = FixedPoint.sqrtTime(timeToExpiry);
        return
            _largestChange(anchor, _variancesAt(next, _deviation(next.atmVol, root))) +
            _carryChange(carry, next.carry, root);
    }

    /// @notice Squares of vol (1e36) at −3, −1, 0, 1 and 3 of the slice's own deviations.
    function variances(Ssvi.Slice memory s, uint256 timeToExpiry) internal pure returns (uint256[5] memory) {
        return _variancesAt(s, _deviation(s.atmVol, FixedPoint.sqrtTime(timeToExpiry)));
    }

    function _variancesAt(Ssvi.Slice memory s, uint256 width) private pure returns (uint256[5] memory squares) {
        int256 k = int256(width);
        squares[0] = Ssvi.varianceAt(s, -3 * k);
        squares[1] = Ssvi.varianceAt(s, -k);
        squares[2] = s.atmVol * s.atmVol;
        squares[3] = Ssvi.varianceAt(s, k);
        squares[4] = Ssvi.varianceAt(s, 3 * k);
    }

    function _largestChange(uint256[5] memory a, uint256[5] memory b) private pure returns (uint256 largest) {
        for (uint256 i = 0; i < 5; ++i) {
            (uint256 u, uint256 v) = (FixedPoint.sqrt(a[i]), FixedPoint.sqrt(b[i]));
            uint256 change = u > v ? u - v : v - u;
            if (change > largest) largest = change;
        }
    }

    function _carryChange(int256 a, int256 b, uint256 root) private pure returns (uint256) {
        return (((uint256(a > b ? a - b : b - a) * root) / 1e18) * SQRT_TWO_PI) / 1e18;
    }

    function _deviation(uint256 vol, uint256 root) private pure returns (uint256) {
        return (vol * root) / 1e18;
    }
}
