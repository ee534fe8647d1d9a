// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ListingLimits} from "../interfaces/Types.sol";
import {BPS} from "./Units.sol";

/// @title Which series may be listed: a grid of strikes and a calendar of expiries
/// @notice Strikes of three significant digits between two multiples of spot; expiries at one time of the day, daily for
/// some days ahead and then on Fridays.
library ListingRules {
    error InvalidListing(string what);
    error StrikeOffGrid(uint256 strike);
    error StrikeOutOfRange(uint256 strike, uint256 lowest, uint256 highest);
    error ExpiryOffCalendar(uint256 expiry);
    /// @notice `limit` expiries more than `time` seconds ahead are open already.
    error TooManyFarExpiries(uint256 expiry, uint256 time, uint256 limit);
    error ExpiryOutOfRange(uint256 expiry, uint256 earliest, uint256 latest);

    /// @dev Significant digits of a strike, less one.
    uint256 private constant DIGITS = 2;
    /// @dev The first of January 1970 was a Thursday.
    uint256 private constant FRIDAY = 1;

    /// @dev Of the vault's eight places: what somebody holds cannot be taken off the list, so that far expiries may not fill it.
    uint256 private constant FAR = 35 days;
    uint256 private constant MOST_FAR = 4;
    uint256 private constant FARTHEST = 100 days;
    uint256 private constant MOST_FARTHEST = 2;

    function validate(ListingLimits calldata rules) external pure {
        if (rules.minStrikeBps == 0 || rules.minStrikeBps >= BPS) revert InvalidListing("minStrikeBps");
        if (rules.maxStrikeBps <= BPS) revert InvalidListing("maxStrikeBps");
        if (rules.hour >= 1 days) revert InvalidListing("hour");
        if (rules.maxTenor == 0) revert InvalidListing("maxTenor");
        if (rules.dailies > rules.maxTenor) revert InvalidListing("dailies");
    }

    /// @notice Reverts if `expiry` is new and the places for expiries so far ahead are taken. @param open What is listed.
    function requirePlace(uint256 expiry, uint256[] calldata open) external view {
        (uint256 far, uint256 farthest) = (0, 0);
        for (uint256 i = 0; i < open.length; ++i) {
            if (open[i] == expiry) return;
            if (open[i] > block.timestamp + FAR) ++far;
            if (open[i] > block.timestamp + FARTHEST) ++farthest;
        }
        if (expiry > block.timestamp + FARTHEST && farthest >= MOST_FARTHEST) {
            revert TooManyFarExpiries(expiry, FARTHEST, MOST_FARTHEST);
        }
        if (expiry > block.timestamp + FAR && far >= MOST_FAR) revert TooManyFarExpiries(expiry, FAR, MOST_FAR);
    }

    /// @notice Reverts unless series of `expiry` at all `strikes` may be listed now. @param cutOff Seconds before its expiry at
    /// which a series ceases to trade: less than that ahead, it would never.
    function check(
        ListingLimits calldata rules,
        uint256 cutOff,
        uint256 expiry,
        uint256[] calldata strikes,
        uint256 spot
    ) external view {
        uint256 earliest = block.timestamp + cutOff + 1;
        uint256 latest = block.timestamp + rules.maxTenor;
        if (expiry < earliest || expiry > latest) revert ExpiryOutOfRange(expiry, earliest, latest);
        bool isFriday = (expiry / 1 days) % 7 == FRIDAY;
        if (expiry % 1 days != rules.hour || (!isFriday && expiry > block.timestamp + rules.dailies)) {
            revert ExpiryOffCalendar(expiry);
        }
        uint256 lowest = (spot * rules.minStrikeBps) / BPS;
        uint256 highest = (spot * rules.maxStrikeBps) / BPS;
        for (uint256 i = 0; i < strikes.length; ++i) {
            uint256 strike = strikes[i];
            if (strike < lowest || strike > highest) revert StrikeOutOfRange(strike, lowest, highest);
            uint256 magnitude = Math.log10(strike);
            if (magnitude > DIGITS && strike % 10 ** (magnitude - DIGITS) != 0) revert StrikeOffGrid(strike);
        }
    }
}
