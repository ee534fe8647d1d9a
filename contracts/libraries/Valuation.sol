// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Slice} from "../interfaces/Types.sol";
import {BlackScholes} from "./BlackScholes.sol";
import {FixedPoint} from "./FixedPoint.sol";
import {SeriesId} from "./SeriesId.sol";
import {Ssvi} from "./Ssvi.sol";
import {WAD, YEAR} from "./Units.sol";

/// @title Value and Greeks of one contract of a series
/// @notice All WAD, per contract: value in USDC, delta in units of underlying, gamma per USDC of spot, vega in USDC per
/// 1.00 of vol. What all series of an expiry share is worked out once, in a `Tenor`.
library Valuation {
    /// @param forward Forward price at the spot that was asked for. @param forwardPerSpot dF/dS.
    /// @param sqrtTime √T, WAD. @param vegaWeight √(30 days / max(T, 1 day)): short- and long-dated vega add up with it.
    struct Tenor {
        uint256 timeToExpiry;
        uint256 sqrtTime;
        uint256 forward;
        uint256 forwardPerSpot;
        uint256 vegaWeight;
        Slice slice;
    }

    /// @param k ln(strike/forward). @param vol Implied vol at the strike.
    struct Greeks {
        uint256 value;
        int256 delta;
        uint256 gamma;
        uint256 vega;
        int256 k;
        uint256 vol;
    }

    /// @notice Contracts of a series, WAD, signed for whoever holds them, with what each is worth at the tenor's spot.
    struct Position {
        uint256 strike;
        bool isCall;
        int256 quantity;
        Tenor tenor;
        Greeks greeks;
    }

    uint256 private constant REFERENCE_TENOR = 30 days;
    uint256 private constant SHORTEST_TENOR = 1 days;

    /// @notice What the series of `expiry`, which is in the future, share at `spot` on `slice`.
    function tenor(uint256 expiry, Slice memory slice, uint256 spot) internal view returns (Tenor memory t) {
        t.slice = slice;
        uint256 timeToExpiry = expiry - block.timestamp;
        t.timeToExpiry = timeToExpiry;
        t.sqrtTime = FixedPoint.sqrtTime(timeToExpiry);
        t.vegaWeight = FixedPoint.sqrt(
            (REFERENCE_TENOR * 1e36) / (timeToExpiry < SHORTEST_TENOR ? SHORTEST_TENOR : timeToExpiry)
        );
        (t.forward, t.forwardPerSpot) = (spot, WAD);
        if (slice.carry != 0) {
            // Without carry no exponential is spent.
            t.forwardPerSpot = FixedPoint.exp((slice.carry * int256(t.timeToExpiry)) / int256(YEAR));
            t.forward = Math.mulDiv(spot, t.forwardPerSpot, WAD);
        }
    }

    /// @notice Value and Greeks of one contract. Black's Greeks are by the forward; here they are by spot, which is what
    /// the book is hedged with: dF/dS = F/S.
    function greeksOf(Tenor memory t, uint256 strike, bool isCall) internal pure returns (Greeks memory g) {
        fillGreeks(g, t, strike, isCall);
    }

    /// @notice The same into `g`, which may be used again for the next series: no memory is taken.
    function fillGreeks(Greeks memory g, Tenor memory t, uint256 strike, bool isCall) internal pure {
        g.k = Ssvi.logMoneyness(strike, t.forward);
        g.vol = Ssvi.impliedVolAt(t.slice, g.k);
        (uint256 call, uint256 put, uint256 callDelta, uint256 vega) = BlackScholes.seriesGreeks(
            t.forward,
            strike,
            g.k,
            t.sqrtTime,
            g.vol
        );
        g.value = isCall ? call : put;
        g.delta = int256(callDelta) - (isCall ? int256(0) : int256(WAD));
        g.gamma = BlackScholes.gammaFromVega(vega, t.forward, t.timeToExpiry, g.vol);
        g.vega = vega;
        if (t.forwardPerSpot == WAD) return;
        g.delta = (g.delta * int256(t.forwardPerSpot)) / int256(WAD);
        g.gamma = Math.mulDiv(Math.mulDiv(g.gamma, t.forwardPerSpot, WAD), t.forwardPerSpot, WAD);
    }

    /// @notice Value alone, at another spot than the tenor's.
    function valueAt(Tenor memory t, uint256 strike, bool isCall, uint256 spot) internal pure returns (uint256) {
        uint256 forward = t.forwardPerSpot == WAD ? spot : Math.mulDiv(spot, t.forwardPerSpot, WAD);
        int256 k = Ssvi.logMoneyness(strike, forward);
        uint256 vol = Ssvi.impliedVolAt(t.slice, k);
        (uint256 call, uint256 put) = BlackScholes.seriesPrices(forward, strike, k, t.sqrtTime, vol);
        return isCall ? call : put;
    }

    /// @notice What is left of a series at or after its expiry, until it is settled: the pay-off at `spot`.
    function intrinsicOf(uint256 strike, bool isCall, uint256 spot) internal pure returns (Greeks memory g) {
        g.value = SeriesId.payoff(strike, isCall, spot);
        if (g.value > 0) g.delta = isCall ? int256(WAD) : -int256(WAD);
    }
}
