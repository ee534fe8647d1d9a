// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {TradedFlow} from "../../../contracts/interfaces/Types.sol";

/// @title What keepers may trade and lose at the real desk
/// @notice The same rules as DeskLimits, for the stand-in: a bucket holds a quarter of the day's budget and refills as much a day; what traders
/// have added to delta, and paid for its hedge, is given back.
library DeskBudget {
    /// @dev Shares of NAV, WAD.
    struct Bucket {
        uint256 used;
        uint256 time;
    }

    struct State {
        Bucket turnover;
        Bucket losses;
        uint40 givenTurnover;
        uint32 givenLoss;
    }

    uint256 internal constant TURNOVER = 12e18;
    uint256 internal constant LOSS = 0.01e18;
    uint256 internal constant LEAST_NAV = 100_000e18;
    uint256 private constant BUCKETS_PER_DAY = 4;
    uint256 private constant WAD = 1e18;

    /// @notice What keepers may trade and lose now, shares of NAV (`whole`, WAD USDC), after what they are given back.
    function left(
        State storage self,
        IOptionVault vault,
        uint256 time
    ) internal returns (uint256 turnover, uint256 loss, uint256 whole) {
        int256 nav = vault.nav();
        whole = nav > int256(LEAST_NAV) ? uint256(nav) : LEAST_NAV;
        TradedFlow memory traded = vault.traded();
        unchecked {
            _refill(self.turnover, time, TURNOVER, (uint256(traded.turnover - self.givenTurnover) * 1e34) / whole);
            _refill(self.losses, time, LOSS, (uint256(traded.paid - self.givenLoss) * 1e34) / whole);
        }
        (self.givenTurnover, self.givenLoss) = (traded.turnover, traded.paid);
        turnover = TURNOVER / BUCKETS_PER_DAY - self.turnover.used;
        loss = LOSS / BUCKETS_PER_DAY - self.losses.used;
    }

    /// @notice Takes what a fill traded and lost, shares of NAV.
    function consume(State storage self, uint256 turnover, uint256 loss) internal {
        self.turnover.used += turnover;
        self.losses.used += loss;
        assert(self.turnover.used <= TURNOVER / BUCKETS_PER_DAY && self.losses.used <= LOSS / BUCKETS_PER_DAY);
    }

    function _refill(Bucket storage bucket, uint256 time, uint256 budget, uint256 given) private {
        uint256 refilled = (budget * (time - bucket.time)) / BUCKETS_PER_DAY / 1 days;
        bucket.used = Math.saturatingSub(bucket.used, refilled + given);
        bucket.time = time;
    }
}
