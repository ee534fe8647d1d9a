// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {IVolSurface} from "../interfaces/IVolSurface.sol";
import {Leg, Mark, Quote, TradedFlow, VaultLimits} from "../interfaces/Types.sol";
import {Book} from "./Book.sol";
import {Capital} from "./Capital.sol";
import {MarkedBook} from "./MarkedBook.sol";
import {Quoting} from "./Quoting.sol";
import {RiskEngine} from "./RiskEngine.sol";
import {RiskLimits} from "./RiskLimits.sol";
import {SCENARIOS, StressGrid} from "./StressGrid.sol";
import {SurfaceBudget} from "./SurfaceBudget.sol";
import {TradedDelta} from "./TradedDelta.sol";
import {Treasury} from "./Treasury.sol";
import {USDC_UNIT} from "./Units.sol";

/// @title The steps of a trade, from price to limits
/// @notice What TradeEngine does and TradePreview foresees, in their order: nothing that a price is made of could differ from what
/// is booked.
library TradeSteps {
    using MarkedBook for Mark;
    using RiskLimits for VaultLimits;
    using SafeCast for uint256;
    using SurfaceBudget for SurfaceBudget.State;
    using TradedDelta for TradedFlow;
    using Treasury for Treasury.Accounts;
    using Treasury for Treasury.State;

    /// @notice A trade while it is made. `mark`, `sums` and `assets` start as those before the trade and become those after
    /// it. Whoever makes one writes it out: returned by a function, it would cost a thousand gas of cleared memory.
    /// @param openInterest Short contracts of each leg's series and expiry after the trade.
    struct TradeContext {
        IPriceOracle.Reading reading;
        Mark mark;
        MarkedBook.Sums sums;
        RiskEngine.Assets assets;
        uint256 vegaCapacity;
        int256 vegaBefore;
        int256 gammaBefore;
        int256 cashBefore;
        int256 navBefore;
        int256 nav;
        VaultLimits limits;
        Book.OpenInterest[] openInterest;
    }

    /// @notice Whether any leg is bought from the pool: such a trade is priced and held to limits by scenarios, too.
    function increasesRisk(Leg[] calldata legs) internal pure returns (bool) {
        for (uint256 i = 0; i < legs.length; ++i) if (legs[i].quantity > 0) return true;
        return false;
    }

    /// @notice All that the pool has besides its book, before the trade.
    function assetsOf(
        Treasury.State storage treasury,
        Treasury.Accounts memory accounts,
        Mark memory m
    ) internal view returns (RiskEngine.Assets memory assets) {
        assets.cash = accounts.netCash();
        (assets.base, assets.quote) = treasury.hedgeOf(m.inventory);
    }

    /// @notice Prices the trade, and adds it to the mark, in place. @param lately What was traded before it, and then with it.
    function quote(
        TradeContext memory d,
        Quote memory q,
        Quoting.LegTotals memory t,
        Quoting.Market memory market,
        TradedFlow memory lately
    ) internal view {
        Mark memory m = d.mark;
        int256 deltaBefore = m.delta;
        t.impact = lately.impact(t.delta, m.spot, Capital.navOf(d.limits, d.vegaCapacity, d.navBefore));
        Quoting.quote(q, t, market, m.delta + d.assets.base, d.vegaBefore, d.vegaCapacity);
        MarkedBook.add(m, d.sums);
        uint256 freed = Math.saturatingSub(SignedMath.abs(d.vegaBefore), SignedMath.abs(m.weightedVega));
        if (freed > 0) m.vegaAdded = uint32(RiskLimits.freeVegaWindow(m.vegaAdded, freed));
        lately.add(m.delta - deltaBefore, m.gamma - d.gammaBefore, m.spot, q.hedging - t.impact);
    }

    /// @notice What buyers would pay beyond the posted surface, the budget for posts pays, as far as it goes.
    function allow(
        Quoting.LegTotals memory t,
        RiskEngine.State storage risk,
        Treasury.State storage treasury
    ) internal view {
        if (t.dearer == 0) return;
        uint256 nav = treasury.epochNav(risk.limits.vegaCapacityBps);
        t.allowed = Math.min(t.dearer, risk.surfaceBudget.available(nav));
    }

    /// @notice What LPs charge for the capital that is bound, for as long as what is bought lasts, and an epoch at least: whoever
    /// sells back right after LPs could not leave has paid for the epoch that they wait.
    /// @param limits Of which an ordinary trade does not read the second slot.
    function bind(
        TradeContext memory d,
        Quote memory q,
        Quoting.LegTotals memory t,
        MarkedBook.Sums memory without,
        VaultLimits storage limits,
        Leg[] calldata legs
    ) internal view {
        (uint256 rise, uint256 unhedged) = Capital.risenBy(
            d.limits,
            d.mark,
            without,
            d.sums,
            d.assets.base,
            Capital.navOf(d.limits, d.vegaCapacity, d.navBefore),
            legs,
            d.openInterest
        );
        if (rise == 0 && unhedged == 0) return;
        (uint256 rate, uint256 epoch) = (limits.capitalRateBps, limits.epochLength);
        q.capital = Capital.price(rise, rate, Math.max(epoch, t.longest));
        t.leastForEpoch = Capital.price(unhedged, rate, epoch);
    }

    /// @notice Adds the trade's cash to accounts and assets, in place. @param mayOwe Whether proceeds may be owed.
    function pay(
        TradeContext memory d,
        Quote memory q,
        Treasury.Accounts memory accounts,
        VaultLimits storage limits,
        Treasury.State storage treasury,
        bool mayOwe
    ) internal view returns (uint256 insured, uint256 unpaid) {
        // Under water nobody's claim comes before the others'.
        bool canOwe = mayOwe && d.navBefore > 0;
        (insured, unpaid) = accounts.enterTrade(treasury.gate, q.total, q.fees / USDC_UNIT, limits, canOwe);
        d.assets.cash = accounts.netCash();
        d.nav = RiskEngine.navOf(d.mark, d.assets);
    }

    /// @notice Holds a trade in which the vault sells anything to the limits, and enters its vega into the mark's window.
    function requireLimits(
        TradeContext memory d,
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        IVolSurface surface,
        Leg[] calldata legs
    ) internal view {
        _requireTradingAllowed(treasury, d.nav);
        Mark memory m = d.mark;
        VaultLimits memory limits = d.limits;
        for (uint256 i = 0; i < legs.length; ++i) {
            if (legs[i].quantity < 0) continue;
            // By NAV as it was: what a trade is charged makes no room for it.
            limits.requireCaps(d.navBefore, m.spot, legs[i].id, d.openInterest[i].open, d.openInterest[i].inExpiry);
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
    function _requireTradingAllowed(Treasury.State storage treasury, int256 nav) private view {
        if (treasury.gate.paused) revert IOptionVault.OpeningPaused();
        int256 floor = treasury.floor();
        if (nav < floor) revert IOptionVault.DrawdownTooLarge(nav, floor);
    }

    /// @dev The reserve is left in the worst scenario, or no less than before, cash counted. Losses are compared unrounded: a rule
    /// that binds a loss binds the smallest.
    function _requireReserve(
        TradeContext memory d,
        VaultLimits memory limits,
        RiskEngine.State storage risk,
        IVolSurface surface
    ) private view {
        RiskEngine.Assets memory assets = d.assets;
        (int256 worst, uint256 scenario) = StressGrid.worst(d.sums.stress, d.sums.grid, assets.base, d.mark.spot);
        int256 left = StressGrid.scaled(worst) + assets.cash + assets.quote;
        int256 reserve = limits.reserveOf(d.nav);
        if (left >= reserve) return;
        // Rare, so it is asked for again. The mark is fresh by now, or this is a preview: these are the scenarios before the trade.
        (, int256[SCENARIOS] memory stress) = RiskEngine.markAt(risk, surface, d.reading.spot);
        (int256 before, ) = StressGrid.worst(stress, d.sums.grid, assets.base, d.mark.spot);
        if (left < StressGrid.scaled(before) + d.cashBefore + assets.quote) {
            revert RiskLimits.StressLossTooLarge(scenario, left, reserve);
        }
    }
}
