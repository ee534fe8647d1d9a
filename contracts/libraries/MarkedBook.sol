// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {Mark, Slice} from "../interfaces/Types.sol";
import {Book} from "./Book.sol";
import {SCENARIOS, StressGrid} from "./StressGrid.sol";
import {INT_WAD} from "./Units.sol";
import {Valuation} from "./Valuation.sol";

/// @title A book together with its mark
/// @notice The mark is the book valued at one spot on one surface: value, Greeks and the value in each stress scenario.
/// A trade adds its own terms to it, at the mark's spot, so that it costs the same however long the book is; `value`
/// computes it anew. Hedges and sales need no scenarios, which are two thirds of the work: `greeks` leaves them out, and such
/// a mark says so. Amounts are the vault's: a short book has negative value, gamma and vega.
library MarkedBook {
    using SafeCast for *;

    /// @notice A book's value, Greeks and scenarios as sums of products of two WADs: scaled down once, at the end.
    /// @param grid The scenarios; all zero for whoever only needs value and Greeks.
    struct Sums {
        int256 value;
        int256 delta;
        int256 gamma;
        int256 weightedVega;
        int256 grossVega;
        int256[SCENARIOS] stress;
        uint256[SCENARIOS] grid;
    }

    /// @notice In place of an inventory: the hedge has a loan, or is being made, or is too large a number. The desk knows.
    uint88 internal constant UNKNOWN = type(uint88).max;

    /// @dev A sum of two WADs' products per unit of USDC.
    int256 private constant SUM_PER_USDC_UNIT = 1e30;

    /// @notice The book valued at `spot`, with its scenarios.
    /// @param slices One per open expiry, in their order; ignored for those that have passed.
    function value(
        Book.State storage book,
        Slice[] memory slices,
        uint256 spot,
        uint256 surfaceVersion
    ) internal view returns (Mark memory m, int256[SCENARIOS] memory stress) {
        Sums memory sums;
        sums.grid = StressGrid.scenarios();
        _sum(sums, book, slices, spot);
        m = _scaled(sums, spot, surfaceVersion);
        m.hasScenarios = true;
        return (m, sums.stress);
    }

    /// @notice The same without scenarios, for whoever only needs value and Greeks.
    function greeks(
        Book.State storage book,
        Slice[] memory slices,
        uint256 spot,
        uint256 surfaceVersion
    ) internal view returns (Mark memory) {
        Sums memory sums;
        _sum(sums, book, slices, spot);
        return _scaled(sums, spot, surfaceVersion);
    }

    /// @notice Adds a position, in place.
    /// @dev Unchecked: quantities are below 2¹²⁸, values and Greeks below 2¹⁰⁰.
    function addPosition(Sums memory sums, Valuation.Position memory p) internal pure {
        unchecked {
            (int256 quantity, Valuation.Greeks memory g) = (p.quantity, p.greeks);
            int256 vega = quantity * int256(g.vega);
            sums.value += quantity * int256(g.value);
            sums.delta += quantity * g.delta;
            sums.gamma += quantity * int256(g.gamma);
            sums.weightedVega += (vega / INT_WAD) * int256(p.tenor.vegaWeight);
            sums.grossVega -= vega; // the vault is short: gross vega grows as vega falls
            if (sums.grid[0] == 0) return;
            StressGrid.add(sums.stress, sums.grid, p);
        }
    }

    /// @notice Adds `sums` to a mark, in place.
    function add(Mark memory m, Sums memory sums) internal pure {
        unchecked {
            m.value = _floor(int256(m.value) * INT_WAD + sums.value);
            m.delta = _floor(int256(m.delta) * INT_WAD + sums.delta);
            m.gamma = _floor(int256(m.gamma) * INT_WAD + sums.gamma);
            m.weightedVega = _floor(int256(m.weightedVega) * INT_WAD + sums.weightedVega);
            // Against rounding: what is left of gross vega after everything was sold back is zero, not less.
            m.grossVega = _ceil(SignedMath.max(int256(uint256(m.grossVega)) * SUM_PER_USDC_UNIT + sums.grossVega, 0));
        }
    }

    /// @notice A copy that keeps its values when `sums` goes on. The grid is the same.
    function copy(Sums memory sums) internal pure returns (Sums memory) {
        int256[SCENARIOS] memory stress = StressGrid.copy(sums.stress);
        return Sums(sums.value, sums.delta, sums.gamma, sums.weightedVega, sums.grossVega, stress, sums.grid);
    }

    /// @notice Writes what trades change of a mark, its first two slots.
    /// @dev Fields lie in a slot from its lowest bit in the order of the struct.
    function storeTraded(Mark storage self, Mark memory m) internal {
        uint256 first = uint96(m.value) | (uint256(uint96(m.delta)) << 96) | (uint256(m.grossVega) << 192);
        uint256 second =
            uint96(m.gamma) |
                (uint256(uint96(m.weightedVega)) << 96) |
                (uint256(m.vegaAdded) << 192) |
                (uint256(m.vegaAddedAt) << 224);
        assembly ("memory-safe") {
            sstore(self.slot, first)
            sstore(add(self.slot, 1), second)
        }
    }

    /// @notice The book's delta at `spot`, to first order from the mark, which is never far from it.
    function deltaAt(Mark memory m, uint256 spot) internal pure returns (int256) {
        int256 move = int256(spot) - int256(uint256(m.spot));
        return int256(m.delta) + (int256(m.gamma) * move) / INT_WAD;
    }

    function _sum(Sums memory sums, Book.State storage book, Slice[] memory slices, uint256 spot) private view {
        for (uint256 i = 0; i < slices.length; ++i) {
            uint256 expiry = book.expiries[i];
            Book.ExpiryBook storage positions = book.byExpiry[expiry];
            if (positions.totals.contracts == 0) continue;
            if (block.timestamp >= expiry) _addExpired(sums, positions, spot);
            else _addExpiry(sums, positions, Valuation.tenor(expiry, slices[i], spot));
        }
    }

    function _addExpiry(Sums memory sums, Book.ExpiryBook storage positions, Valuation.Tenor memory t) private view {
        uint256 count = positions.totals.listed;
        Valuation.Position memory p;
        p.tenor = t;
        for (uint256 i = 0; i < count; ++i) {
            Book.Series storage s = positions.series[i];
            (p.strike, p.isCall, p.quantity) = (s.strike, s.isCall, s.quantity);
            if (p.quantity == 0) continue;
            Valuation.fillGreeks(p.greeks, t, p.strike, p.isCall);
            addPosition(sums, p);
        }
    }

    /// @dev At or after expiry and before settlement, pay-offs stand for prices.
    function _addExpired(Sums memory sums, Book.ExpiryBook storage positions, uint256 spot) private view {
        uint256 count = positions.totals.listed;
        for (uint256 i = 0; i < count; ++i) {
            Book.Series memory s = positions.series[i];
            if (s.quantity == 0) continue;
            Valuation.Greeks memory g = Valuation.intrinsicOf(s.strike, s.isCall, spot);
            sums.value += s.quantity * int256(g.value);
            sums.delta += s.quantity * g.delta;
            StressGrid.addExpired(sums.stress, sums.grid, spot, s.strike, s.isCall, s.quantity);
        }
    }

    function _scaled(Sums memory sums, uint256 spot, uint256 surfaceVersion) private view returns (Mark memory m) {
        m.value = _floor(sums.value);
        m.delta = _floor(sums.delta);
        m.gamma = _floor(sums.gamma);
        m.weightedVega = _floor(sums.weightedVega);
        m.grossVega = _ceil(sums.grossVega);
        m.spot = spot.toUint96();
        m.time = uint40(block.timestamp);
        m.surfaceVersion = uint24(surfaceVersion);
    }

    /// @dev Down (towards minus infinity): a liability is never rounded away.
    function _floor(int256 sum) private pure returns (int96) {
        unchecked {
            int256 quotient = sum / INT_WAD;
            if (quotient * INT_WAD > sum) --quotient;
            return quotient.toInt96();
        }
    }

    /// @dev Up, to units of USDC. @param sum Not negative.
    function _ceil(int256 sum) private pure returns (uint64) {
        unchecked {
            return uint256((sum + SUM_PER_USDC_UNIT - 1) / SUM_PER_USDC_UNIT).toUint64();
        }
    }
}
