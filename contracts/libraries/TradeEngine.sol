// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {IVolSurface} from "../interfaces/IVolSurface.sol";
import {Book} from "./Book.sol";
import {Capital} from "./Capital.sol";
import {MarkedBook} from "./MarkedBook.sol";
import {Quoting} from "./Quoting.sol";
import {RiskEngine} from "./RiskEngine.sol";
import {RiskLimits} from "./RiskLimits.sol";
import {SeriesId} from "./SeriesId.sol";
import {SCENARIOS, StressGrid} from "./StressGrid.sol";
import {SurfaceBudget} from "./SurfaceBudget.sol";
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
    using SurfaceBudget for SurfaceBudget.State;
    using TradedDelta for TradedDelta.State;
    using Treasury for Treasury.Accounts;
    using Treasury for Treasury.State;

    /// @dev A trade while it is made. `mark`, `sums` and `assets` start as those before the trade and become those after
    /// it. Both functions below write it out: returned by a third, it would cost a thousand gas of cleared memory.
    /// @param places Short contracts of each leg's series and expiry after the trade.
    struct Deal {
        IPriceOracle.Reading reading;
        MarkedBook.Mark mark;
        MarkedBook.Sums sums;
        RiskEngine.Assets assets;
        uint256 vegaCapacity;
        int256 vegaBefore;
        int256 gammaBefore;
        int256 cashBefore;
        int256 navBefore;
        int256 nav;
        RiskLimits.Limits limits;
        Book.Place[] places;
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
        Treasury.Accounts memory accounts = treasury.accounts;
        RiskEngine.Assets memory assets = _assets(treasury, accounts, m);
        Deal memory d = Deal(
            reading,
            m,
            MarkedBook.Sums(0, 0, 0, 0, 0, risk.stress.load(), StressGrid.scenarios()),
            assets,
            treasury.vegaCapacity(),
            m.weightedVega,
            m.gamma,
            assets.cash,
            RiskEngine.navOf(m, assets),
            0,
            RiskLimits.ofTrades(risk.limits),
            new Book.Place[](legs.length)
        );
        Quoting.Market memory market = Quoting.Market(terms, reading, m.spot, surface);
        Quoting.Tally memory t;
        MarkedBook.Sums memory without = Quoting.price(t, d.sums, legs, market);
        for (uint256 i = 0; i < legs.length; ++i) {
            (d.places[i].open, d.places[i].inExpiry) = risk.book.take(legs[i]);
        }
        int256 deltaBefore = m.delta;
        if (t.opens) _bind(d, q, t, without, risk.limits, legs);
        _allow(t, risk, treasury);
        _quote(d, q, t, market);
        if (t.allowed > 0) risk.surfaceBudget.consume(t.allowed, treasury.epochNav(d.limits.vegaCapacityBps));
        risk.traded.note(m.delta - deltaBefore, m.spot, q.hedging);
        insured = _pay(d, q, accounts, risk.limits, treasury);
        treasury.accounts.save(accounts);
        if (t.opens) _requireLimits(d, risk, treasury, surface, legs);
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
        Treasury.Accounts memory accounts = treasury.accounts;
        RiskEngine.Assets memory assets = _assets(treasury, accounts, m);
        Deal memory d = Deal(
            reading,
            m,
            MarkedBook.Sums(0, 0, 0, 0, 0, stress, StressGrid.scenarios()),
            assets,
            treasury.vegaCapacity(),
            m.weightedVega,
            m.gamma,
            assets.cash,
            RiskEngine.navOf(m, assets),
            0,
            RiskLimits.ofTrades(risk.limits),
            new Book.Place[](legs.length)
        );
        Quoting.Market memory market = Quoting.Market(terms, reading, m.spot, surface);
        Quoting.Tally memory t;
        MarkedBook.Sums memory without = Quoting.price(t, d.sums, legs, market);
        for (uint256 i = 0; i < legs.length; ++i) d.places[i] = _afterLegs(risk.book, legs, i);
        if (t.opens) _bind(d, q, t, without, risk.limits, legs);
        _allow(t, risk, treasury);
        _quote(d, q, t, market);
        _pay(d, q, accounts, risk.limits, treasury);
        if (t.opens) _requireLimits(d, risk, treasury, surface, legs);
        e = IOptionVault.Exposure(m, reading.spot, assets.base, assets.quote, d.nav, d.vegaCapacity);
    }

    function _assets(
        Treasury.State storage treasury,
        Treasury.Accounts memory accounts,
        MarkedBook.Mark memory m
    ) private view returns (RiskEngine.Assets memory assets) {
        assets.cash = accounts.netCash();
        (assets.base, assets.quote) = treasury.hedgeOf(m.inventory);
    }

    /// @dev Prices the trade, and adds it to the mark, in place.
    function _quote(
        Deal memory d,
        Quoting.Quote memory q,
        Quoting.Tally memory t,
        Quoting.Market memory market
    ) private pure {
        MarkedBook.Mark memory m = d.mark;
        Quoting.quote(q, t, market, m.delta + d.assets.base, d.vegaBefore, d.vegaCapacity);
        MarkedBook.add(m, d.sums);
        uint256 freed = Math.saturatingSub(SignedMath.abs(d.vegaBefore), SignedMath.abs(m.weightedVega));
        if (freed > 0) m.vegaAdded = uint32(RiskLimits.freeVegaWindow(m.vegaAdded, freed));
    }

    /// @dev What buyers would pay beyond the posted surface, the budget for posts pays, as far as it goes.
    function _allow(
        Quoting.Tally memory t,
        RiskEngine.State storage risk,
        Treasury.State storage treasury
    ) private view {
        if (t.dearer == 0) return;
        uint256 nav = treasury.epochNav(risk.limits.vegaCapacityBps);
        t.allowed = Math.min(t.dearer, risk.surfaceBudget.available(nav));
    }

    /// @dev What LPs charge for the capital that is bound, for as long as what is bought lasts, and an epoch at least: whoever
    /// sells back right after LPs could not leave has paid for the epoch that they wait.
    /// @param limits Of which an ordinary trade does not read the second slot.
    function _bind(
        Deal memory d,
        Quoting.Quote memory q,
        Quoting.Tally memory t,
        MarkedBook.Sums memory without,
        RiskLimits.Limits storage limits,
        Book.Leg[] calldata legs
    ) private view {
        (uint256 rise, uint256 unhedged) = Capital.risenBy(
            d.limits,
            d.mark,
            without,
            d.sums,
            d.assets.base,
            Capital.navOf(d.limits, d.vegaCapacity, d.navBefore),
            legs,
            d.places
        );
        if (rise == 0 && unhedged == 0) return;
        (uint256 rate, uint256 epoch) = (limits.capitalRateBps, limits.epochLength);
        q.capital = Capital.price(rise, rate, Math.max(epoch, t.longest));
        t.leastForEpoch = Capital.price(unhedged, rate, epoch);
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
    function _requireLimits(
        Deal memory d,
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        IVolSurface surface,
        Book.Leg[] calldata legs
    ) private view {
        _requireOpen(treasury, d.nav);
        MarkedBook.Mark memory m = d.mark;
        RiskLimits.Limits memory limits = d.limits;
        for (uint256 i = 0; i < legs.length; ++i) {
            if (legs[i].quantity < 0) continue;
            // By NAV as it was: what a trade is charged makes no room for it.
            limits.requireCaps(d.navBefore, m.spot, legs[i].id, d.places[i].open, d.places[i].inExpiry);
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

    /// @dev The reserve is left in the worst scenario, or no less than before, cash counted. Losses are compared unrounded: a rule
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
        if (left < StressGrid.scaled(before) + d.cashBefore + assets.quote) {
            revert RiskLimits.StressLossTooLarge(scenario, left, reserve);
        }
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
