// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {Leg, Mark, PackedPricing, Quote, VaultLimits} from "../interfaces/Types.sol";
import {Book} from "./Book.sol";
import {Capital} from "./Capital.sol";
import {MarkedBook} from "./MarkedBook.sol";
import {Quoting} from "./Quoting.sol";
import {RiskEngine} from "./RiskEngine.sol";
import {SeriesId} from "./SeriesId.sol";
import {SCENARIOS, StressGrid} from "./StressGrid.sol";
import {TradedDelta} from "./TradedDelta.sol";
import {TradeSteps} from "./TradeSteps.sol";

/// @title What trades would cost at one moment that the caller knows
/// @notice Prices legs as TradeEngine does, from views alone. Deployed by itself and linked: the market has no room for it.
library QuoteEngine {
    /// @notice See IOptionMarket.quoteAt. @param limits The vault's: who prices many trades reads them once.
    function quoteAt(
        IOptionVault vault,
        VaultLimits calldata limits,
        Leg[] calldata legs,
        PackedPricing calldata terms,
        IPriceOracle.Reading calldata reading,
        IOptionVault.Exposure calldata e,
        int256[SCENARIOS] calldata navs
    ) external view returns (Quote memory q) {
        Mark memory m = e.mark;
        Quoting.Market memory market = Quoting.Market(terms, reading, m.spot, vault.surface());
        Quoting.LegTotals memory t;
        MarkedBook.Sums memory sums;
        if (TradeSteps.increasesRisk(legs)) {
            int256 cash = e.nav - RiskEngine.navOf(m, RiskEngine.Assets(0, e.base, 0)); // neither book nor underlying
            sums.stress = StressGrid.fromTotals(navs, e.base, m.spot, cash);
            sums.grid = StressGrid.scenarios();
        }
        // A sale binds nothing: without a grid, its scenarios are not worked out.
        MarkedBook.Sums memory without = Quoting.price(t, sums, legs, market);
        if (t.increasesRisk) {
            VaultLimits memory rules = limits;
            (uint256 rise, uint256 unhedged) = Capital.risenBy(
                rules,
                m,
                without,
                sums,
                e.base,
                Capital.navOf(rules, e.vegaCapacity, e.nav),
                legs,
                _openInterest(vault, legs)
            );
            q.capital = Capital.price(rise, rules.capitalRateBps, Math.max(rules.epochLength, t.longest));
            t.leastForEpoch = Capital.price(unhedged, rules.capitalRateBps, rules.epochLength);
        }
        if (t.dearer > 0) t.allowed = Math.min(t.dearer, vault.surfaceAllowance());
        t.impact = TradedDelta.impact(e.traded, t.delta, m.spot, Capital.navOf(limits, e.vegaCapacity, e.nav));
        Quoting.quote(q, t, market, m.delta + e.base, m.weightedVega, e.vegaCapacity);
    }

    /// @dev Short contracts of each leg's series and expiry after it, of others in the trade apart.
    function _openInterest(
        IOptionVault vault,
        Leg[] calldata legs
    ) private view returns (Book.OpenInterest[] memory openInterest) {
        openInterest = new Book.OpenInterest[](legs.length);
        for (uint256 i = 0; i < legs.length; ++i) {
            (uint256 id, int256 quantity) = (legs[i].id, legs[i].quantity);
            if (quantity <= 0) continue;
            openInterest[i].open = SignedMath.abs(vault.positionOf(id)) + uint256(quantity);
            openInterest[i].inExpiry = vault.expiryOf(SeriesId.expiryOf(id)).contracts + uint256(quantity);
        }
    }
}
