// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {BlackScholes} from "./BlackScholes.sol";
import {FixedPoint} from "./FixedPoint.sol";
import {SeriesId} from "./SeriesId.sol";
import {Ssvi} from "./Ssvi.sol";

/// @title Value and Greeks of one contract of a series
/// @notice All WAD, per contract: value in USDC, delta in units of underlying, gamma per USDC of spot, vega in USDC per
/// 1.00 of vol. `weightedVega` is vega scaled by √(30 days / max(T, 1 day)), so that short- and long-dated vol risk add up.
library Valuation {
    struct Greeks {
        uint256 value;
        int256 delta;
        uint256 gamma;
        uint256 vega;
        uint256 weightedVega;
    }

    uint256 private constant WAD = 1e18;
    uint256 private constant YEAR = 365 days;
    uint256 private constant REFERENCE_TENOR = 30 days;
    uint256 private constant SHORTEST_TENOR = 1 days;

    /// @notice Value and Greeks of series `id` at `spot` on `slice`, before its expiry.
    function greeksOf(uint256 id, Ssvi.Slice memory slice, uint256 spot) internal view returns (Greeks memory g) {
        (uint256 expiry, uint256 strike, bool isCall) = SeriesId.decode(id);
        uint256 timeToExpiry = expiry - block.timestamp;
        uint256 forward = _forward(slice, timeToExpiry, spot);
        uint256 vol = Ssvi.impliedVol(slice, timeToExpiry, strike, forward);
        (uint256 call, uint256 put, uint256 callDelta, uint256 vega) = BlackScholes.greeks(
            forward,
            strike,
            timeToExpiry,
            vol
        );

        g.value = isCall ? call : put;
        g.delta = int256(callDelta) - (isCall ? int256(0) : int256(WAD));
        g.gamma = BlackScholes.gammaFromVega(vega, forward, timeToExpiry, vol);
        g.vega = vega;
        g.weightedVega = Math.mulDiv(vega, tenorWeight(timeToExpiry), WAD);

        if (forward == spot) return g;
        // Black-76 differentiates by the forward; the book is hedged with spot, and dF/dS = F/S.
        uint256 forwardPerSpot = Math.mulDiv(forward, WAD, spot);
        g.delta = (g.delta * int256(forwardPerSpot)) / int256(WAD);
        g.gamma = Math.mulDiv(Math.mulDiv(g.gamma, forwardPerSpot, WAD), forwardPerSpot, WAD);
    }

    /// @notice What is left of a series at or after its expiry, until it is settled: the pay-off at `spot`.
    function intrinsicOf(uint256 id, uint256 spot) internal pure returns (Greeks memory g) {
        (, , bool isCall) = SeriesId.decode(id);
        g.value = SeriesId.payoff(id, spot);
        if (g.value > 0) g.delta = isCall ? int256(WAD) : -int256(WAD);
    }

    /// @dev F = S·exp(carry·T); without carry no exponential is spent.
    function _forward(Ssvi.Slice memory slice, uint256 timeToExpiry, uint256 spot) private pure returns (uint256) {
        if (slice.carry == 0) return spot;
        int256 growth = (slice.carry * int256(timeToExpiry)) / int256(YEAR);
        return Math.mulDiv(spot, FixedPoint.exp(growth), WAD);
    }

    /// @notice √(30 days / max(T, 1 day)), WAD.
    function tenorWeight(uint256 timeToExpiry) internal pure returns (uint256) {
        return Math.sqrt((REFERENCE_TENOR * 1e36) / Math.max(timeToExpiry, SHORTEST_TENOR));
    }
}
