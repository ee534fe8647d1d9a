// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {VaultLimits} from "../interfaces/Types.sol";
import {BPS, WAD} from "./Units.sol";

/// @title How much risk a pool may carry
/// @notice Capital rules as pure functions of net assets (NAV, WAD USDC) and exposure. Each binds only what grows: whoever
/// lowers a risk is never stopped by its limit.
library RiskLimits {
    error InvalidLimits(string what);
    error VegaCapacityExceeded(uint256 weightedVega, uint256 capacity);
    error GammaCapacityExceeded(uint256 notionalPerPercent, uint256 capacity);
    error SeriesCapExceeded(uint256 id, uint256 notional, uint256 cap);
    /// @notice The expiry of series `id` has its cap.
    error ExpiryCapExceeded(uint256 id, uint256 notional, uint256 cap);
    /// @notice In scenario `scenario` of the stress grid `left` WAD USDC of NAV would remain, less than `reserve`.
    error StressLossTooLarge(uint256 scenario, int256 left, int256 reserve);

    /// @notice Trades have lately added as much vega as `available` leaves room for (both WAD USDC per 1.00 of vol).
    error VegaWindowExceeded(uint256 added, uint256 available);

    function validate(VaultLimits memory self) internal pure {
        if (self.vegaCapacityBps == 0 || self.vegaCapacityBps > 10 * BPS) revert InvalidLimits("vegaCapacityBps");
        if (self.gammaCapacityBps == 0 || self.gammaCapacityBps > 10 * BPS) revert InvalidLimits("gammaCapacityBps");
        if (self.seriesCapBps == 0 || self.seriesCapBps > 20 * BPS) revert InvalidLimits("seriesCapBps");
        if (self.expiryCapBps < self.seriesCapBps || self.expiryCapBps > 20 * BPS) revert InvalidLimits("expiryCapBps");
        if (self.reserveBps == 0 || self.reserveBps >= BPS) revert InvalidLimits("reserveBps");
        if (self.maxMarkAge > 1 days) revert InvalidLimits("maxMarkAge");
        if (self.maxMarkMoveBps > BPS / 10) revert InvalidLimits("maxMarkMoveBps");
        if (self.maxDrawdownBps == 0 || self.maxDrawdownBps > BPS) revert InvalidLimits("maxDrawdownBps");
        if (self.spreadVol > 0.2e18) revert InvalidLimits("spreadVol");
        if (self.epochLength < 1 hours || self.epochLength > 30 days) revert InvalidLimits("epochLength");
        if (self.vegaWindow < 1 minutes || self.vegaWindow > 7 days) revert InvalidLimits("vegaWindow");
        if (self.vegaWindowBps == 0 || self.vegaWindowBps > 10 * BPS) revert InvalidLimits("vegaWindowBps");
        if (self.capitalRateBps > 10 * BPS) revert InvalidLimits("capitalRateBps");
        if (self.surfaceLossBps == 0 || self.surfaceLossBps > BPS / 10) revert InvalidLimits("surfaceLossBps");
        if (self.insuranceShareBps > BPS / 2) revert InvalidLimits("insuranceShareBps");
        if (self.insuranceTargetBps > BPS / 2) revert InvalidLimits("insuranceTargetBps");
    }

    /// @notice The limits that a trade is held to, without those of epochs: half the reads.
    function ofTrades(VaultLimits storage stored) internal view returns (VaultLimits memory limits) {
        limits.vegaCapacityBps = stored.vegaCapacityBps;
        limits.gammaCapacityBps = stored.gammaCapacityBps;
        limits.seriesCapBps = stored.seriesCapBps;
        limits.expiryCapBps = stored.expiryCapBps;
        limits.reserveBps = stored.reserveBps;
        limits.vegaWindow = stored.vegaWindow;
        limits.vegaWindowBps = stored.vegaWindowBps;
    }

    /// @notice A share of NAV (below 2²⁰⁰), WAD USDC, rounded down; nothing of a NAV that is not positive.
    function share(int256 nav, uint256 bps) internal pure returns (uint256) {
        unchecked {
            return nav <= 0 ? 0 : (uint256(nav) * bps) / BPS;
        }
    }

    /// @notice Requires that net vega, if it has grown, is within its capacity.
    /// @return growth By how much it has.
    function requireVega(
        VaultLimits memory self,
        int256 nav,
        int256 vegaBefore,
        int256 vega
    ) internal pure returns (uint256 growth) {
        uint256 size = SignedMath.abs(vega);
        growth = Math.saturatingSub(size, SignedMath.abs(vegaBefore));
        uint256 capacity = share(nav, self.vegaCapacityBps);
        if (growth > 0 && size > capacity) revert VegaCapacityExceeded(size, capacity);
    }

    /// @notice Requires that gamma, if it has grown, moves no more notional per 1 % of spot than its capacity.
    function requireGamma(
        VaultLimits memory self,
        int256 nav,
        uint256 spot,
        int256 gammaBefore,
        int256 gamma
    ) internal pure {
        uint256 size = SignedMath.abs(gamma);
        if (size <= SignedMath.abs(gammaBefore)) return;
        uint256 perPercent = perPercent(size, spot);
        uint256 capacity = share(nav, self.gammaCapacityBps);
        if (perPercent > capacity) revert GammaCapacityExceeded(perPercent, capacity);
    }

    /// @notice Requires that a series that was sold and its expiry have no more notional than their caps.
    /// @param open Short contracts of series `id`, @param openInExpiry of its expiry, WAD.
    function requireCaps(
        VaultLimits memory self,
        int256 nav,
        uint256 spot,
        uint256 id,
        uint256 open,
        uint256 openInExpiry
    ) internal pure {
        uint256 notional = (open * spot) / WAD;
        uint256 cap = share(nav, self.seriesCapBps);
        if (notional > cap) revert SeriesCapExceeded(id, notional, cap);
        notional = (openInExpiry * spot) / WAD;
        cap = share(nav, self.expiryCapBps);
        if (notional > cap) revert ExpiryCapExceeded(id, notional, cap);
    }

    /// @notice What must be left of `nav` in the worst scenario, WAD USDC.
    function reserveOf(VaultLimits memory self, int256 nav) internal pure returns (int256) {
        return int256(share(nav, self.reserveBps));
    }

    /// @notice The most that may leave a pool (WAD USDC) so that what stays carries its book: the reserve in the worst
    /// scenario, where `left` of `nav` remains, and the capacities for vega and gamma.
    function releasable(
        VaultLimits memory self,
        int256 nav,
        int256 left,
        uint256 spot,
        int256 weightedVega,
        int256 gamma
    ) internal pure returns (uint256) {
        // left − x ≥ reserve · (nav − x)
        int256 most = ((left - reserveOf(self, nav)) * int256(BPS)) / int256(BPS - self.reserveBps);
        (uint256 vega, uint256 gammas) = boundByGreeks(self, spot, weightedVega, gamma);
        most = SignedMath.min(most, nav - int256(Math.max(vega, gammas)));
        return most <= 0 ? 0 : uint256(most);
    }

    /// @notice Capital that vega binds, and gamma, WAD USDC: the NAV of which each would be the whole capacity. Rounded up.
    function boundByGreeks(
        VaultLimits memory self,
        uint256 spot,
        int256 weightedVega,
        int256 gamma
    ) internal pure returns (uint256 vega, uint256 gammas) {
        vega = Math.mulDiv(SignedMath.abs(weightedVega), BPS, self.vegaCapacityBps, Math.Rounding.Ceil);
        uint256 perPercent = perPercent(SignedMath.abs(gamma), spot);
        gammas = Math.mulDiv(perPercent, BPS, self.gammaCapacityBps, Math.Rounding.Ceil);
    }

    /// @notice Net weighted vega that trades may still add now. What was added leaks away evenly, a full window's worth
    /// within the window.
    /// @param used Whole USDC per 1.00 of vol in the window at `usedAt`. @param vegaCapacity WAD USDC per 1.00 of vol.
    function vegaWindowLeft(
        VaultLimits memory self,
        uint256 used,
        uint256 usedAt,
        uint256 vegaCapacity
    ) internal view returns (uint256) {
        uint256 window = _vegaWindow(self, vegaCapacity);
        uint256 leaked = (window * (block.timestamp - usedAt)) / self.vegaWindow;
        return Math.saturatingSub(window, Math.saturatingSub(used * WAD, leaked));
    }

    /// @notice What is used of the window, in whole USDC, after `added` more: rounded up. Requires that there is room.
    function useVegaWindow(
        VaultLimits memory self,
        uint256 used,
        uint256 usedAt,
        uint256 vegaCapacity,
        uint256 added
    ) internal view returns (uint256) {
        uint256 available = vegaWindowLeft(self, used, usedAt, vegaCapacity);
        if (added > available) revert VegaWindowExceeded(added, available);
        return Math.ceilDiv(_vegaWindow(self, vegaCapacity) - available + added, WAD);
    }

    /// @notice What is used of a window, in whole USDC, after `freed` (WAD) of net vega was taken back: rounded up.
    function freeVegaWindow(uint256 used, uint256 freed) internal pure returns (uint256) {
        return Math.saturatingSub(used, freed / WAD);
    }

    function _vegaWindow(VaultLimits memory self, uint256 vegaCapacity) private pure returns (uint256) {
        return (vegaCapacity * self.vegaWindowBps) / BPS;
    }

    /// @dev By how much a move of spot by 1 % changes delta's notional, WAD USDC. @param gamma Below 2⁹⁶, as is `spot`.
    function perPercent(uint256 gamma, uint256 spot) internal pure returns (uint256) {
        return (((gamma * spot) / WAD) * spot) / (100 * WAD);
    }
}
