// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

/// @title What trades have added to a book's delta
/// @notice In this block, so that nobody's hedge goes by delta that may be gone before the block is over; and in all, so
/// that keepers may always hedge what others trade, and at the cost that traders have paid for it.
library TradedDelta {
    using SafeCast for int256;

    /// @notice One slot. @param delta What the last block with a trade added, WAD. @param number That block.
    /// @param turnover |delta| of all trades at the marks' spots, and @param paid the hedging charges of their quotes: USDC
    /// (6 decimals), counted up for ever and around the end of the type; only differences mean anything.
    struct State {
        int88 delta;
        uint40 number;
        uint64 turnover;
        uint64 paid;
    }

    uint256 private constant WAD = 1e18;
    uint256 private constant USDC_UNIT = 1e12;

    /// @notice Adds a trade. @param added To the book's delta, WAD. @param spot WAD. @param charge WAD USDC.
    /// @dev Fields lie in a slot from its lowest bit in the order of the struct.
    function note(State storage self, int256 added, uint256 spot, uint256 charge) internal {
        int256 delta = added;
        State memory s = self;
        unchecked {
            if (s.number == uint40(block.number)) delta += s.delta;
            s.turnover += uint64((SignedMath.abs(added) * spot) / (WAD * USDC_UNIT));
            s.paid += uint64(charge / USDC_UNIT);
        }
        uint256 word =
            uint88(delta.toInt88()) |
                (uint256(uint40(block.number)) << 88) |
                (uint256(s.turnover) << 128) |
                (uint256(s.paid) << 192);
        assembly ("memory-safe") {
            sstore(self.slot, word)
        }
    }

    /// @notice What trades have added in this block, WAD.
    function inThisBlock(State storage self) internal view returns (int256) {
        return self.number == uint40(block.number) ? int256(self.delta) : int256(0);
    }
}
