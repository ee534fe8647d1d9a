// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {RateLimiter} from "@openzeppelin/contracts/utils/RateLimiter.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {WAD} from "./Units.sol";

/// @title What a pool may lose to posted surfaces, in dollars
/// @notice One budget for all expiries and all ways to profit from a post: references that rise under the options that people hold,
/// purchases below the reference, LPs who leave above it. A share of NAV in any 24 hours, a tenth of it at once; it
/// refills evenly. Rounds against whoever asks.
library SurfaceBudget {
    using RateLimiter for RateLimiter.RefillingBucket;

    struct State {
        RateLimiter.RefillingBucket bucket;
    }

    bytes32 private constant KEY = bytes32(0);
    /// @dev A bucket holds a tenth of the day's budget and refills nine tenths in a day: never more than all of it in 24 hours.
    uint256 private constant PARTS = 10;
    uint256 private constant WAD_PER_BPS = 1e14;

    /// @param bps Share of NAV that may be lost in any 24 hours.
    function set(State storage self, uint256 bps) internal {
        self.bucket.sync(KEY);
        self.bucket.updateSettings(uint48(1 days / (PARTS - 1)), uint208((bps * WAD_PER_BPS) / PARTS));
    }

    /// @notice What may be lost now, WAD USDC, rounded down. @param nav WAD USDC.
    function available(State storage self, uint256 nav) internal view returns (uint256) {
        return (self.bucket.available(KEY) * nav) / WAD;
    }

    /// @notice What may be lost at once when nothing was for a while, WAD USDC.
    function whole(State storage self, uint256 nav) internal view returns (uint256) {
        return (uint256(self.bucket._capacity) * nav) / WAD;
    }

    /// @notice Takes `amount` (WAD USDC), or what there is.
    function consume(State storage self, uint256 amount, uint256 nav) internal {
        if (amount == 0 || nav == 0) return;
        uint256 share = Math.mulDiv(amount, WAD, nav, Math.Rounding.Ceil);
        self.bucket.consume(KEY, Math.min(share, self.bucket.available(KEY)));
    }
}
