// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {SpreadParams} from "../interfaces/Types.sol";
import {BPS, WAD} from "./Units.sol";

/// @title What a trade costs beyond its mid price
/// @notice Amounts in WAD USDC, rounded against the trader. The inventory charge is a potential of the vault's net vega:
/// it depends on where a trade starts and ends, not on how it is split or ordered, so that over a round trip its charges and
/// rebates cancel (before the bounds that Quoting puts on a total; Stoikov & Sağlam 2009; Baldacci, Bergault & Guéant 2021).
library QuoteCurve {
    uint256 private constant NEAR_EXPIRY = 7 days;

    /// @notice A Spread in one word, fields from the lowest bit in their order.
    function pack(SpreadParams memory s) internal pure returns (uint256) {
        return s.base | (uint256(s.agePerDay) << 64) | (uint256(s.atCapacity) << 128) | (uint256(s.atExpiry) << 192);
    }

    function unpack(uint256 packed) internal pure returns (SpreadParams memory) {
        return SpreadParams(uint64(packed), uint64(packed >> 64), uint64(packed >> 128), uint64(packed >> 192));
    }

    /// @notice C(after) − C(before) with C(v) = ½ · maxSkew / capacity · v², rounded up; v is the vault's net short
    /// weighted vega. C'(capacity) = maxSkew: at capacity the marginal price is that many vol points away from mid.
    /// @param capacity Vega capacity, WAD USDC per 1.00 of vol; positive.
    function inventory(
        int256 before,
        int256 afterwards,
        uint256 maxSkew,
        uint256 capacity
    ) internal pure returns (int256) {
        // C(b) − C(a) = ½ · maxSkew / capacity · (b − a)(b + a): no large squares, and exactly zero for a closed cycle.
        int256 change = afterwards - before;
        int256 sum = afterwards + before;
        bool isCharge = (change >= 0) == (sum >= 0);
        uint256 product = Math.mulDiv(
            SignedMath.abs(change),
            SignedMath.abs(sum),
            WAD,
            isCharge ? Math.Rounding.Ceil : Math.Rounding.Floor
        );
        uint256 amount = Math.mulDiv(
            product,
            maxSkew,
            2 * capacity,
            isCharge ? Math.Rounding.Ceil : Math.Rounding.Floor
        );
        return isCharge ? int256(amount) : -int256(amount);
    }

    /// @notice The part of the half-spread, vol points (WAD), that a series has of its own: `base`, and more the older its slice
    /// and the nearer its expiry. @param packed See pack.
    /// @param surfaceAge,timeToExpiry Seconds, below 2⁴⁰.
    function ownSpread(
        uint256 packed,
        uint256 surfaceAge,
        uint256 timeToExpiry
    ) internal pure returns (uint256 spread) {
        unchecked {
            spread = uint64(packed) + (uint64(packed >> 64) * surfaceAge) / 1 days;
            if (timeToExpiry < NEAR_EXPIRY) spread += ((packed >> 192) * (NEAR_EXPIRY - timeToExpiry)) / NEAR_EXPIRY;
        }
    }

    /// @notice The part that grows with the pool's used vega capacity. @param packed See pack.
    /// @param before,afterwards Net weighted vega around the trade. The mean of both utilisations counts, which over a
    /// split trade adds up to the same: nothing is gained by it.
    /// @param capacity Vega capacity, positive and below 2¹⁰⁸.
    function poolSpread(
        uint256 packed,
        int256 before,
        int256 afterwards,
        uint256 capacity
    ) internal pure returns (uint256) {
        unchecked {
            uint256 used = Math.min(SignedMath.abs(before), capacity) + Math.min(SignedMath.abs(afterwards), capacity);
            return (uint64(packed >> 128) * used) / (2 * capacity);
        }
    }

    /// @notice The expected cost of hedging what the trade adds to |net delta|: `costBps` of its notional. Never a rebate.
    function hedging(
        int256 deltaBefore,
        int256 deltaAfter,
        uint256 spot,
        uint256 costBps
    ) internal pure returns (uint256) {
        uint256 before = SignedMath.abs(deltaBefore);
        uint256 afterwards = SignedMath.abs(deltaAfter);
        if (afterwards <= before) return 0;
        return ceilDiv((afterwards - before) * spot * costBps, WAD * BPS);
    }

    /// @notice The fee on `quantity` contracts: `feeBps` of spot, at most `capBps` of the premium, at least `minFee` each.
    /// @param quantity Below 2¹²⁸, as prices are below 2¹⁰⁰.
    function fee(
        uint256 quantity,
        uint256 price,
        uint256 spot,
        uint256 feeBps,
        uint256 capBps,
        uint256 minFee
    ) internal pure returns (uint256) {
        unchecked {
            uint256 perContract = Math.min(spot * feeBps, price * capBps) / BPS;
            return ceilDiv(Math.max(perContract, minFee) * quantity, WAD);
        }
    }

    /// @notice a / b, rounded up. @param b Not zero.
    function ceilDiv(uint256 a, uint256 b) internal pure returns (uint256 quotient) {
        assembly ("memory-safe") {
            quotient := add(div(a, b), gt(mod(a, b), 0))
        }
    }
}
