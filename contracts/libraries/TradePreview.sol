// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {IVolSurface} from "../interfaces/IVolSurface.sol";
import {ExpiryTotals, Leg, Mark, PackedPricing, Quote, TradedFlow} from "../interfaces/Types.sol";
import {Book} from "./Book.sol";
import {MarkedBook} from "./MarkedBook.sol";
import {Quoting} from "./Quoting.sol";
import {RiskEngine} from "./RiskEngine.sol";
import {RiskLimits} from "./RiskLimits.sol";
import {SeriesId} from "./SeriesId.sol";
import {StressGrid} from "./StressGrid.sol";
import {TradeSteps} from "./TradeSteps.sol";
import {Treasury} from "./Treasury.sol";

/// @title What a trade would ask and leave behind
/// @dev Deployed by itself and linked, as RiskEngine is.
library TradePreview {
    using Book for Book.State;
    using SafeCast for uint256;
    using Treasury for Treasury.State;

    /// @notice What TradeEngine would do. Reverts as it would, but for StressTooLarge, for half a cent of the reserve where the mark
    /// is stale, as stored scenarios are rounded, and for cash that a sale would have to wait for.
    function previewTrade(
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        IPriceOracle oracle,
        IVolSurface surface,
        Leg[] calldata legs,
        PackedPricing calldata terms
    ) external view returns (Quote memory q, IOptionVault.Exposure memory e) {
        IPriceOracle.Reading memory reading = oracle.read();
        MarkedBook.Sums memory sums;
        Mark memory m;
        if (TradeSteps.increasesRisk(legs)) {
            (m, sums.stress) = RiskEngine.markAt(risk, surface, reading.spot);
            sums.grid = StressGrid.scenarios();
        } else {
            (m, ) = RiskEngine.greeksAt(risk, surface, reading.spot);
        }
        Treasury.Accounts memory accounts = treasury.accounts;
        RiskEngine.Assets memory assets = TradeSteps.assetsOf(treasury, accounts, m);
        TradeSteps.TradeContext memory d = TradeSteps.TradeContext(
            reading,
            m,
            sums,
            assets,
            treasury.vegaCapacity(),
            m.weightedVega,
            m.gamma,
            assets.cash,
            RiskEngine.navOf(m, assets),
            0,
            RiskLimits.ofTrades(risk.limits),
            new Book.OpenInterest[](legs.length)
        );
        Quoting.Market memory market = Quoting.Market(terms, reading, m.spot, surface);
        Quoting.LegTotals memory t;
        MarkedBook.Sums memory without = Quoting.price(t, sums, legs, market);
        for (uint256 i = 0; i < legs.length; ++i) d.openInterest[i] = _afterLegs(risk.book, legs, i);
        if (t.increasesRisk) TradeSteps.bind(d, q, t, without, risk.limits, legs);
        TradeSteps.allow(t, risk, treasury);
        TradedFlow memory lately = risk.traded;
        TradeSteps.quote(d, q, t, market, lately);
        TradeSteps.pay(d, q, accounts, risk.limits, treasury, !t.increasesRisk);
        if (t.increasesRisk) TradeSteps.requireLimits(d, risk, treasury, surface, legs);
        e = IOptionVault.Exposure(m, reading.spot, assets.base, assets.quote, d.nav, d.vegaCapacity, lately);
    }

    /// @dev Short contracts in the series and the expiry of leg `last` after it and those before it.
    function _afterLegs(
        Book.State storage book,
        Leg[] calldata legs,
        uint256 last
    ) private view returns (Book.OpenInterest memory) {
        uint256 expiry = SeriesId.expiryOf(legs[last].id);
        (Book.Series storage stored, ExpiryTotals storage totals) = book.find(legs[last].id);
        int256 series = -int256(stored.quantity);
        int256 total = int256(uint256(totals.contracts));
        for (uint256 i = 0; i <= last; ++i) {
            uint256 other = SeriesId.expiryOf(legs[i].id);
            if (legs[i].id == legs[last].id) series += legs[i].quantity;
            if (other == expiry) total += legs[i].quantity;
        }
        if (series < 0) revert Book.MoreThanOpen(legs[last].id, SignedMath.abs(legs[last].quantity));
        return Book.OpenInterest(uint256(series), uint256(total).toUint88());
    }
}
