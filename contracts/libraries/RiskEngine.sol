// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IVolSurface} from "../interfaces/IVolSurface.sol";
import {Mark, Slice, TradedFlow, VaultLimits} from "../interfaces/Types.sol";
import {Book} from "./Book.sol";
import {MarkedBook} from "./MarkedBook.sol";
import {RiskLimits} from "./RiskLimits.sol";
import {SCENARIOS, StressGrid} from "./StressGrid.sol";
import {SurfaceBudget} from "./SurfaceBudget.sol";
import {BPS, INT_WAD} from "./Units.sol";

/// @title A pool's book with its mark, its stress grid and the limits that it is held to
/// @notice Owns their storage and the verbs on it, except for trades: see TradeEngine.
/// @dev Deployed by itself and linked: with the pricing libraries inside, the vault would be larger than contracts may be.
library RiskEngine {
    using Book for Book.State;
    using RiskLimits for VaultLimits;
    using StressGrid for StressGrid.State;
    using SurfaceBudget for SurfaceBudget.State;

    struct State {
        Book.State book;
        Mark mark;
        StressGrid.State stress;
        VaultLimits limits;
        SurfaceBudget.State surfaceBudget;
        TradedFlow traded;
    }

    /// @notice All that a pool has besides its book. @param cash WAD USDC, less what is owed.
    /// @param base,quote The hedge: see IHedgePosition.
    struct Assets {
        int256 cash;
        int256 base;
        int256 quote;
    }

    /// @notice Values the book at `spot` and stores the mark with its scenarios.
    function remark(State storage self, IVolSurface surface, uint256 spot) external returns (Mark memory m) {
        int256[SCENARIOS] memory stress;
        (m, stress) = _value(self, surface, spot);
        self.mark = m;
        self.stress.store(stress);
        emit IOptionVault.Marked(m);
    }

    /// @notice The same without scenarios: a sale needs none.
    function remarkGreeks(State storage self, IVolSurface surface, uint256 spot) external returns (Mark memory m) {
        m = _greeks(self, surface, spot);
        self.mark = m;
        emit IOptionVault.Marked(m);
    }

    /// @notice The mark with its scenarios as a purchase would find it: the stored one if it is fresh and has them, else what
    /// `remark` would store.
    function markAt(
        State storage self,
        IVolSurface surface,
        uint256 spot
    ) external view returns (Mark memory m, int256[SCENARIOS] memory stress) {
        return _markAt(self, surface, spot);
    }

    /// @notice The mark as a sale or a hedge would find it: the stored one if it is fresh, else what `remarkGreeks` would store.
    function greeksAt(
        State storage self,
        IVolSurface surface,
        uint256 spot
    ) external view returns (Mark memory m, bool fresh) {
        m = self.mark;
        fresh = isFresh(self.limits, m, surface, spot);
        if (!fresh) m = _greeks(self, surface, spot);
    }

    /// @notice Value and Greeks at `spot`, without scenarios.
    function greeks(State storage self, IVolSurface surface, uint256 spot) external view returns (Mark memory m) {
        return _greeks(self, surface, spot);
    }

    /// @notice See Book.all.
    function positions(State storage self) external view returns (uint256[] memory ids, int256[] memory quantities) {
        return self.book.all();
    }

    /// @notice Net weighted vega that trades may still add now, WAD USDC per 1.00 of vol.
    /// @param vegaCapacity WAD USDC per 1.00 of vol; a share of it may be added within the window.
    function vegaWindowLeft(State storage self, uint256 vegaCapacity) external view returns (uint256) {
        return
            RiskLimits.ofTrades(self.limits).vegaWindowLeft(self.mark.vegaAdded, self.mark.vegaAddedAt, vegaCapacity);
    }

    /// @notice Whether a mark is young, near to `spot`, and of the surface as it is. Whether it has scenarios is another question.
    function isFresh(
        VaultLimits storage limits,
        Mark memory m,
        IVolSurface surface,
        uint256 spot
    ) internal view returns (bool) {
        unchecked {
            // The mark's time is past, its spot fits 96 bits. What does not is fresh nowhere, and refused when it is valued.
            uint256 move = SignedMath.abs(int256(spot) - int256(uint256(m.spot)));
            return
                m.time != 0 &&
                spot <= type(uint96).max &&
                block.timestamp - m.time <= limits.maxMarkAge &&
                move * BPS <= uint256(limits.maxMarkMoveBps) * m.spot &&
                m.surfaceVersion == uint24(surface.version());
        }
    }

    /// @notice Net assets, WAD USDC, at the mark's spot.
    function navOf(Mark memory m, Assets memory assets) internal pure returns (int256) {
        return assets.cash + assets.quote + m.value + (assets.base * int256(uint256(m.spot))) / INT_WAD;
    }

    /// @notice Half of what lies between NAV's bid and ask, WAD USDC. @param spreadVol Vol points, WAD.
    function halfSpread(Mark memory m, uint256 spreadVol) internal pure returns (int256) {
        return (int256(uint256(m.grossVega)) * int256(spreadVol)) / 1e6;
    }

    /// @notice The mark, NAV in each scenario, WAD USDC, and the index of the worst.
    function scenarioNavs(
        State storage self,
        IVolSurface surface,
        uint256 spot,
        Assets calldata assets
    ) external view returns (Mark memory m, int256[SCENARIOS] memory navs, uint256 worst) {
        int256[SCENARIOS] memory stress;
        (m, stress) = _markAt(self, surface, spot);
        navs = StressGrid.totals(stress, assets.base, m.spot, assets.cash + assets.quote);
        (, worst) = StressGrid.worst(stress, StressGrid.scenarios(), assets.base, m.spot);
    }

    /// @notice The most that may leave the pool, WAD USDC, so that what stays carries the book as it is marked.
    function releasable(State storage self, Assets calldata assets) external view returns (uint256) {
        Mark memory m = self.mark;
        (int256 worst, ) = StressGrid.worst(self.stress.load(), StressGrid.scenarios(), assets.base, m.spot);
        int256 left = StressGrid.scaled(worst) + assets.cash + assets.quote;
        return self.limits.releasable(navOf(m, assets), left, m.spot, m.weightedVega, m.gamma);
    }

    /// @notice Replaces the limits.
    function setLimits(State storage self, VaultLimits calldata next) external {
        next.validate();
        self.limits = next;
        self.surfaceBudget.set(next.surfaceLossBps);
    }

    /// @dev What a mark knows besides the book's value stays.
    function _carryOver(Mark storage from, Mark memory to) private view {
        (to.vegaAdded, to.vegaAddedAt, to.inventory) = (from.vegaAdded, from.vegaAddedAt, from.inventory);
    }

    function _markAt(
        State storage self,
        IVolSurface surface,
        uint256 spot
    ) private view returns (Mark memory m, int256[SCENARIOS] memory stress) {
        m = self.mark;
        if (m.hasScenarios && isFresh(self.limits, m, surface, spot)) stress = self.stress.load();
        else (m, stress) = _value(self, surface, spot);
    }

    /// @dev The book valued anew; the vega window goes on.
    function _value(
        State storage self,
        IVolSurface surface,
        uint256 spot
    ) private view returns (Mark memory m, int256[SCENARIOS] memory stress) {
        (m, stress) = MarkedBook.value(self.book, _slices(self.book, surface), spot, surface.version());
        _carryOver(self.mark, m);
    }

    function _greeks(State storage self, IVolSurface surface, uint256 spot) private view returns (Mark memory m) {
        m = MarkedBook.greeks(self.book, _slices(self.book, surface), spot, surface.version());
        _carryOver(self.mark, m);
    }

    /// @dev One slice per open expiry, empty for those that have passed.
    function _slices(Book.State storage book, IVolSurface surface) private view returns (Slice[] memory slices) {
        uint256 count = book.expiries.length;
        slices = new Slice[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 expiry = book.expiries[i];
            if (block.timestamp < expiry) (slices[i], ) = surface.sliceOf(expiry);
        }
    }
}
