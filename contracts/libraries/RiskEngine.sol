// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {Book} from "./Book.sol";
import {MarkedBook} from "./MarkedBook.sol";
import {RiskLimits} from "./RiskLimits.sol";
import {SeriesId} from "./SeriesId.sol";
import {Ssvi} from "./Ssvi.sol";
import {SCENARIOS, StressGrid} from "./StressGrid.sol";

/// @notice Where a book's slices come from. `version` changes whenever any of them does.
interface ISlices {
    function sliceOf(uint256 expiry) external view returns (Ssvi.Slice memory slice, uint256 updatedAt);
    function version() external view returns (uint256);
}

/// @title A pool's book with its mark, its stress grid and the limits that it is held to
/// @notice Owns their storage and the verbs on it: mark, trade, what may be released.
/// @dev Deployed by itself and linked: with the pricing libraries inside, the vault would be larger than contracts may be.
library RiskEngine {
    using Book for Book.State;
    using RiskLimits for RiskLimits.Limits;
    using SafeCast for uint256;
    using StressGrid for StressGrid.State;

    struct State {
        Book.State book;
        MarkedBook.Mark mark;
        StressGrid.State stress;
        RiskLimits.Limits limits;
    }

    /// @notice All that a pool has besides its book. @param cash WAD USDC, less what is owed.
    /// @param base,quote The hedge: see IHedgePosition.
    struct Assets {
        int256 cash;
        int256 base;
        int256 quote;
    }

    /// @notice What a trade leaves behind. @param stress See StressGrid. @param nav WAD USDC. @param opens Whether any leg
    /// was sold by the vault.
    struct Outcome {
        MarkedBook.Mark mark;
        int256[SCENARIOS] stress;
        int256 nav;
        bool opens;
    }

    /// @dev What rules that bind only growth need to know of the time before a trade. `worst` is not rounded: a rule that
    /// binds a loss binds the smallest.
    struct Before {
        int256 weightedVega;
        int256 gamma;
        int256 worst;
    }

    /// @notice Trades have lately added as much vega as `available` leaves room for (both WAD USDC per 1.00 of vol).
    error VegaWindowExceeded(uint256 added, uint256 available);

    int256 private constant WAD = 1e18;
    uint256 private constant BPS = 10_000;

    /// @notice Values the book at `spot` and stores the mark.
    function remark(State storage self, ISlices surface, uint256 spot) external {
        _remark(self, self.mark, surface, spot);
    }

    /// @notice Values the book anew if its mark is stale at `spot`. @return Spot, delta and weighted vega of the mark.
    function refresh(State storage self, ISlices surface, uint256 spot) external returns (uint256, int256, int256) {
        MarkedBook.Mark memory m = self.mark;
        if (!_isFresh(self.limits, m, surface, spot)) m = _remark(self, m, surface, spot);
        return (m.spot, m.delta, m.weightedVega);
    }

    /// @notice What `refresh` would store.
    function markAt(
        State storage self,
        ISlices surface,
        uint256 spot
    ) external view returns (MarkedBook.Mark memory m, bool fresh) {
        (m, , fresh) = _markAt(self, surface, spot);
    }

    /// @notice Value and Greeks at `spot`, without scenarios.
    function greeks(
        State storage self,
        ISlices surface,
        uint256 spot
    ) external view returns (MarkedBook.Mark memory m) {
        m = MarkedBook.greeks(self.book, _slices(self.book, surface), spot, surface.version());
        (m.vegaAdded, m.vegaAddedAt) = (self.mark.vegaAdded, self.mark.vegaAddedAt);
    }

    /// @notice The vault takes the other side of `legs`, at the stored mark. Limits bind what grows.
    /// @param assets After the trade's cash. @param vegaCapacity See `vegaWindowLeft`.
    function trade(
        State storage self,
        ISlices surface,
        Book.Leg[] calldata legs,
        Assets calldata assets,
        uint256 vegaCapacity
    ) external returns (int256 nav, bool opens) {
        Outcome memory o;
        o.mark = self.mark;
        o.stress = self.stress.load();
        Book.Place[] memory places = new Book.Place[](legs.length);
        for (uint256 i = 0; i < legs.length; ++i) places[i] = self.book.take(legs[i]);
        _apply(self.limits, o, surface, legs, places, assets, vegaCapacity);
        self.mark = o.mark;
        self.stress.store(o.stress);
        return (o.nav, o.opens);
    }

    /// @notice What `trade` would leave behind if the spot were `spot`. Reverts as it would.
    function previewTrade(
        State storage self,
        ISlices surface,
        uint256 spot,
        Book.Leg[] calldata legs,
        Assets calldata assets,
        uint256 vegaCapacity
    ) external view returns (Outcome memory o) {
        (o.mark, o.stress, ) = _markAt(self, surface, spot);
        Book.Place[] memory places = new Book.Place[](legs.length);
        for (uint256 i = 0; i < legs.length; ++i) places[i] = _afterLegs(self.book, legs, i);
        _apply(self.limits, o, surface, legs, places, assets, vegaCapacity);
    }

    /// @notice Net weighted vega that trades may still add now, WAD USDC per 1.00 of vol.
    /// @param vegaCapacity WAD USDC per 1.00 of vol; a share of it may be added within the window.
    function vegaWindowLeft(State storage self, uint256 vegaCapacity) external view returns (uint256) {
        return _vegaWindowLeft(self.limits, self.mark, vegaCapacity);
    }

    /// @notice Net assets, WAD USDC, at the mark's spot.
    function navOf(MarkedBook.Mark memory m, Assets memory assets) internal pure returns (int256) {
        return assets.cash + assets.quote + m.value + (assets.base * int256(uint256(m.spot))) / WAD;
    }

    /// @notice The mark, NAV in each scenario, WAD USDC, and the index of the worst.
    function scenarioNavs(
        State storage self,
        ISlices surface,
        uint256 spot,
        Assets calldata assets
    ) external view returns (MarkedBook.Mark memory m, int256[SCENARIOS] memory navs, uint256 worst) {
        int256[SCENARIOS] memory stress;
        (m, stress, ) = _markAt(self, surface, spot);
        navs = StressGrid.totals(stress, assets.base, m.spot, assets.cash + assets.quote);
        (, worst) = StressGrid.worst(stress, StressGrid.scenarios(), assets.base, m.spot);
    }

    /// @notice The most that may leave the pool, WAD USDC, so that what stays carries the book as it is marked.
    function releasable(State storage self, Assets calldata assets) external view returns (uint256) {
        MarkedBook.Mark memory m = self.mark;
        (int256 worst, ) = StressGrid.worst(self.stress.load(), StressGrid.scenarios(), assets.base, m.spot);
        int256 left = StressGrid.scaled(worst) + assets.cash + assets.quote;
        return self.limits.releasable(navOf(m, assets), left, m.spot, m.weightedVega, m.gamma);
    }

    /// @notice Replaces the limits.
    function setLimits(State storage self, RiskLimits.Limits calldata next) external {
        next.validate();
        self.limits = next;
    }

    /// @param last The mark that is replaced.
    function _remark(
        State storage self,
        MarkedBook.Mark memory last,
        ISlices surface,
        uint256 spot
    ) private returns (MarkedBook.Mark memory m) {
        int256[SCENARIOS] memory stress;
        (m, stress) = _value(self, last, surface, spot);
        self.mark = m;
        self.stress.store(stress);
        emit IOptionVault.Marked(m);
    }

    function _markAt(
        State storage self,
        ISlices surface,
        uint256 spot
    ) private view returns (MarkedBook.Mark memory m, int256[SCENARIOS] memory stress, bool fresh) {
        m = self.mark;
        fresh = _isFresh(self.limits, m, surface, spot);
        if (fresh) stress = self.stress.load();
        else (m, stress) = _value(self, m, surface, spot);
    }

    /// @dev The book valued anew. @param last The mark that it replaces, whose vega window goes on.
    function _value(
        State storage self,
        MarkedBook.Mark memory last,
        ISlices surface,
        uint256 spot
    ) private view returns (MarkedBook.Mark memory m, int256[SCENARIOS] memory stress) {
        (m, stress) = MarkedBook.value(self.book, _slices(self.book, surface), spot, surface.version());
        (m.vegaAdded, m.vegaAddedAt) = (last.vegaAdded, last.vegaAddedAt);
    }

    function _isFresh(
        RiskLimits.Limits storage limits,
        MarkedBook.Mark memory m,
        ISlices surface,
        uint256 spot
    ) private view returns (bool) {
        uint256 move = SignedMath.abs(int256(spot) - int256(uint256(m.spot)));
        return
            m.time != 0 &&
            block.timestamp - m.time <= limits.maxMarkAge &&
            move * BPS <= uint256(limits.maxMarkMoveBps) * m.spot &&
            m.surfaceVersion == uint32(surface.version());
    }

    /// @dev One slice per open expiry, empty for those that have passed.
    function _slices(Book.State storage book, ISlices surface) private view returns (Ssvi.Slice[] memory slices) {
        uint256 count = book.expiries.length;
        slices = new Ssvi.Slice[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 expiry = book.expiries[i];
            if (block.timestamp < expiry) (slices[i], ) = surface.sliceOf(expiry);
        }
    }

    /// @dev Adds a trade to mark and scenarios, in place, and holds it to the limits, unless nothing is sold.
    /// @param places Short contracts of each leg's series and expiry after the trade.
    function _apply(
        RiskLimits.Limits storage stored,
        Outcome memory o,
        ISlices surface,
        Book.Leg[] calldata legs,
        Book.Place[] memory places,
        Assets calldata assets,
        uint256 vegaCapacity
    ) private view {
        MarkedBook.Mark memory m = o.mark;
        uint256[SCENARIOS] memory grid = StressGrid.scenarios();
        for (uint256 i = 0; i < legs.length; ++i) o.opens = o.opens || legs[i].quantity > 0;
        Before memory b;
        if (o.opens) {
            (b.weightedVega, b.gamma) = (m.weightedVega, m.gamma);
            (b.worst, ) = StressGrid.worst(o.stress, grid, assets.base, m.spot);
        }
        MarkedBook.Sums memory sums;
        for (uint256 i = 0; i < legs.length; ++i) {
            (Ssvi.Slice memory slice, ) = surface.sliceOf(SeriesId.expiryOf(legs[i].id));
            MarkedBook.addLeg(sums, o.stress, grid, legs[i], slice, m.spot);
        }
        MarkedBook.add(m, sums);
        o.nav = navOf(m, assets);
        if (!o.opens) return;

        RiskLimits.Limits memory limits = RiskLimits.ofTrades(stored);
        for (uint256 i = 0; i < legs.length; ++i) {
            if (legs[i].quantity < 0) continue;
            limits.requireCaps(o.nav, m.spot, legs[i].id, places[i].open, places[i].inExpiry);
        }
        uint256 added = limits.requireVega(o.nav, b.weightedVega, m.weightedVega);
        limits.requireGamma(o.nav, m.spot, b.gamma, m.gamma);
        (int256 worst, uint256 scenario) = StressGrid.worst(o.stress, grid, assets.base, m.spot);
        if (worst < b.worst) {
            limits.requireReserve(o.nav, scenario, StressGrid.scaled(worst) + assets.cash + assets.quote);
        }
        _consume(limits, m, vegaCapacity, added);
    }

    /// @dev Enters vega that a trade adds, rounded up to a dollar, into the mark's window.
    function _consume(
        RiskLimits.Limits memory limits,
        MarkedBook.Mark memory m,
        uint256 vegaCapacity,
        uint256 added
    ) private view {
        if (added == 0) return;
        uint256 available = _vegaWindowLeft(limits, m, vegaCapacity);
        if (added > available) revert VegaWindowExceeded(added, available);
        uint256 used = _vegaWindow(limits, vegaCapacity) - available + added;
        (m.vegaAdded, m.vegaAddedAt) = (Math.ceilDiv(used, uint256(WAD)).toUint32(), uint32(block.timestamp));
    }

    /// @dev What was added leaks away evenly, a full window's worth within the window.
    function _vegaWindowLeft(
        RiskLimits.Limits memory limits,
        MarkedBook.Mark memory m,
        uint256 vegaCapacity
    ) private view returns (uint256) {
        uint256 window = _vegaWindow(limits, vegaCapacity);
        uint256 leaked = (window * (block.timestamp - m.vegaAddedAt)) / limits.vegaWindow;
        return Math.saturatingSub(window, Math.saturatingSub(m.vegaAdded * uint256(WAD), leaked));
    }

    function _vegaWindow(RiskLimits.Limits memory limits, uint256 vegaCapacity) private pure returns (uint256) {
        return (vegaCapacity * limits.vegaWindowBps) / BPS;
    }

    /// @dev Short contracts in the series and the expiry of leg `last` after it and those before it.
    function _afterLegs(
        Book.State storage book,
        Book.Leg[] calldata legs,
        uint256 last
    ) private view returns (Book.Place memory) {
        uint256 expiry = SeriesId.expiryOf(legs[last].id);
        (Book.Series storage stored, Book.Expiry storage totals) = book.find(legs[last].id);
        int256 series = -int256(stored.quantity);
        int256 total = int256(uint256(totals.contracts));
        for (uint256 i = 0; i <= last; ++i) {
            uint256 other = SeriesId.expiryOf(legs[i].id);
            if (legs[i].id == legs[last].id) series += legs[i].quantity;
            if (other == expiry) total += legs[i].quantity;
        }
        if (series < 0) revert Book.MoreThanOpen(legs[last].id, SignedMath.abs(legs[last].quantity));
        return Book.Place(uint256(series), uint256(total).toUint88());
    }
}
