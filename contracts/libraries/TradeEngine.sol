// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {IVolSurface} from "../interfaces/IVolSurface.sol";
import {Book} from "./Book.sol";
import {MarkedBook} from "./MarkedBook.sol";
import {Quoting} from "./Quoting.sol";
import {RiskEngine} from "./RiskEngine.sol";
import {RiskLimits} from "./RiskLimits.sol";
import {SeriesId} from "./SeriesId.sol";
import {SCENARIOS, StressGrid} from "./StressGrid.sol";
import {TradedDelta} from "./TradedDelta.sol";
import {Treasury} from "./Treasury.sol";

/// @title A trade from price to books, in one pass
/// @notice Re-marks the pool's book if its mark is stale, prices the trade from it, and enters positions, mark, scenarios and
/// cash, within the limits. Nothing that a price is made of is worked out twice, or could differ from what is booked.
/// @dev Deployed by itself and linked, as RiskEngine is.
library TradeEngine {
    using Book for Book.State;
    using MarkedBook for MarkedBook.Mark;
    using RiskLimits for RiskLimits.Limits;
    using SafeCast for uint256;
    using StressGrid for StressGrid.State;
    using TradedDelta for TradedDelta.State;
    using Treasury for Treasury.Accounts;
    using Treasury for Treasury.State;

    /// @dev A trade while it is made. `mark`, `sums`, `assets` and `nav` start as those before the trade and become those after
    /// it. Both functions below write it out: returned by a third, it would cost a thousand gas of cleared memory.
    struct Deal {
        IPriceOracle.Reading reading;
        MarkedBook.Mark mark;
        MarkedBook.Sums sums;
        RiskEngine.Assets assets;
        uint256 vegaCapacity;
        int256 vegaBefore;
        int256 gammaBefore;
        int256 nav;
    }

    uint256 private constant USDC_UNIT = 1e12;

    /// @notice Makes a trade. See IOptionVault.bookTrade.
    function trade(
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        IPriceOracle oracle,
        IVolSurface surface,
        Book.Leg[] calldata legs,
        Quoting.Terms calldata terms
    ) external returns (Quoting.Quote memory q, uint256 insured) {
        IPriceOracle.Reading memory reading = oracle.read();
        MarkedBook.Mark memory m = risk.mark;
        if (!RiskEngine.isFresh(risk.limits, m, surface, reading.spot)) {
            m = RiskEngine.remark(risk, surface, reading.spot);
        }
        (int256 base, int256 quote) = treasury.hedgeOf(m.inventory);
        Deal memory d = Deal(
            reading,
            m,
            MarkedBook.Sums(0, 0, 0, 0, 0, risk.stress.load(), StressGrid.scenarios()),
            RiskEngine.Assets(0, base, quote),
            treasury.vegaCapacity(),
            m.weightedVega,
            m.gamma,
            0
        );
        int256 deltaBefore = m.delta;
        bool opens = _price(d, q, surface, legs, terms);
        risk.traded.note(m.delta - deltaBefore, m.spot, q.hedging);
        Treasury.Accounts memory accounts = treasury.accounts;
        insured = _pay(d, q, accounts, risk.limits, treasury);
        treasury.accounts.save(accounts);
        if (opens) {
            // Only limits ask for places.
            Book.Place[] memory places = new Book.Place[](legs.length);
            for (uint256 i = 0; i < legs.length; ++i) {
                (places[i].open, places[i].inExpiry) = risk.book.take(legs[i]);
            }
            _requireLimits(d, risk, treasury, surface, legs, places);
        } else {
            for (uint256 i = 0; i < legs.length; ++i) risk.book.take(legs[i]);
        }
        risk.mark.storeTraded(m);
        risk.stress.store(d.sums.stress);
    }

    /// @notice What `trade` would ask and leave behind. Reverts as it would, but for StressTooLarge, and for half a cent of the
    /// reserve where the mark is stale: stored scenarios are rounded.
    function previewTrade(
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        IPriceOracle oracle,
        IVolSurface surface,
        Book.Leg[] calldata legs,
        Quoting.Terms calldata terms
    ) external view returns (Quoting.Quote memory q, IOptionVault.Exposure memory e) {
        IPriceOracle.Reading memory reading = oracle.read();
        (MarkedBook.Mark memory m, int256[SCENARIOS] memory stress, ) = RiskEngine.markAt(risk, surface, reading.spot);
        (int256 base, int256 quote) = treasury.hedgeOf(m.inventory);
        Deal memory d = Deal(
            reading,
            m,
            MarkedBook.Sums(0, 0, 0, 0, 0, stress, StressGrid.scenarios()),
            RiskEngine.Assets(0, base, quote),
            treasury.vegaCapacity(),
            m.weightedVega,
            m.gamma,
            0
        );
        bool opens = _price(d, q, surface, legs, terms);
        _pay(d, q, treasury.accounts, risk.limits, treasury);
        Book.Place[] memory places = new Book.Place[](legs.length);
        for (uint256 i = 0; i < legs.length; ++i) places[i] = _afterLegs(risk.book, legs, i);
        if (opens) _requireLimits(d, risk, treasury, surface, legs, places);
        e = IOptionVault.Exposure(m, reading.spot, base, quote, d.nav, d.vegaCapacity);
    }

    /// @dev Prices the trade, and adds it to mark and scenarios, in place.
    function _price(
        Deal memory d,
        Quoting.Quote memory q,
        IVolSurface surface,
        Book.Leg[] calldata legs,
        Quoting.Terms memory terms
    ) private view returns (bool opens) {
        MarkedBook.Mark memory m = d.mark;
        Quoting.Market memory market = Quoting.Market(terms, d.reading, m.spot, surface);
        Quoting.Tally memory t;
        Quoting.price(t, d.sums, legs, market);
        Quoting.quote(q, t, market, m.delta + d.assets.base, m.weightedVega, d.vegaCapacity);
        MarkedBook.add(m, d.sums);
        return t.opens;
    }

    /// @dev Adds the trade's cash to accounts and assets, in place.
    function _pay(
        Deal memory d,
        Quoting.Quote memory q,
        Treasury.Accounts memory accounts,
        RiskLimits.Limits storage limits,
        Treasury.State storage treasury
    ) private view returns (uint256 insured) {
        insured = accounts.enterTrade(treasury.gate, q.total, q.fees / USDC_UNIT, limits);
        d.assets.cash = accounts.netCash();
        d.nav = RiskEngine.navOf(d.mark, d.assets);
    }

    /// @dev Holds a trade in which the vault sells anything to the limits, and enters its vega into the mark's window.
    /// @param places Short contracts of each leg's series and expiry after the trade.
    function _requireLimits(
        Deal memory d,
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        IVolSurface surface,
        Book.Leg[] calldata legs,
        Book.Place[] memory places
    ) private view {
        _requireOpen(treasury, d.nav);
        MarkedBook.Mark memory m = d.mark;
        RiskLimits.Limits memory limits = RiskLimits.ofTrades(risk.limits);
        for (uint256 i = 0; i < legs.length; ++i) {
            if (legs[i].quantity < 0) continue;
            limits.requireCaps(d.nav, m.spot, legs[i].id, places[i].open, places[i].inExpiry);
        }
        uint256 added = limits.requireVega(d.nav, d.vegaBefore, m.weightedVega);
        if (added > 0) {
            uint256 used = limits.useVegaWindow(m.vegaAdded, m.vegaAddedAt, d.vegaCapacity, added);
            (m.vegaAdded, m.vegaAddedAt) = (used.toUint32(), uint32(block.timestamp));
        }
        limits.requireGamma(d.nav, m.spot, d.gammaBefore, m.gamma);
        _requireReserve(d, limits, risk, surface);
    }

    /// @dev Whether new risk may be taken on at all.
    function _requireOpen(Treasury.State storage treasury, int256 nav) private view {
        if (treasury.gate.paused) revert IOptionVault.OpeningPaused();
        int256 floor = treasury.floor();
        if (nav < floor) revert IOptionVault.DrawdownTooLarge(nav, floor);
    }

    /// @dev The reserve is left in the worst scenario, or that is no worse than before. Losses are compared unrounded: a rule
    /// that binds a loss binds the smallest.
    function _requireReserve(
        Deal memory d,
        RiskLimits.Limits memory limits,
        RiskEngine.State storage risk,
        IVolSurface surface
    ) private view {
        RiskEngine.Assets memory assets = d.assets;
        (int256 worst, uint256 scenario) = StressGrid.worst(d.sums.stress, d.sums.grid, assets.base, d.mark.spot);
        int256 left = StressGrid.scaled(worst) + assets.cash + assets.quote;
        int256 reserve = limits.reserveOf(d.nav);
        if (left >= reserve) return;
        // Rare, so it is asked for again. The mark is fresh by now, or this is a preview: these are the scenarios before the trade.
        (, int256[SCENARIOS] memory stress, ) = RiskEngine.markAt(risk, surface, d.reading.spot);
        (int256 before, ) = StressGrid.worst(stress, d.sums.grid, assets.base, d.mark.spot);
        if (worst < before) revert RiskLimits.StressLossTooLarge(scenario, left, reserve);
    }

    /// @dev Short contracts in the series and the expiry of leg `last` after it and those before it.
    function _afterLegs(
        Book.State storage book,
        Book.Leg[] calldata legs,
        uint256 last
    ) private view returns (Book.Place memory) {
        uint256 expiry = SeriesId.expiryOf(legs[last].id);
        (Book.Series storage stored, Book.Expiry storage totals) = book.find(legs[last].id);
        int256 series = -int256(stored.quantity);
        int256 total = int256(uint256(totals.contracts));
        for (uint256 i = 0; i <= last; ++i) {
            uint256 other = SeriesId.expiryOf(legs[i].id);
            if (legs[i].id == legs[last].id) series += legs[i].quantity;
            if (other == expiry) total += legs[i].quantity;
        }
        if (series < 0) revert Book.MoreThanOpen(legs[last].id, SignedMath.abs(legs[last].quantity));
        return Book.Place(uint256(series), uint256(total).toUint88());
    }
}
