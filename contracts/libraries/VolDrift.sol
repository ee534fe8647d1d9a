// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Slice} from "../interfaces/Types.sol";
import {FixedPoint} from "./FixedPoint.sol";
import {Ssvi} from "./Ssvi.sol";

/// @title How far one slice is from another, in units of vol
/// @notice The change of implied vol at −3, −1, 0, 1 and 3 deviations from the forward. Between those points, for slices free of
/// butterflies, vol changes by at most 1.2 times as much. A carry that moves by Δb moves the forward by F·Δb·T and, as the
/// smile moves with it and holds no butterfly, no undiscounted price by more: that is counted by itself.
library VolDrift {
    /// @dev Of squares of vol, WAD: a thousand times the vol is beyond any bound.
    uint256 private constant MOST = 1e24;

    /// @notice Distance of two slices of one expiry at the same strikes, WAD; rounded down by a few units. Carry aside.
    /// @param timeToExpiry Seconds. The deviation is that of the wider slice.
    function between(Slice memory last, Slice memory next, uint256 timeToExpiry) internal pure returns (uint256) {
        (uint256 rise, uint256 drop) = changeBetween(last, next, timeToExpiry);
        return rise > drop ? rise : drop;
    }

    /// @notice The largest rise and the largest fall of vol on the way from one slice to another.
    function changeBetween(
        Slice memory last,
        Slice memory next,
        uint256 timeToExpiry
    ) internal pure returns (uint256 rise, uint256 drop) {
        uint256 root = FixedPoint.sqrtTime(timeToExpiry);
        uint256 width = _deviation(last.atmVol > next.atmVol ? last.atmVol : next.atmVol, root);
        return change(_variancesAt(last, width), _variancesAt(next, width));
    }

    /// @notice The same between squares of vol (1e36) as `variances` gives them, WAD.
    function change(uint256[5] memory a, uint256[5] memory b) internal pure returns (uint256 rise, uint256 drop) {
        for (uint256 i = 0; i < 5; ++i) {
            (uint256 u, uint256 v) = (FixedPoint.sqrt(a[i]), FixedPoint.sqrt(b[i]));
            if (v > u && v - u > rise) rise = v - u;
            if (u > v && u - v > drop) drop = u - v;
        }
    }

    /// @notice Squares of vol (1e36) at −3, −1, 0, 1 and 3 of the slice's own deviations.
    function variances(Slice memory s, uint256 timeToExpiry) internal pure returns (uint256[5] memory) {
        return _variancesAt(s, _deviation(s.atmVol, FixedPoint.sqrtTime(timeToExpiry)));
    }

    /// @notice Whether `b` is nowhere below `a`, and the square (WAD) of what vol would have to be multiplied by for that; at least 1.
    function shortfall(
        uint256[5] memory a,
        uint256[5] memory b
    ) internal pure returns (bool isBelow, uint256 factorSquared) {
        factorSquared = 1e18;
        for (uint256 i = 0; i < 5; ++i) {
            if (b[i] >= a[i]) continue;
            isBelow = true;
            uint256 needed = b[i] == 0 ? MOST : (a[i] * 1e18) / b[i] + 1;
            if (needed > factorSquared) factorSquared = needed < MOST ? needed : MOST;
        }
    }

    /// @notice Squares of vol at the deviations that `vol` has at the slice's expiry.
    function variancesFor(Slice memory s, uint256 vol, uint256 timeToExpiry) internal pure returns (uint256[5] memory) {
        return _variancesAt(s, _deviation(vol, FixedPoint.sqrtTime(timeToExpiry)));
    }

    /// @notice The slice `s`, at another expiry: the same smile by deviations, `factorSquared` (WAD) times the variance.
    function moved(
        Slice memory s,
        uint256 timeToExpiry,
        uint256 otherTime,
        uint256 factorSquared
    ) internal pure returns (Slice memory m) {
        m.atmVol = FixedPoint.sqrt((s.atmVol * s.atmVol * factorSquared) / 1e18);
        m.skew = s.skew;
        uint256 width = _deviation(s.atmVol, FixedPoint.sqrtTime(timeToExpiry));
        uint256 other = _deviation(m.atmVol, FixedPoint.sqrtTime(otherTime));
        m.curvature = other == 0 ? s.curvature : (s.curvature * width) / other;
    }

    function _variancesAt(Slice memory s, uint256 width) private pure returns (uint256[5] memory squares) {
        int256 k = int256(width);
        squares[0] = Ssvi.varianceAt(s, -3 * k);
        squares[1] = Ssvi.varianceAt(s, -k);
        squares[2] = s.atmVol * s.atmVol;
        squares[3] = Ssvi.varianceAt(s, k);
        squares[4] = Ssvi.varianceAt(s, 3 * k);
    }

    function _deviation(uint256 vol, uint256 root) private pure returns (uint256) {
        return (vol * root) / 1e18;
    }
}
