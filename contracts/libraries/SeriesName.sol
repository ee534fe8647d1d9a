// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {SeriesId} from "./SeriesId.sol";
import {WAD} from "./Units.sol";

/// @title The name of a series as traders write it: WETH-27NOV26-3000-C
library SeriesName {
    bytes private constant MONTHS = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";

    /// @param underlying Symbol of the underlying.
    function nameOf(string calldata underlying, uint256 id) external pure returns (string memory) {
        (uint256 expiry, uint256 strike, bool isCall) = SeriesId.decode(id);
        return string.concat(underlying, "-", _date(expiry), "-", _decimal(strike), isCall ? "-C" : "-P");
    }

    /// @dev Day, month and two digits of the year, UTC, in the Gregorian calendar. Counts days in years that begin on the first of
    /// March, so that a leap day is the last of its year and months follow a pattern of 153 days in five.
    function _date(uint256 time) private pure returns (string memory) {
        uint256 day = time / 1 days + 719_468; // since 1 March of the year 0
        uint256 era = day / 146_097; // of 400 years
        day %= 146_097;
        uint256 year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        day -= 365 * year + year / 4 - year / 100;
        uint256 month = (5 * day + 2) / 153; // 0 is March
        day -= (153 * month + 2) / 5;
        year += 400 * era + (month >= 10 ? 1 : 0);
        return string.concat(_twoDigits(day + 1), _month((month + 2) % 12), _twoDigits(year % 100));
    }

    function _month(uint256 index) private pure returns (string memory) {
        bytes memory name = new bytes(3);
        for (uint256 i = 0; i < 3; ++i) name[i] = MONTHS[3 * index + i];
        return string(name);
    }

    function _twoDigits(uint256 value) private pure returns (string memory) {
        return string.concat(value < 10 ? "0" : "", Strings.toString(value));
    }

    /// @dev A WAD without trailing zeros.
    function _decimal(uint256 wad) private pure returns (string memory text) {
        text = Strings.toString(wad / WAD);
        uint256 fraction = wad % WAD;
        if (fraction == 0) return text;
        bytes memory digits = bytes(Strings.toString(WAD + fraction));
        uint256 end = digits.length;
        while (digits[end - 1] == "0") --end;
        bytes memory shown = new bytes(end);
        for (uint256 i = 1; i < end; ++i) shown[i] = digits[i];
        shown[0] = ".";
        return string.concat(text, string(shown));
    }
}
