// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {ListingLimits} from "../../contracts/interfaces/Types.sol";
import {ListingRules} from "../../contracts/libraries/ListingRules.sol";

/// @notice The grid of strikes at any spot, down to a few wei.
contract ListingRulesTest {
    function test_StrikesOfUpToThreeDigitsAreOnTheGrid() external view {
        uint256[] memory strikes = new uint256[](4);
        (strikes[0], strikes[1], strikes[2], strikes[3]) = (1, 12, 123, 1230);
        ListingLimits memory rules = ListingLimits({
            minStrikeBps: 1,
            maxStrikeBps: 1_000_000,
            hour: uint32(block.timestamp % 1 days),
            dailies: 2 days,
            maxTenor: 2 days
        });
        ListingRules.check(rules, 0, block.timestamp + 1 days, strikes, 100);
    }
}
