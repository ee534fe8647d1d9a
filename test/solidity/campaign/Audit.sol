// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {Leg, Mark, Slice, VaultLimits} from "../../../contracts/interfaces/Types.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {StressGrid} from "../../../contracts/libraries/StressGrid.sol";
import {Valuation} from "../../../contracts/libraries/Valuation.sol";
import {Stage} from "./Stage.sol";

/// @notice Works out anew what the vault has stored, from what people hold and not from the vault's own book.
abstract contract Audit is Stage {
    /// @dev Sums over series, as products of two WADs.
    struct Sums {
        int256 value;
        int256 delta;
        int256 gamma;
        int256 weightedVega;
        int256 grossVega;
        int256[12] stress;
    }

    /// @dev The vault around a trade that opens: the worst scenario of book, hedge and cash, WAD.
    function _worst() internal view returns (int256) {
        (int256[12] memory navs, uint256 worst) = vault.stress();
        return navs[worst];
    }

    function _netCash() internal view returns (int256) {
        return (int256(vault.cash()) - int256(vault.owed())) * USDC_UNIT;
    }

    /// @dev The rules of capital after a trade that opened something, worked out from views and holdings.
    function _checkRules(int256 worstBefore, Leg[] memory legs) internal view {
        (int256[12] memory navs, uint256 worst) = vault.stress();
        int256 nav = vault.nav();
        VaultLimits memory l = vault.limits();
        // Stored scenarios are rounded down, by less than a cent.
        if (navs[worst] + CENT < worstBefore) {
            require(
                navs[worst] + CENT >= (nav * int256(uint256(l.reserveBps))) / int256(BPS),
                "the worst scenario eats the reserve"
            );
            _requireCovered();
        }
        (Mark memory m, ) = vault.currentMark();
        for (uint256 i = 0; i < legs.length; ++i) {
            if (legs[i].quantity < 0) continue;
            (uint256 expiry, , ) = SeriesId.decode(legs[i].id);
            uint256 notional = (market.totalSupply(legs[i].id) * m.spot) / WAD;
            require(notional <= (uint256(nav) * l.seriesCapBps) / BPS, "the series is above its cap");
            notional = (uint256(vault.expiryOf(expiry).contracts) * m.spot) / WAD;
            require(notional <= (uint256(nav) * l.expiryCapBps) / BPS, "the expiry is above its cap");
        }
    }

    /// @dev Spot goes to a quarter, to threefold or anywhere between, at once, and everything expires there: all are paid.
    /// A book of short options is concave in spot, so that its ends would do.
    function _requireCovered() internal view {
        (Mark memory m, ) = vault.currentMark();
        (int256 base, int256 quote) = hedge.position();
        int256 assets = _netCash() + quote;
        uint256[5] memory factors = [uint256(0.25e18), 0.6e18, 1e18, 1.7e18, 3e18];
        for (uint256 i = 0; i < factors.length; ++i) {
            uint256 spot = (uint256(m.spot) * factors[i]) / WAD;
            int256 left = assets + (base * int256(spot)) / int256(WAD) - int256(_payoffs(spot));
            require(left > 0, "holders could not be paid after one move");
        }
    }

    /// @dev What all holders of what has not settled could ask for at `spot`, WAD.
    function _payoffs(uint256 spot) private view returns (uint256 sum) {
        for (uint256 i = listings.length; i > 0; --i) {
            Listing storage l = listings[i - 1];
            if (vault.settlementPriceOf(l.expiry) != 0) continue;
            for (uint256 j = 0; j < l.ids.length; ++j) {
                (, uint256 strike, bool isCall) = SeriesId.decode(l.ids[j]);
                sum += (market.totalSupply(l.ids[j]) * SeriesId.payoff(strike, isCall, spot)) / WAD;
            }
            if (listings.length - i > 12) break; // older ones have settled, or nobody trades
        }
    }

    /// @dev Right after a mark: every stored sum, to the wei.
    function _requireMarkIsExact() internal view {
        _requireHedgeIsKnown();
        (Mark memory m, bool fresh) = vault.currentMark();
        require(fresh && m.time == time && m.spot == price, "the mark is not of now");
        Sums memory s;
        for (uint256 i = 0; i < listings.length; ++i) {
            if (vault.settlementPriceOf(listings[i].expiry) == 0) _addExpiry(s, listings[i], m.spot);
        }
        require(m.value == _floor(s.value) && m.delta == _floor(s.delta), "value or delta is not the sum");
        require(m.gamma == _floor(s.gamma), "gamma is not the sum");
        require(m.weightedVega == _floor(s.weightedVega), "weighted vega is not the sum");
        require(m.grossVega == uint256(s.grossVega + 1e30 - 1) / 1e30, "gross vega is not the sum");
        (int256 base, int256 quote) = hedge.position();
        int256[12] memory exact = StressGrid.totals(s.stress, base, m.spot, _netCash() + quote);
        (int256[12] memory stored, ) = vault.stress();
        _requireNear(exact, stored, CENT);
    }

    /// @dev The vault need not ask the desk, and is right all the same.
    function _requireHedgeIsKnown() private view {
        (int256 base, int256 quote) = hedge.position();
        IOptionVault.Exposure memory e = vault.exposure();
        require(e.base == base && e.quote == quote, "the vault does not know its hedge");
    }

    /// @dev A trade just after a mark has added to it what another mark would find, within rounding.
    function _requireTradeAddedUp() internal {
        (Mark memory a, ) = vault.currentMark();
        (int256[12] memory before, ) = vault.stress();
        vault.mark();
        (Mark memory b, ) = vault.currentMark();
        (int256[12] memory afterwards, ) = vault.stress();
        require(_near(a.value, b.value) && _near(a.delta, b.delta), "value or delta has drifted");
        require(_near(a.gamma, b.gamma) && _near(a.weightedVega, b.weightedVega), "gamma or vega has drifted");
        require(difference(a.grossVega, b.grossVega) <= 2, "gross vega has drifted");
        // The sums of a trade are rounded by less than a cent, and so is each mark.
        _requireNear(before, afterwards, 3 * CENT);
        ++done["trade added up"];
    }

    function _addExpiry(Sums memory s, Listing storage l, uint256 spot) private view {
        bool isOver = time >= l.expiry;
        Valuation.Tenor memory t;
        uint256[12] memory grid = StressGrid.scenarios();
        for (uint256 i = 0; i < l.ids.length; ++i) {
            int256 quantity = 0;
            for (uint256 j = 0; j < holders.length; ++j) quantity -= int256(market.balanceOf(holders[j], l.ids[i]));
            if (quantity == 0) continue;
            (uint256 expiry, uint256 strike, bool isCall) = SeriesId.decode(l.ids[i]);
            if (!isOver && t.forward == 0) {
                (Slice memory slice, ) = surface.sliceOf(expiry);
                t = Valuation.tenor(expiry, slice, spot);
            }
            Valuation.Greeks memory g =
                isOver ? Valuation.intrinsicOf(strike, isCall, spot) : Valuation.greeksOf(t, strike, isCall);
            s.value += quantity * int256(g.value);
            s.delta += quantity * g.delta;
            s.gamma += quantity * int256(g.gamma);
            int256 vega = quantity * int256(g.vega);
            s.weightedVega += (vega / int256(WAD)) * int256(t.vegaWeight);
            s.grossVega -= vega;
            if (isOver) StressGrid.addExpired(s.stress, grid, spot, strike, isCall, quantity);
            else StressGrid.add(s.stress, grid, Valuation.Position(strike, isCall, quantity, t, g));
        }
    }

    function _floor(int256 sum) private pure returns (int256 quotient) {
        quotient = sum / int256(WAD);
        if (sum % int256(WAD) < 0) --quotient;
    }

    /// @dev Vega is rounded to a wei per leg before it is weighted, with 5.5 at most.
    function _near(int256 a, int256 b) private pure returns (bool) {
        return a - b <= 16 && b - a <= 16;
    }

    function _requireNear(int256[12] memory a, int256[12] memory b, int256 most) private pure {
        for (uint256 i = 0; i < 12; ++i) {
            require(a[i] - b[i] <= most && b[i] - a[i] <= most, "a stress scenario is not the sum");
        }
    }
}
