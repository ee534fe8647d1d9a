// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {IVolSurface} from "../interfaces/IVolSurface.sol";
import {Leg, Mark, PackedPricing, Quote, TradedFlow} from "../interfaces/Types.sol";
import {Book} from "./Book.sol";
import {MarkedBook} from "./MarkedBook.sol";
import {Quoting} from "./Quoting.sol";
import {RiskEngine} from "./RiskEngine.sol";
import {RiskLimits} from "./RiskLimits.sol";
import {StressGrid} from "./StressGrid.sol";
import {SurfaceBudget} from "./SurfaceBudget.sol";
import {TradeSteps} from "./TradeSteps.sol";
import {TradedDelta} from "./TradedDelta.sol";
import {Treasury} from "./Treasury.sol";

/// @title A trade from price to books, in one pass
/// @notice Re-marks the pool's book if its mark is stale, prices the trade from it, and enters positions, mark, scenarios and
/// cash, within the limits. A sale needs no scenarios: it makes none, and adds to them only where the mark has them.
/// @dev Deployed by itself and linked, as RiskEngine is.
library TradeEngine {
    using Book for Book.State;
    using MarkedBook for Mark;
    using StressGrid for StressGrid.State;
    using SurfaceBudget for SurfaceBudget.State;
    using TradedDelta for TradedFlow;
    using Treasury for Treasury.Accounts;
    using Treasury for Treasury.State;

    /// @notice Makes a trade. See IOptionVault.bookTrade.
    function trade(
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        IPriceOracle oracle,
        IVolSurface surface,
        Leg[] calldata legs,
        PackedPricing calldata terms,
        bool mayOwe
    ) external returns (Quote memory q, uint256 insured, uint256 unpaid) {
        IPriceOracle.Reading memory reading = oracle.read();
        Mark memory m = _freshMark(risk, surface, reading.spot, TradeSteps.increasesRisk(legs));
        Treasury.Accounts memory accounts = treasury.accounts;
        RiskEngine.Assets memory assets = TradeSteps.assetsOf(treasury, accounts, m);
        MarkedBook.Sums memory sums;
        if (m.hasScenarios) (sums.stress, sums.grid) = (risk.stress.load(), StressGrid.scenarios());
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
        for (uint256 i = 0; i < legs.length; ++i) {
            (d.openInterest[i].open, d.openInterest[i].inExpiry) = risk.book.take(legs[i]);
        }
        TradedFlow memory lately = risk.traded;
        if (t.increasesRisk) TradeSteps.bind(d, q, t, without, risk.limits, legs);
        TradeSteps.allow(t, risk, treasury);
        TradeSteps.quote(d, q, t, market, lately);
        if (t.allowed > 0) risk.surfaceBudget.consume(t.allowed, treasury.epochNav(d.limits.vegaCapacityBps));
        risk.traded.store(lately);
        (insured, unpaid) = TradeSteps.pay(d, q, accounts, risk.limits, treasury, mayOwe && !t.increasesRisk);
        treasury.accounts.save(accounts);
        if (t.increasesRisk) TradeSteps.requireLimits(d, risk, treasury, surface, legs);
        risk.mark.storeTraded(m);
        if (m.hasScenarios) risk.stress.store(sums.stress);
    }

    /// @dev The stored mark, or a new one, with scenarios for whoever opens anything.
    function _freshMark(
        RiskEngine.State storage risk,
        IVolSurface surface,
        uint256 spot,
        bool increasesRisk
    ) private returns (Mark memory m) {
        m = risk.mark;
        if (RiskEngine.isFresh(risk.limits, m, surface, spot) && (m.hasScenarios || !increasesRisk)) return m;
        return increasesRisk ? RiskEngine.remark(risk, surface, spot) : RiskEngine.remarkGreeks(risk, surface, spot);
    }
}
