// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Price limits as Uniswap v3 pools take them: the square root of token1 per token0, in Q64.96
/// @notice Token amounts are raw, so decimals need no care: a ratio of amounts is a ratio of prices. Limits are rounded
/// to the strict side and clamped to what a pool accepts.
library SqrtPrice {
    /// @dev The ends of Uniswap's range, exclusive there.
    uint160 internal constant MIN = 4295128739 + 1;
    uint160 internal constant MAX = 1461446703485210103287273052203988822378723970342 - 1;

    /// @dev Uniswap counts fees in millionths.
    uint256 private constant FEE_UNIT = 1e6;

    /// @notice Where a purchase of `base` has to stop so that its marginal price, fee included, is at most `quote / base`.
    function buyLimit(uint256 base, uint256 quote, uint24 fee, bool baseIsToken0) internal pure returns (uint160) {
        // The pool sees the price without its fee: p ≤ quote/base · (1 − fee).
        uint256 net = Math.mulDiv(quote, FEE_UNIT - fee, FEE_UNIT);
        return baseIsToken0 ? root(net, base, false) : root(base, net, true);
    }

    /// @notice Where a sale of `base` has to stop so that its marginal proceeds, after the fee, are at least `quote / base`.
    function sellLimit(uint256 base, uint256 quote, uint24 fee, bool baseIsToken0) internal pure returns (uint160) {
        uint256 gross = Math.mulDiv(quote, FEE_UNIT, FEE_UNIT - fee, Math.Rounding.Ceil);
        return baseIsToken0 ? root(gross, base, true) : root(base, gross, false);
    }

    /// @notice √(numerator / denominator) in Q64.96, at most one unit off to the side asked for, within the pool's range.
    /// @dev Uses as many bits as fit: a ratio of 2⁶⁴ and more has no room for 192 binary places, nor needs them.
    function root(uint256 numerator, uint256 denominator, bool up) internal pure returns (uint160) {
        if (denominator == 0) return MAX;
        uint256 whole = numerator / denominator;
        if (whole >= 1 << 128) return MAX;
        uint256 result =
            whole < 1 << 64
                ? Math.sqrt(Math.mulDiv(numerator, 1 << 192, denominator))
                : Math.sqrt(Math.mulDiv(numerator, 1 << 128, denominator)) << 32;
        if (up) result += whole < 1 << 64 ? 1 : 1 << 32;
        return uint160(Math.max(MIN, Math.min(MAX, result)));
    }
}
