// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IVolSurface} from "../interfaces/IVolSurface.sol";
import {Slice} from "../interfaces/Types.sol";
import {Book} from "./Book.sol";
import {MarkedBook} from "./MarkedBook.sol";
import {RiskEngine} from "./RiskEngine.sol";
import {SurfaceBudget} from "./SurfaceBudget.sol";
import {Treasury} from "./Treasury.sol";
import {WAD} from "./Units.sol";
import {Valuation} from "./Valuation.sol";
import {VolDrift} from "./VolDrift.sol";

/// @title How fast references follow what is posted
/// @notice The cost of a move is what it could cost the pool: where prices rise, what the options that people hold gain by it;
/// where vol falls, what the whole vega capacity would be sold or left for too cheaply. Moves that only rise go first,
/// all in the same proportion; others get what lies above a half of the budget, of which the rest is left to buyers.
/// @dev Deployed by itself and linked, as RiskEngine is.
library SurfaceEngine {
    using SurfaceBudget for SurfaceBudget.State;
    using Treasury for Treasury.State;

    struct Move {
        uint256 expiry;
        uint256 cost;
        bool falls;
    }

    /// @notice Moves the references of all open expiries as far as time and the budget allow. @param spot Live price, WAD.
    function follow(
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        IVolSurface surface,
        uint256 spot
    ) external {
        uint256 nav = treasury.epochNav(risk.limits.vegaCapacityBps);
        (Move[] memory moves, uint256 count) = _moves(risk, treasury, surface, spot);
        if (count == 0) return;
        (uint256 rising, uint256 falling) = _totals(moves, count);
        uint256 available = risk.surfaceBudget.available(nav);
        uint256 half = risk.surfaceBudget.whole(nav) / 2;
        uint256 forRises = rising < available ? rising : available;
        uint256 left = available - forRises;
        uint256 forFalls = left <= half ? 0 : left - half;
        if (falling < forFalls) forFalls = falling;

        uint256[] memory expiries = new uint256[](count);
        uint256[] memory portions = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            expiries[i] = moves[i].expiry;
            portions[i] = moves[i].falls ? _portion(forFalls, falling) : _portion(forRises, rising);
        }
        surface.advance(expiries, portions);
        risk.surfaceBudget.consume(forRises + forFalls, nav);
    }

    /// @notice The book's value at `spot` with references for slices, WAD USDC.
    /// @return value Of the book.
    /// @return lags Whether any is not what is posted.
    /// @return frozen Whether a guardian has frozen what is posted of any.
    function valueAtReferences(
        RiskEngine.State storage risk,
        IVolSurface surface,
        uint256 spot
    ) external view returns (int256 value, bool lags, bool frozen) {
        uint256 count = risk.book.expiries.length;
        Slice[] memory slices = new Slice[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 expiry = risk.book.expiries[i];
            if (block.timestamp >= expiry) continue;
            IVolSurface.Quoted memory q = surface.quoted(expiry);
            (lags, frozen) = (lags || q.lags, frozen || q.frozen);
            slices[i] = q.lags ? q.anchor : q.posted;
        }
        if (lags) value = MarkedBook.greeks(risk.book, slices, spot, 0).value;
    }

    function _moves(
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        IVolSurface surface,
        uint256 spot
    ) private view returns (Move[] memory moves, uint256 count) {
        uint256 length = risk.book.expiries.length;
        moves = new Move[](length);
        for (uint256 i = 0; i < length; ++i) {
            uint256 expiry = risk.book.expiries[i];
            if (block.timestamp >= expiry || !surface.quoted(expiry).lags) continue;
            (Slice memory from, Slice memory to) = surface.moveOf(expiry);
            Move memory m = moves[count++];
            m.expiry = expiry;
            Valuation.Tenor memory before = Valuation.tenor(expiry, from, spot);
            m.cost = _gainOfHolders(risk.book.byExpiry[expiry], before, Valuation.tenor(expiry, to, spot), spot);
            (, uint256 drop) = VolDrift.changeBetween(from, to, expiry - block.timestamp);
            if (drop == 0) continue;
            m.falls = true;
            m.cost += (treasury.vegaCapacity() * drop) / before.vegaWeight;
        }
    }

    /// @dev What the options that people hold are worth more afterwards, series by series, WAD USDC, rounded up.
    function _gainOfHolders(
        Book.ExpiryBook storage book,
        Valuation.Tenor memory before,
        Valuation.Tenor memory afterwards,
        uint256 spot
    ) private view returns (uint256 gain) {
        uint256 listed = book.totals.listed;
        for (uint256 i = 0; i < listed; ++i) {
            Book.Series memory s = book.series[i];
            if (s.quantity == 0) continue;
            uint256 lower = Valuation.valueAt(before, s.strike, s.isCall, spot);
            uint256 higher = Valuation.valueAt(afterwards, s.strike, s.isCall, spot);
            if (higher > lower) gain += (uint256(-int256(s.quantity)) * (higher - lower)) / WAD + 1;
        }
    }

    function _totals(Move[] memory moves, uint256 count) private pure returns (uint256 rising, uint256 falling) {
        for (uint256 i = 0; i < count; ++i) {
            if (moves[i].falls) falling += moves[i].cost;
            else rising += moves[i].cost;
        }
    }

    function _portion(uint256 part, uint256 whole) private pure returns (uint256) {
        return part >= whole ? WAD : (part * WAD) / whole;
    }
}
