// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SqrtPrice} from "../../contracts/libraries/SqrtPrice.sol";
import {Ranges} from "./Ranges.sol";

/// @notice T38: price limits keep their promise for either order of tokens of 6, 8 or 18 decimals: where a pool has to stop,
/// the next unit costs no more than was allowed, fee included, and hardly less.
contract SqrtPriceTest is Ranges {
    uint256 private constant FEE_UNIT = 1e6;

    struct Case {
        uint256 base;
        uint256 quote;
        uint24 fee;
        bool baseIsToken0;
    }

    function testFuzz_T38_APurchaseStopsAtItsPrice(uint256 seed) external pure {
        Case memory c = _case(seed);
        uint160 limit = SqrtPrice.buyLimit(c.base, c.quote, c.fee, c.baseIsToken0);
        uint256 cost = Math.mulDiv(_quoteAt(limit, c), FEE_UNIT, FEE_UNIT - c.fee);
        assert(cost <= c.quote + c.quote / 1e15); // as fine as it can be told here
        assert(cost + c.quote / 1e6 + 3 >= c.quote);
    }

    function testFuzz_T38_ASaleStopsAtItsPrice(uint256 seed) external pure {
        Case memory c = _case(seed);
        uint160 limit = SqrtPrice.sellLimit(c.base, c.quote, c.fee, c.baseIsToken0);
        uint256 proceeds = Math.mulDiv(_quoteAt(limit, c), FEE_UNIT - c.fee, FEE_UNIT);
        assert(proceeds + 2 + c.quote / 1e15 >= c.quote);
        assert(proceeds <= c.quote + c.quote / 1e6 + 3);
    }

    /// @dev No amounts whatever overflow, or give a limit that a pool refuses to read.
    function testFuzz_T38_AnyAmountsGiveALimit(uint128 base, uint128 quote, uint24 fee, bool order) external pure {
        fee = uint24(uniform(fee, 0, FEE_UNIT - 1));
        uint160 buy = SqrtPrice.buyLimit(base, quote, fee, order);
        uint160 sell = SqrtPrice.sellLimit(base, quote, fee, order);
        assert(buy >= SqrtPrice.MIN && buy <= SqrtPrice.MAX);
        assert(sell >= SqrtPrice.MIN && sell <= SqrtPrice.MAX);
    }

    /// @dev A hundredth to a million units of the base, at a cent to a billion each.
    function _case(uint256 seed) private pure returns (Case memory c) {
        uint8[3] memory decimals = [6, 8, 18];
        uint24[4] memory fees = [uint24(100), 500, 3000, 10_000];
        uint256 baseUnit = 10 ** decimals[uniform(seed, 0, 2)];
        uint256 quoteUnit = 10 ** decimals[uniform(seed >> 8, 0, 2)];
        c.base = logarithmic(uint256(keccak256(abi.encode(seed, 1))), baseUnit / 100, 1e6 * baseUnit);
        uint256 cents = logarithmic(uint256(keccak256(abi.encode(seed, 2))), 1, 1e11);
        c.quote = Math.mulDiv(c.base, cents * quoteUnit, 100 * baseUnit) + 1;
        c.fee = fees[uniform(seed >> 16, 0, 3)];
        c.baseIsToken0 = (seed >> 24) & 1 == 1;
    }

    /// @dev What `base` is worth to a pool that stands at `limit`, rounded down.
    function _quoteAt(uint160 limit, Case memory c) private pure returns (uint256) {
        uint256 priceX128 = Math.mulDiv(limit, limit, 1 << 64);
        return c.baseIsToken0 ? Math.mulDiv(c.base, priceX128, 1 << 128) : Math.mulDiv(c.base, 1 << 128, priceX128);
    }
}
