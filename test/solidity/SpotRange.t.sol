// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IPriceOracle} from "../../contracts/interfaces/IPriceOracle.sol";
import {IVolSurface} from "../../contracts/interfaces/IVolSurface.sol";
import {Leg, Pricing, Quote, Slice, SpreadParams} from "../../contracts/interfaces/Types.sol";
import {MarkedBook} from "../../contracts/libraries/MarkedBook.sol";
import {Quoting} from "../../contracts/libraries/Quoting.sol";
import {SeriesId} from "../../contracts/libraries/SeriesId.sol";
import {Ssvi} from "../../contracts/libraries/Ssvi.sol";
import {Valuation} from "../../contracts/libraries/Valuation.sol";
import {Ranges} from "./Ranges.sol";

/// @notice T72: whatever range of spot a trade is priced over, it costs at least what it is worth anywhere inside, and a wider
/// range makes nothing better for the trader. The contract is its own surface.
contract SpotRangeTest is Ranges {
    uint256 private constant WAD = 1e18;
    uint256 private constant SPOT = 3000e18;
    uint256 private constant SAMPLES = 40;

    struct Range {
        uint256 low;
        uint256 high;
    }

    /// @notice The slice of any expiry, free of butterflies, and always new.
    function quoted(uint256 expiry) external view returns (IVolSurface.Quoted memory q) {
        (q.posted, q.updatedAt) = (_slice(expiry), block.timestamp);
    }

    /// @notice What `legs` cost over a range.
    function quoteOf(Leg[] calldata legs, Range calldata r) external view returns (Quote memory q) {
        SpreadParams memory spread = SpreadParams(0.01e18, 0.02e18, 0.01e18, 0.01e18);
        Quoting.Market memory m = Quoting.Market(
            Quoting.pack(Pricing(spread, 0.1e18, 1, 10_000, 5, 3, 1_250, 60_000, 0, 1 days)),
            IPriceOracle.Reading(SPOT, r.low, r.high, block.timestamp, false),
            SPOT,
            IVolSurface(address(this))
        );
        Quoting.LegTotals memory t;
        MarkedBook.Sums memory sums;
        Quoting.price(t, sums, legs, m);
        Quoting.quote(q, t, m, 0, 0, 1e24);
    }

    function testFuzz_T72_CostsTheDearestInsideTheRange(uint256 seed) external view {
        Leg[] memory legs = _legs(seed);
        Range memory r = _range(seed);
        int256 mid = this.quoteOf(legs, r).mid;
        _requireDearest(legs, r, mid, SAMPLES);
    }

    function test_T72_CostsTheDearestOfAThousandSpots() external view {
        for (uint256 seed = 0; seed < 20; ++seed) {
            Leg[] memory legs = _legs(_hash(seed, 77));
            Range memory r = _range(_hash(seed, 78));
            _requireDearest(legs, r, this.quoteOf(legs, r).mid, 1_000);
        }
    }

    function testFuzz_T72_AWiderRangeMakesNothingBetter(uint256 seed) external view {
        Leg[] memory legs = _legs(seed);
        Range memory narrow = _range(seed);
        if (_hash(seed, 90) % 8 == 0) narrow.high = narrow.low;
        Range memory wide = Range(narrow.low - _push(_hash(seed, 91)), narrow.high + _push(_hash(seed, 92)));
        Quote memory before = this.quoteOf(legs, narrow);
        Quote memory afterwards = this.quoteOf(legs, wide);
        uint256 slack = _notional(legs) / 1e15; // fixed point
        require(afterwards.mid >= before.mid - int256(slack), "a wider range lowers mid");
        require(afterwards.total >= before.total - int256(slack / 1e12) - 1, "a wider range lowers the total");
    }

    /// @dev Less 0.1 basis points of notional. One sample is where the quote says that it is dearest.
    function _requireDearest(Leg[] memory legs, Range memory r, int256 mid, uint256 samples) private view {
        int256 least = mid + int256(_notional(legs) / 100_000);
        Valuation.Tenor[] memory tenors = new Valuation.Tenor[](legs.length);
        for (uint256 i = 0; i < legs.length; ++i) {
            uint256 expiry = SeriesId.expiryOf(legs[i].id);
            tenors[i] = Valuation.tenor(expiry, _slice(expiry), SPOT);
        }
        for (uint256 i = 0; i <= samples; ++i) {
            uint256 spot = r.low + ((r.high - r.low) * i) / samples;
            require(_worth(legs, tenors, spot) <= least, "dearer inside the range");
        }
    }

    function _worth(
        Leg[] memory legs,
        Valuation.Tenor[] memory tenors,
        uint256 spot
    ) private pure returns (int256 sum) {
        for (uint256 i = 0; i < legs.length; ++i) {
            (, uint256 strike, bool isCall) = SeriesId.decode(legs[i].id);
            sum += (legs[i].quantity * int256(Valuation.valueAt(tenors[i], strike, isCall, spot))) / int256(WAD);
        }
    }

    function _notional(Leg[] memory legs) private pure returns (uint256 sum) {
        for (uint256 i = 0; i < legs.length; ++i) {
            int256 quantity = legs[i].quantity;
            sum += (uint256(quantity < 0 ? -quantity : quantity) * SPOT) / WAD;
        }
    }

    /// @dev One to four legs, bought and sold, near the money and in the same expiry more often than not: from half an hour to a year.
    function _legs(uint256 seed) private view returns (Leg[] memory legs) {
        legs = new Leg[](1 + (_hash(seed, 1) % 4));
        uint256 expiry = block.timestamp + logarithmic(_hash(seed, 2), 30 minutes, 365 days);
        for (uint256 i = 0; i < legs.length; ++i) {
            uint256 s = _hash(seed, 10 + i);
            if (s % 5 == 0) expiry = block.timestamp + logarithmic(_hash(s, 3), 30 minutes, 365 days);
            uint256 strike =
                _hash(s, 4) % 2 == 0 ? uniform(_hash(s, 5), 2900e18, 3100e18) : uniform(_hash(s, 5), 1000e18, 9000e18);
            int256 quantity = int256(logarithmic(_hash(s, 6), 0.001e18, 1000e18));
            if (_hash(s, 7) % 2 == 0) quantity = -quantity;
            legs[i] = Leg(SeriesId.encode(expiry, strike, _hash(s, 8) % 2 == 0), quantity);
        }
    }

    function _range(uint256 seed) private pure returns (Range memory r) {
        r.low = uniform(_hash(seed, 30), 2800e18, 3000e18);
        r.high = r.low + logarithmic(_hash(seed, 31), 1, 300e18);
    }

    function _push(uint256 seed) private pure returns (uint256) {
        return seed % 4 == 0 ? 0 : logarithmic(_hash(seed, 1), 1, 500e18);
    }

    function _slice(uint256 expiry) private view returns (Slice memory s) {
        uint256 seed = _hash(expiry, 40);
        s.atmVol = uniform(_hash(seed, 1), 0.2e18, 1.5e18);
        s.skew = int256(uniform(_hash(seed, 2), 0, 1.6e18)) - 0.8e18;
        s.curvature = uniform(_hash(seed, 3), 0, 20e18);
        while (!Ssvi.isButterflyFree(s, expiry - block.timestamp)) s.curvature /= 2;
        if (_hash(seed, 4) % 2 == 0) s.carry = int256(uniform(_hash(seed, 5), 0, 0.2e18)) - 0.1e18;
    }

    function _hash(uint256 seed, uint256 salt) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, salt)));
    }
}
