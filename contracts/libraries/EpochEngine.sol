// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {IVolSurface} from "../interfaces/IVolSurface.sol";
import {Mark, VaultLimits} from "../interfaces/Types.sol";
import {PoolEngine} from "./PoolEngine.sol";
import {RiskEngine} from "./RiskEngine.sol";
import {SurfaceBudget} from "./SurfaceBudget.sol";
import {SurfaceEngine} from "./SurfaceEngine.sol";
import {Treasury} from "./Treasury.sol";
import {BPS, INT_USDC_UNIT, USDC_UNIT, WAD} from "./Units.sol";

/// @title An LP epoch: at what price, how much may leave, and the beginning of the next one
/// @notice The vault fills the queues in between. @dev Deployed by itself and linked, as RiskEngine is.
library EpochEngine {
    using SurfaceBudget for SurfaceBudget.State;
    using Treasury for Treasury.State;

    /// @notice NAV that leavers get (the book's shorts at their ask) and that newcomers pay (at their bid), WAD USDC, and both in
    /// USDC, rounded down, nothing for what is negative. @param joinable Whether deposits are filled: not under water.
    struct Prices {
        int256 navBid;
        int256 navAsk;
        uint256 bid;
        uint256 ask;
        bool joinable;
    }

    /// @notice Marks the book and prices the epoch that is over: at what is posted or at the references, and at the feed or the
    /// DEX average, whichever is worse for whoever comes or goes. What leavers would lose by the references is paid out of the
    /// budget for posts, as far as it goes.
    /// @param queued Shares that want to leave. @param supply Of shares, virtual ones included.
    function price(
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        IPriceOracle oracle,
        IVolSurface surface,
        uint256 queued,
        uint256 supply
    ) external returns (Prices memory p) {
        (uint256 spot, ) = oracle.spot();
        uint256 endsAt = treasury.epoch.endsAt;
        if (block.timestamp < endsAt) revert IOptionVault.EpochOpen(endsAt);
        bool isOverdue = block.timestamp >= endsAt + risk.limits.epochLength;
        uint256 spreadVol = _spreadVol(risk, surface, isOverdue);
        Mark memory m = RiskEngine.remark(risk, surface, spot);
        RiskEngine.Assets memory assets = PoolEngine.assetsOf(risk, treasury);
        int256 halfSpread = RiskEngine.halfSpread(m, spreadVol);
        halfSpread += _lagOf(oracle, spot, m.delta + assets.base);
        int256 nav = RiskEngine.navOf(m, assets);
        (int256 low, int256 high) = _navs(risk, treasury, surface, m, nav, isOverdue, queued, supply);
        (p.navBid, p.navAsk) = (low - halfSpread, high + halfSpread);
        (p.bid, p.ask) = (_toUsdcDown(p.navBid), _toUsdcDown(p.navAsk));
        p.joinable = high >= halfSpread;
    }

    /// @notice USDC that may leave the pool as it is marked.
    function releasable(
        RiskEngine.State storage risk,
        Treasury.State storage treasury
    ) external view returns (uint256) {
        uint256 most = RiskEngine.releasable(risk, PoolEngine.assetsOf(risk, treasury)) / USDC_UNIT;
        return Math.min(most, treasury.freeCash());
    }

    /// @notice Opens the next epoch, on the mark as it is. @param supply Of shares, virtual ones included.
    function begin(RiskEngine.State storage risk, Treasury.State storage treasury, uint256 supply) external {
        VaultLimits storage rules = risk.limits;
        treasury.beginEpoch(
            RiskEngine.navOf(risk.mark, PoolEngine.assetsOf(risk, treasury)),
            supply,
            rules.epochLength,
            rules.vegaCapacityBps,
            rules.maxDrawdownBps
        );
    }

    /// @dev NAV for leavers and for newcomers, before the spread. At the posted surface it is `posted`.
    function _navs(
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        IVolSurface surface,
        Mark memory m,
        int256 posted,
        bool isOverdue,
        uint256 queued,
        uint256 supply
    ) private returns (int256 low, int256 high) {
        (int256 value, bool lags, bool frozen) = SurfaceEngine.valueAtReferences(risk, surface, m.spot);
        if (!lags) return (posted, posted);
        int256 other = posted - m.value + value;
        if (frozen) return (other, other); // nobody gains or loses by what a guardian does not believe
        uint256 nav = treasury.epochNav(risk.limits.vegaCapacityBps);
        uint256 gap = SignedMath.abs(posted - other);
        // Posted and reference are too far apart for anybody to come or go by either: they come together, or a guardian acts.
        uint256 most = (nav * risk.limits.surfaceLossBps) / BPS;
        if (gap > most && !isOverdue) revert IOptionVault.EpochSurfaceUnsettled(gap, most);
        if (other >= posted) return (posted, other);
        // All who leave together may gain what the budget has, and each a part by his shares.
        uint256 gain = Math.min(Math.mulDiv(gap, queued, supply), risk.surfaceBudget.available(nav));
        risk.surfaceBudget.consume(gain, nav);
        if (queued == 0) return (other, posted);
        return (other + int256(Math.min(Math.mulDiv(gain, supply, queued), gap)), posted);
    }

    /// @dev What the pool's net delta would gain or lose where the feed is as far behind as the DEX average says, to first order:
    /// trades pay for both prices, and who comes or goes right after one does too. WAD USDC.
    function _lagOf(IPriceOracle oracle, uint256 spot, int256 netDelta) private view returns (int256) {
        uint256 lead = SignedMath.abs(int256(oracle.averageNear(spot)) - int256(spot));
        return int256(Math.mulDiv(SignedMath.abs(netDelta), lead, WAD));
    }

    /// @dev Half-spread of NAV in vol points. Nothing that people hold may have expired, and no slice be too old or frozen, unless the epoch is
    /// a whole epoch overdue: then the spread grows with the age of the oldest.
    function _spreadVol(
        RiskEngine.State storage risk,
        IVolSurface surface,
        bool isOverdue
    ) private view returns (uint256 spread) {
        spread = risk.limits.spreadVol;
        uint256 maxAge = surface.limits().maxAge;
        uint256 oldest;
        for (uint256 i = 0; i < risk.book.expiries.length; ++i) {
            uint256 expiry = risk.book.expiries[i];
            if (risk.book.byExpiry[expiry].totals.contracts == 0) continue;
            if (block.timestamp >= expiry) revert IOptionVault.ExpiryUnsettled(expiry);
            IVolSurface.Quoted memory q = surface.quoted(expiry);
            uint256 age = block.timestamp - q.updatedAt;
            if ((age > maxAge || q.frozen) && !isOverdue) revert IOptionVault.EpochSurfaceStale(expiry, q.updatedAt);
            oldest = Math.max(oldest, age);
        }
        if (oldest > maxAge) spread = (spread * oldest) / maxAge;
    }

    function _toUsdcDown(int256 wad) private pure returns (uint256) {
        return wad <= 0 ? 0 : uint256(wad / INT_USDC_UNIT);
    }
}
