// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {TradedFlow} from "../interfaces/Types.sol";
import {INT_WAD, WAD} from "./Units.sol";

/// @title What trades have added to a book's delta
/// @notice In this block, so that nobody's hedge goes by delta that may be gone before the block is over; in all, so that
/// keepers may always hedge what others trade, and at the cost that traders have paid for it; and lately in each direction,
/// so that whoever sees prices before feed and pool do pays more the more he takes.
library TradedDelta {
    using SafeCast for int256;

    /// @notice WAD USDC.
    uint256 internal constant CENT = 1e16;
    /// @dev Seconds after which a trade no longer counts as recent, evenly less and less until then.
    uint256 private constant MEMORY = 10 minutes;
    /// @dev The price of a dollar's delta rises by a fifth of the share of NAV that was bought or sold lately in its direction.
    uint256 private constant STEEPNESS_INVERSE = 5;
    int256 private constant DELTA_UNIT = 1e12;
    int256 private constant GAMMA_UNIT = 1e9;
    uint256 private constant DOLLAR = 1e18;

    /// @notice Adds a trade, in place. @param delta,gamma What it adds to the book's, WAD: what traders buy, the book is short of.
    /// @param spot WAD. @param charge For the hedge, WAD USDC. @dev Recent flows end at their type's largest value.
    function add(TradedFlow memory s, int256 delta, int256 gamma, uint256 spot, uint256 charge) internal view {
        uint256 worth = (SignedMath.abs(delta) * spot) / WAD;
        (uint256 bought, uint256 sold) = recent(s);
        if (delta < 0) bought += worth;
        else sold += worth;
        (s.bought, s.sold) = (_dollars(bought), _dollars(sold));
        (int256 deltas, int256 gammas) = (delta / DELTA_UNIT, gamma / GAMMA_UNIT);
        unchecked {
            if (s.time == uint32(block.timestamp)) (deltas, gammas) = (deltas + s.delta, gammas + s.gamma);
            s.turnover += uint40(worth / CENT);
            s.paid += uint32(charge / CENT);
        }
        (s.delta, s.gamma, s.time) = (deltas.toInt48(), gammas.toInt40(), uint32(block.timestamp));
    }

    /// @dev Fields lie in a slot from its lowest bit in the order of the struct.
    function store(TradedFlow storage self, TradedFlow memory s) internal {
        uint256 word = uint48(s.delta) | (uint256(uint40(s.gamma)) << 48) | (uint256(s.time) << 88);
        word |= (uint256(s.turnover) << 120) | (uint256(s.paid) << 160);
        word |= (uint256(s.bought) << 192) | (uint256(s.sold) << 224);
        assembly ("memory-safe") {
            sstore(self.slot, word)
        }
    }

    /// @notice What trades of this second have added to delta, WAD, when spot is `move` (WAD) above the mark's.
    function inThisBlock(TradedFlow memory self, int256 move) internal view returns (int256) {
        if (self.time != uint32(block.timestamp)) return 0;
        return self.delta * DELTA_UNIT + (self.gamma * GAMMA_UNIT * move) / INT_WAD;
    }

    /// @notice Delta that traders have bought and sold lately, WAD USDC: what they had at the last trade, evenly less since.
    function recent(TradedFlow memory self) internal view returns (uint256 bought, uint256 sold) {
        uint256 age = block.timestamp - self.time;
        if (age >= MEMORY) return (0, 0);
        bought = (self.bought * DOLLAR * (MEMORY - age)) / MEMORY;
        sold = (self.sold * DOLLAR * (MEMORY - age)) / MEMORY;
    }

    /// @notice What a trade pays for the delta that it takes in one direction, WAD USDC, rounded up: a potential of what was taken
    /// in that direction lately, x²/(2·5·NAV), so that nothing is gained by splitting. @param delta Traders', WAD. @param nav WAD USDC.
    function impact(TradedFlow memory self, int256 delta, uint256 spot, uint256 nav) internal view returns (uint256) {
        if (delta == 0 || nav == 0) return 0;
        (uint256 bought, uint256 sold) = recent(self);
        uint256 before = delta > 0 ? bought : sold;
        uint256 worth = Math.ceilDiv(SignedMath.abs(delta) * spot, WAD);
        return Math.mulDiv(worth, 2 * before + worth, 2 * STEEPNESS_INVERSE * nav, Math.Rounding.Ceil);
    }

    function _dollars(uint256 amount) private pure returns (uint32) {
        return uint32(Math.min(Math.ceilDiv(amount, DOLLAR), type(uint32).max));
    }
}
