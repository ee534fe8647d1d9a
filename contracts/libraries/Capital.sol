// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Book} from "./Book.sol";
import {MarkedBook} from "./MarkedBook.sol";
import {RiskLimits} from "./RiskLimits.sol";
import {StressGrid} from "./StressGrid.sol";

/// @title How much of a pool's capital its book binds, and what whoever binds it pays
/// @notice Capital is bound when LPs could not take it out, or others could not buy options with it. The hedge counts as the
/// keeper makes it: the whole net delta at the mark's spot, so that what is bound depends on the book alone, not on
/// the order of trades and hedges. All in WAD USDC.
/// @dev The charge is a potential of what is bound, of which only the rises are paid: Φ(x) = max(0, 3x − whole). A third of the whole
/// is free; half of it costs the rate on that half, all of it the double rate. What a trade sells back is taken out
/// first and earns nothing, so that a charge for a day is not rolled into one for a year.
/// LPs' leave is judged by the hedge as it is. Whoever buys just before and sells right after, so that no hedge can follow, pays the
/// rate of an epoch too, as far as the other charges of coming and going are less: see Quoting.quote.
library Capital {
    using RiskLimits for RiskLimits.Limits;

    uint256 private constant BPS = 10_000;
    int256 private constant WAD = 1e18;
    uint256 private constant YEAR = 365 days;
    /// @dev Φ rises by so much per dollar beyond the share that is free, of which it is the inverse.
    uint256 private constant STEEPNESS = 3;
    /// @dev Cash that a short hedge binds beside what its sale brings: collateral of 1.7 (the desk's default health) times the
    /// debt over a liquidation threshold of 0.78 is 2.18 times it, of which 1 has come in.
    int256 private constant SHORT_HEDGE_BPS = 12_000;

    /// @notice The largest of what the reserve rule, the capacities for vega and gamma, and cash for the hedge bind.
    /// @param m The mark. @param sums Scenarios of the book, and what comes on top of the mark. Neither is changed.
    function bound(
        RiskLimits.Limits memory limits,
        MarkedBook.Mark memory m,
        MarkedBook.Sums memory sums
    ) internal pure returns (uint256) {
        int256 spot = int256(uint256(m.spot));
        int256 value = m.value + sums.value / WAD;
        int256 hedge = -(m.delta + sums.delta / WAD);
        int256 worth = (hedge * spot) / WAD;
        // Cash in the hedge, of which holders' premiums have paid for a part.
        uint256 inHedge = _positive((worth > 0 ? worth : (-worth * SHORT_HEDGE_BPS) / int256(BPS)) + value);
        uint256 byGreeks = limits.boundByGreeks(
            m.spot,
            m.weightedVega + sums.weightedVega / WAD,
            m.gamma + sums.gamma / WAD
        );
        return Math.max(Math.max(boundByStress(limits, m, sums, hedge), inHedge), byGreeks);
    }

    /// @notice What the reserve rule binds with `hedge` units of underlying: left − x ≥ reserve · (nav − x) in the worst scenario,
    /// where left = nav − loss.
    function boundByStress(
        RiskLimits.Limits memory limits,
        MarkedBook.Mark memory m,
        MarkedBook.Sums memory sums,
        int256 hedge
    ) internal pure returns (uint256) {
        (int256 worst, ) = StressGrid.worst(sums.stress, sums.grid, hedge, m.spot);
        int256 worth = m.value + (sums.value + hedge * int256(uint256(m.spot))) / WAD;
        uint256 loss = _positive(worth - StressGrid.scaled(worst));
        return Math.ceilDiv(loss * BPS, BPS - limits.reserveBps);
    }

    /// @notice The NAV that capital is a share of: when the epoch began, or now if that is less.
    /// @param vegaCapacity See Treasury.Gate, WAD USDC per 1.00 of vol.
    function navOf(RiskLimits.Limits memory limits, uint256 vegaCapacity, int256 nav) internal pure returns (uint256) {
        return Math.min(Math.mulDiv(vegaCapacity, BPS, limits.vegaCapacityBps), _positive(nav));
    }

    /// @notice By how much a trade raises Φ, the most of three: of the pool, of the series and of the expiries of what is bought; and by
    /// how much as long as nobody hedges.
    /// @param without Sums with what is sold back alone, @param sums with all legs. @param base The hedge as it is.
    /// @param places Short contracts of each leg's series and expiry after it.
    function risenBy(
        RiskLimits.Limits memory limits,
        MarkedBook.Mark memory m,
        MarkedBook.Sums memory without,
        MarkedBook.Sums memory sums,
        int256 base,
        uint256 nav,
        Book.Leg[] calldata legs,
        Book.Place[] memory places
    ) internal pure returns (uint256 rise, uint256 unhedged) {
        rise = _risenByCaps(limits, m.spot, legs, places, nav);
        uint256 afterwards = bound(limits, m, sums);
        if (_isPriced(afterwards, nav)) rise = Math.max(rise, _rise(bound(limits, m, without), afterwards, nav));
        afterwards = boundByStress(limits, m, sums, base);
        if (_isPriced(afterwards, nav)) unhedged = _rise(boundByStress(limits, m, without, base), afterwards, nav);
    }

    /// @notice What a rise of Φ costs for `time` seconds at `rateBps` a year, rounded up.
    function price(uint256 rise, uint256 rateBps, uint256 time) internal pure returns (uint256) {
        return Math.ceilDiv(rise * rateBps * time, BPS * YEAR);
    }

    /// @dev Of each cap, the sum over all legs that are bought.
    function _risenByCaps(
        RiskLimits.Limits memory limits,
        uint256 spot,
        Book.Leg[] calldata legs,
        Book.Place[] memory places,
        uint256 nav
    ) private pure returns (uint256) {
        (uint256 inSeries, uint256 inExpiries) = (0, 0);
        for (uint256 i = 0; i < legs.length; ++i) {
            if (legs[i].quantity <= 0) continue;
            uint256 added = (uint256(legs[i].quantity) * spot) / uint256(WAD);
            inSeries += _riseTo((places[i].open * spot) / uint256(WAD), added, (nav * limits.seriesCapBps) / BPS);
            inExpiries += _riseTo((places[i].inExpiry * spot) / uint256(WAD), added, (nav * limits.expiryCapBps) / BPS);
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
