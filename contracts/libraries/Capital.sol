// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Leg, Mark, VaultLimits} from "../interfaces/Types.sol";
import {Book} from "./Book.sol";
import {MarkedBook} from "./MarkedBook.sol";
import {RiskLimits} from "./RiskLimits.sol";
import {SCENARIOS, StressGrid} from "./StressGrid.sol";
import {BPS, INT_WAD, WAD, YEAR} from "./Units.sol";

/// @title How much of a pool's capital its book binds, and what whoever binds it pays
/// @notice Capital is bound when LPs could not take it out, or others could not buy options with it. The hedge counts as the
/// keeper makes it: the whole net delta at the mark's spot, so that what is bound depends on the book alone, not on
/// the order of trades and hedges. All in WAD USDC.
/// @dev The charge is a potential of what is bound, of which only the rises are paid: Φ(x) = max(0, 3x − whole). A third of the whole
/// is free; half of it costs the rate on that half, all of it the double rate. What a trade sells back is taken out
/// first and earns nothing, so that a charge for a day is not rolled into one for a year.
/// LPs' leave is judged by the hedge as it is. Whoever buys just before and sells right after, so that no hedge can follow, pays the
/// rate of an epoch too, as far as the trade's other charges are less: see Quoting.quote.
library Capital {
    using RiskLimits for VaultLimits;

    /// @dev Units of underlying, WAD, around a trade.
    struct Hedges {
        int256 before;
        int256 afterwards;
    }

    /// @dev Φ rises by so much per dollar beyond the share that is free, of which it is the inverse.
    uint256 private constant STEEPNESS = 3;
    /// @dev Cash that a short hedge binds beside what its sale brings: collateral of 1.7 (the desk's default health) times the
    /// debt over a liquidation threshold of 0.78 is 2.18 times it, of which 1 has come in.
    int256 private constant SHORT_HEDGE_BPS = 12_000;

    /// @notice The NAV that capital is a share of: when the epoch began, or now if that is less.
    /// @param vegaCapacity See Treasury.TradingState, WAD USDC per 1.00 of vol.
    function navOf(VaultLimits memory limits, uint256 vegaCapacity, int256 nav) internal pure returns (uint256) {
        return Math.min(Math.mulDiv(vegaCapacity, BPS, limits.vegaCapacityBps), _positive(nav));
    }

    /// @notice By how much a trade raises Φ of whatever it raises most: of each scenario of the reserve rule, the capacities for vega
    /// and gamma, cash for the hedge, the caps of the series and of the expiries of what is bought; and by how much in a
    /// scenario as long as nobody hedges. Each is compared with itself: what others bind for a few hours hides nothing that
    /// is bound for a year.
    /// @param without Sums with what is sold back alone, @param sums with all legs. Both come on top of the mark.
    /// @param base The hedge as it is. @param openInterest Short contracts of each leg's series and expiry after it.
    function risenBy(
        VaultLimits memory limits,
        Mark memory m,
        MarkedBook.Sums memory without,
        MarkedBook.Sums memory sums,
        int256 base,
        uint256 nav,
        Leg[] calldata legs,
        Book.OpenInterest[] memory openInterest
    ) internal pure returns (uint256 rise, uint256 unhedged) {
        rise = _risenByCaps(limits, m.spot, legs, openInterest, nav);
        uint256 afterwards = _inHedge(m, sums);
        if (_isPriced(afterwards, nav)) rise = Math.max(rise, _rise(_inHedge(m, without), afterwards, nav));
        (uint256 vega, uint256 gamma) = _byGreeks(limits, m, sums);
        if (_isPriced(Math.max(vega, gamma), nav)) {
            (uint256 vegaBefore, uint256 gammaBefore) = _byGreeks(limits, m, without);
            rise = Math.max(rise, Math.max(_rise(vegaBefore, vega, nav), _rise(gammaBefore, gamma, nav)));
        }
        Hedges memory hedges = Hedges(_hedgeOf(m, without), _hedgeOf(m, sums));
        rise = Math.max(rise, _risenByStress(limits, m, without, sums, hedges, nav));
        unhedged = _risenByStress(limits, m, without, sums, Hedges(base, base), nav);
    }

    /// @notice What a rise of Φ costs for `time` seconds at `rateBps` a year, rounded up.
    function price(uint256 rise, uint256 rateBps, uint256 time) internal pure returns (uint256) {
        return Math.ceilDiv(rise * rateBps * time, BPS * YEAR);
    }

    /// @dev What the reserve rule binds: left − x ≥ reserve · (nav − x) in a scenario, where left = nav − loss. The scenario that rises
    /// most; none is looked at by itself while the worst is within what is free.
    function _risenByStress(
        VaultLimits memory limits,
        Mark memory m,
        MarkedBook.Sums memory without,
        MarkedBook.Sums memory sums,
        Hedges memory hedges,
        uint256 nav
    ) private pure returns (uint256 rise) {
        (, uint256 worst) = StressGrid.worst(sums.stress, sums.grid, hedges.afterwards, m.spot);
        if (!_isPriced(_byScenario(limits, m, sums, hedges.afterwards, worst), nav)) return 0;
        for (uint256 i = 0; i < SCENARIOS; ++i) {
            uint256 before = _byScenario(limits, m, without, hedges.before, i);
            rise = Math.max(rise, _rise(before, _byScenario(limits, m, sums, hedges.afterwards, i), nav));
        }
    }

    function _byScenario(
        VaultLimits memory limits,
        Mark memory m,
        MarkedBook.Sums memory sums,
        int256 hedge,
        uint256 scenario
    ) private pure returns (uint256) {
        int256 worth = m.value + (sums.value + hedge * int256(uint256(m.spot))) / INT_WAD;
        int256 left = StressGrid.scaled(StressGrid.worthIn(scenario, sums.stress, sums.grid, hedge, m.spot));
        return Math.ceilDiv(_positive(worth - left) * BPS, BPS - limits.reserveBps);
    }

    function _byGreeks(
        VaultLimits memory limits,
        Mark memory m,
        MarkedBook.Sums memory sums
    ) private pure returns (uint256 vega, uint256 gamma) {
        int256 weightedVega = m.weightedVega + sums.weightedVega / INT_WAD;
        return limits.boundByGreeks(m.spot, weightedVega, m.gamma + sums.gamma / INT_WAD);
    }

    /// @dev Cash in the hedge, of which holders' premiums have paid for a part.
    function _inHedge(Mark memory m, MarkedBook.Sums memory sums) private pure returns (uint256) {
        int256 worth = (_hedgeOf(m, sums) * int256(uint256(m.spot))) / INT_WAD;
        int256 cash = worth > 0 ? worth : (-worth * SHORT_HEDGE_BPS) / int256(BPS);
        return _positive(cash + m.value + sums.value / INT_WAD);
    }

    /// @dev As the keeper makes it.
    function _hedgeOf(Mark memory m, MarkedBook.Sums memory sums) private pure returns (int256) {
        return -(m.delta + sums.delta / INT_WAD);
    }

    /// @dev Of each cap, the sum over all legs that are bought.
    function _risenByCaps(
        VaultLimits memory limits,
        uint256 spot,
        Leg[] calldata legs,
        Book.OpenInterest[] memory openInterest,
        uint256 nav
    ) private pure returns (uint256) {
        (uint256 inSeries, uint256 inExpiries) = (0, 0);
        for (uint256 i = 0; i < legs.length; ++i) {
            if (legs[i].quantity <= 0) continue;
            uint256 added = (uint256(legs[i].quantity) * spot) / WAD;
            inSeries += _riseTo((openInterest[i].open * spot) / WAD, added, (nav * limits.seriesCapBps) / BPS);
            inExpiries += _riseTo((openInterest[i].inExpiry * spot) / WAD, added, (nav * limits.expiryCapBps) / BPS);
        }
        return Math.max(inSeries, inExpiries);
    }

    function _riseTo(uint256 afterwards, uint256 added, uint256 whole) private pure returns (uint256) {
        return _rise(Math.saturatingSub(afterwards, added), afterwards, whole);
    }

    /// @dev Φ(afterwards) − Φ(before), or nothing if that is negative.
    function _rise(uint256 before, uint256 afterwards, uint256 whole) private pure returns (uint256) {
        return Math.saturatingSub(_potential(afterwards, whole), _potential(before, whole));
    }

    function _isPriced(uint256 amount, uint256 whole) private pure returns (bool) {
        return STEEPNESS * amount > whole;
    }

    function _potential(uint256 amount, uint256 whole) private pure returns (uint256) {
        return Math.saturatingSub(STEEPNESS * amount, whole);
    }

    function _positive(int256 amount) private pure returns (uint256) {
        return amount > 0 ? uint256(amount) : 0;
    }
}
