// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

/// @title What a portfolio is worth at most inside a range of spot, from its values at a few knots
/// @notice Where a smile sticks to moneyness and holds no butterfly, an option is convex in spot, since its price is
/// homogeneous in spot and strike, and convex in strike (Merton 1973, theorem 9). Between two knots what is bought is then
/// below its chord, and what is sold, which is concave, below the chords of the neighbouring intervals, prolonged. Their sum
/// is a bound, and no grid of samples that a peak could hide between.
/// @dev Knots are multiples of a power of two, of which the wider range has the larger. A wider range thus sees longer chords
/// over the same spots, chords from farther away, and more spots: each raises the bound or leaves it. So a range that is pushed
/// apart never makes anything cheaper.
library SpotRange {
    /// @param first Spot of the first knot, WAD. @param step Between two knots. @param count How many there are.
    /// @param inner Index of the first knot that is not there for the sake of its neighbour alone: 1, or 0 near a spot of zero.
    struct Knots {
        uint256 first;
        uint256 step;
        uint256 count;
        uint256 inner;
    }

    /// @dev A range is at most four steps wide, so that it touches five intervals, beside which lie two more knots.
    uint256 internal constant MAX_KNOTS = 8;

    /// @notice The knots of a range. @param low Below `high`.
    function knotsOf(uint256 low, uint256 high) internal pure returns (Knots memory k) {
        uint256 width = high - low;
        k.step = width < 4 ? 1 : 1 << (Math.log2(width) - 1);
        uint256 from = low / k.step;
        k.inner = from == 0 ? 0 : 1;
        k.first = (from - k.inner) * k.step;
        k.count = Math.ceilDiv(high, k.step) + 2 + k.inner - from;
    }

    /// @notice Spot of knot `i`.
    function spotAt(Knots memory k, uint256 i) internal pure returns (uint256) {
        return k.first + i * k.step;
    }

    /// @notice A bound of `bought` + `sold` over all spots of the range, and the spot where it is reached.
    /// @param bought Convex, at each knot. @param sold Concave, at each knot.
    function dearest(
        Knots memory k,
        int256[] memory bought,
        int256[] memory sold,
        uint256 low,
        uint256 high
    ) internal pure returns (int256 most, uint256 spot) {
        most = type(int256).min;
        for (uint256 i = k.inner; i + 2 < k.count; ++i) {
            uint256 start = spotAt(k, i);
            (int256 value, uint256 place) = _inInterval(
                k,
                bought,
                sold,
                i,
                Math.saturatingSub(low, start),
                Math.min(high - start, k.step)
            );
            if (value > most) (most, spot) = (value, start + place);
        }
    }

    /// @dev The bound between knots `i` and `i + 1`, and where, from `i` on, it is reached between `from` and `to`: at one of them, or where
    /// the prolonged chords of what is sold cross.
    function _inInterval(
        Knots memory k,
        int256[] memory bought,
        int256[] memory sold,
        uint256 i,
        uint256 from,
        uint256 to
    ) private pure returns (int256 most, uint256 place) {
        int256 step = int256(k.step);
        int256 rise = i == 0 ? type(int256).max : sold[i] - sold[i - 1];
        int256 fall = sold[i + 2] - sold[i + 1];
        (most, place) = (_boundAt(step, bought, sold, i, rise, fall, from), from);
        int256 atEnd = _boundAt(step, bought, sold, i, rise, fall, to);
        if (atEnd > most) (most, place) = (atEnd, to);
        if (i == 0 || rise <= fall) return (most, place);
        int256 crossing = (step * (sold[i + 1] - sold[i] - fall)) / (rise - fall);
        if (crossing <= int256(from) || crossing >= int256(to)) return (most, place);
        int256 atCrossing = _boundAt(step, bought, sold, i, rise, fall, uint256(crossing));
        if (atCrossing > most) (most, place) = (atCrossing, uint256(crossing));
    }

    /// @param rise,fall What `sold` gains over the interval before and over the one after; a rise of the largest number: unknown.
    function _boundAt(
        int256 step,
        int256[] memory bought,
        int256[] memory sold,
        uint256 i,
        int256 rise,
        int256 fall,
        uint256 place
    ) private pure returns (int256) {
        int256 x = int256(place);
        int256 chord = bought[i] + ((bought[i + 1] - bought[i]) * x) / step;
        int256 fromRight = sold[i + 1] - (fall * (step - x)) / step;
        if (rise == type(int256).max) return chord + fromRight;
        return chord + SignedMath.min(sold[i] + (rise * x) / step, fromRight);
    }
}
