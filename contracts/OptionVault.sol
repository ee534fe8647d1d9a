// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {AsyncShares} from "./base/AsyncShares.sol";
import {IHedgePosition} from "./interfaces/IHedgePosition.sol";
import {IOptionVault} from "./interfaces/IOptionVault.sol";
import {IPriceOracle} from "./interfaces/IPriceOracle.sol";
import {IVolSurface} from "./interfaces/IVolSurface.sol";
import {Book} from "./libraries/Book.sol";
import {MarkedBook} from "./libraries/MarkedBook.sol";
import {Quoting} from "./libraries/Quoting.sol";
import {RiskEngine} from "./libraries/RiskEngine.sol";
import {RiskLimits} from "./libraries/RiskLimits.sol";
import {SeriesId} from "./libraries/SeriesId.sol";
import {TradeEngine} from "./libraries/TradeEngine.sol";
import {TradedDelta} from "./libraries/TradedDelta.sol";
import {Treasury} from "./libraries/Treasury.sol";

/// @title The pool: LP shares, cash, book, mark, NAV, limits
contract OptionVault is IOptionVault, AsyncShares, AccessManaged {
    using Book for Book.State;
    using RiskEngine for RiskEngine.State;
    using SafeCast for *;
    using SafeERC20 for IERC20;
    using Treasury for Treasury.Accounts;
    using TradedDelta for TradedDelta.State;
    using Treasury for Treasury.State;

    /// @dev WAD USDC per unit of USDC (6 decimals).
    int256 private constant USDC_UNIT = 1e12;

    IPriceOracle public immutable oracle;
    IVolSurface public immutable surface;

    Treasury.State private treasury;
    RiskEngine.State private risk;

    constructor(
        address authority,
        IERC20 usdc_,
        IPriceOracle oracle_,
        IVolSurface surface_,
        RiskLimits.Limits memory initial,
        string memory name,
        string memory symbol
    ) AsyncShares(usdc_) ERC20(name, symbol) AccessManaged(authority) {
        oracle = oracle_;
        surface = surface_;
        _setLimits(initial);
        treasury.epoch.endsAt = uint32(block.timestamp + initial.epochLength);
        treasury.epoch.peak = uint64(Treasury.SHARE_VALUE_UNIT);
    }

    modifier onlyMarket() {
        _requireCaller(treasury.gate.market);
        _;
    }

    modifier onlyDesk() {
        _requireCaller(address(treasury.hedge));
        _;
    }

    // Governance

    /// @notice Connects the market and the desk. One that is in use cannot be replaced: a market while contracts are open or
    /// unpaid, a desk while it holds or owes anything. Role: GOVERNOR.
    function setModules(address market_, IHedgePosition hedge_) external restricted {
        if (market_ == address(0) || address(hedge_) == address(0)) revert ZeroAddress();
        if (market_ != market() && (risk.book.openContracts() > 0 || treasury.accounts.owed > 0))
            revert ModuleInUse(market());
        if (hedge_ != hedge()) {
            if (!_isFlat(hedge())) revert ModuleInUse(address(hedge()));
            risk.mark.inventory = _isFlat(hedge_) ? 0 : MarkedBook.UNKNOWN;
        }
        treasury.gate.market = market_;
        treasury.hedge = hedge_;
        emit ModulesSet(market_, hedge_);
    }

    /// @notice Replaces the limits. Role: GOVERNOR.
    function setLimits(RiskLimits.Limits calldata next) external restricted {
        _setLimits(next);
    }

    /// @inheritdoc IOptionVault
    function pause() external restricted {
        treasury.gate.paused = true;
        emit Paused(msg.sender);
    }

    /// @inheritdoc IOptionVault
    function unpause() external restricted {
        treasury.gate.paused = false;
        emit Unpaused(msg.sender);
    }

    // Mark

    /// @inheritdoc IOptionVault
    function mark() external nonReentrant returns (MarkedBook.Mark memory) {
        return risk.remark(surface, _spot());
    }

    /// @inheritdoc IOptionVault
    function syncMark() external nonReentrant returns (Balance memory b) {
        b.spot = _spot();
        MarkedBook.Mark memory m = risk.mark;
        if (!RiskEngine.isFresh(risk.limits, m, surface, b.spot)) m = risk.remark(surface, b.spot);
        RiskEngine.Assets memory assets = _assetsWith(treasury.accounts);
        (b.base, b.quote, b.nav) = (assets.base, assets.quote, RiskEngine.navOf(m, assets));
        b.netDelta = MarkedBook.deltaAt(m, b.spot) + b.base;
        b.traded = risk.traded.inThisBlock();
    }

    /// @inheritdoc IOptionVault
    function currentMark() public view returns (MarkedBook.Mark memory m, bool fresh) {
        (m, , fresh) = risk.markAt(surface, _spot());
    }

    /// @inheritdoc IOptionVault
    function greeks() external view returns (MarkedBook.Mark memory) {
        return risk.greeks(surface, _spot());
    }

    // The market

    /// @inheritdoc IOptionVault
    function list(uint256[] calldata ids) external onlyMarket {
        for (uint256 i = 0; i < ids.length; ++i) {
            risk.book.list(ids[i]);
            (uint256 expiry, uint256 strike, bool isCall) = SeriesId.decode(ids[i]);
            emit SeriesListed(ids[i], expiry, strike, isCall);
        }
    }

    /// @inheritdoc IOptionVault
    function bookTrade(
        Book.Leg[] calldata legs,
        Quoting.Terms calldata terms,
        address recipient
    ) external nonReentrant onlyMarket returns (Quoting.Quote memory q, uint256 insured) {
        (q, insured) = TradeEngine.trade(risk, treasury, oracle, surface, legs, terms);
        if (q.total < 0) usdc.safeTransfer(recipient, uint256(-q.total));
    }

    /// @inheritdoc IOptionVault
    /// @dev Needs no live price: an expiry settles however the oracle fares now. The mark is dropped, not recomputed.
    function settle(uint256 expiry, uint256 price) external nonReentrant onlyMarket {
        uint256 payouts = risk.book.settle(expiry, price);
        treasury.accounts.owed += payouts.toUint80();
        risk.mark.time = 0;
        emit ExpirySettled(expiry, price, payouts);
    }

    /// @inheritdoc IOptionVault
    function payHolder(
        uint256 id,
        uint256 quantity,
        address recipient
    ) external nonReentrant onlyMarket returns (uint256 assets) {
        uint256 released;
        (assets, released) = risk.book.redeem(id, quantity);
        treasury.pay(assets, released);
        emit HolderPaid(id, recipient, quantity, assets, released);
        usdc.safeTransfer(recipient, assets);
    }

    // The desk

    /// @inheritdoc IOptionVault
    function payForHedge(address to, uint256 assets) external nonReentrant onlyDesk {
        treasury.take(assets);
        risk.mark.inventory = MarkedBook.UNKNOWN;
        emit HedgeFunded(to, assets);
        usdc.safeTransfer(to, assets);
    }

    /// @inheritdoc IOptionVault
    function creditHedge(uint256 assets) external nonReentrant onlyDesk {
        treasury.put(assets);
        risk.mark.inventory = MarkedBook.UNKNOWN;
        emit HedgeReturned(assets);
    }

    /// @inheritdoc IOptionVault
    function noteHedge(uint256 inventory, bool isAll) external nonReentrant onlyDesk {
        risk.mark.inventory = isAll ? uint88(Math.min(inventory, MarkedBook.UNKNOWN)) : MarkedBook.UNKNOWN;
    }

    // LP epochs

    /// @inheritdoc IOptionVault
    /// @dev First the insurance reserve pays for a loss. Then deposits pay the higher NAV (the book's shorts at their bid),
    /// redemptions get the lower (shorts at their ask), all in the same proportion, as far as cash is free and the rest of
    /// the pool still carries the book; what is left waits. Under water deposits wait: they would only fill the hole.
    function processEpoch() external nonReentrant {
        uint256 endsAt = treasury.epoch.endsAt;
        if (block.timestamp < endsAt) revert EpochOpen(endsAt);
        _requireNothingExpired();
        MarkedBook.Mark memory m = risk.remark(surface, _spot());
        uint256 paid = treasury.coverLoss(_navWith(m), totalSupply() + VIRTUAL_SHARES);
        if (paid > 0) emit InsuranceUsed(paid, treasury.accounts.insurance);

        int256 mid = _navWith(m);
        int256 halfSpread = (int256(uint256(m.grossVega)) * int256(uint256(risk.limits.spreadVol))) / 1e6;
        uint256 supply = totalSupply();
        (uint256 assetsIn, uint256 sharesOut) = (0, 0);
        if (mid >= halfSpread) (assetsIn, sharesOut) = _fillDeposits(_toUsdcDown(mid + halfSpread), supply);
        treasury.put(assetsIn);
        (uint256 sharesIn, uint256 assetsOut) = _redeemWhatFits(_toUsdcDown(mid - halfSpread), supply);
        emit EpochProcessed(
            treasury.epoch.id,
            mid - halfSpread,
            mid + halfSpread,
            assetsIn,
            sharesOut,
            sharesIn,
            assetsOut
        );
        RiskLimits.Limits storage rules = risk.limits;
        treasury.beginEpoch(
            _navWith(m),
            totalSupply() + VIRTUAL_SHARES,
            rules.epochLength,
            rules.vegaCapacityBps,
            rules.maxDrawdownBps
        );
    }

    // Views

    /// @inheritdoc IOptionVault
    function market() public view returns (address) {
        return treasury.gate.market;
    }

    /// @inheritdoc IOptionVault
    function hedge() public view returns (IHedgePosition) {
        return treasury.hedge;
    }

    /// @inheritdoc IOptionVault
    function nav() public view returns (int256) {
        (MarkedBook.Mark memory m, ) = currentMark();
        return _navWith(m);
    }

    /// @inheritdoc IOptionVault
    function exposure() external view returns (Exposure memory) {
        return exposureAt(_spot());
    }

    /// @inheritdoc IOptionVault
    function exposureAt(uint256 spot) public view returns (Exposure memory) {
        (MarkedBook.Mark memory m, , ) = risk.markAt(surface, spot);
        return _exposureAt(m, spot);
    }

    /// @inheritdoc IOptionVault
    function traded() external view returns (TradedDelta.State memory) {
        return risk.traded;
    }

    /// @inheritdoc IOptionVault
    function stress() external view returns (int256[12] memory navs, uint256 worst) {
        (, navs, worst) = stressAt(_spot());
    }

    /// @inheritdoc IOptionVault
    function stressAt(uint256 spot) public view returns (Exposure memory e, int256[12] memory navs, uint256 worst) {
        MarkedBook.Mark memory m;
        (m, navs, worst) = risk.scenarioNavs(surface, spot, _assetsWith(treasury.accounts));
        e = _exposureAt(m, spot);
    }

    /// @inheritdoc IOptionVault
    function previewTrade(
        Book.Leg[] calldata legs,
        Quoting.Terms calldata terms
    ) external view returns (Quoting.Quote memory, Exposure memory) {
        return TradeEngine.previewTrade(risk, treasury, oracle, surface, legs, terms);
    }

    /// @inheritdoc IOptionVault
    function cash() external view returns (uint256) {
        return treasury.accounts.cash;
    }

    /// @inheritdoc IOptionVault
    function owed() external view returns (uint256) {
        return treasury.accounts.owed;
    }

    /// @inheritdoc IOptionVault
    function insurance() external view returns (uint256) {
        return treasury.accounts.insurance;
    }

    /// @inheritdoc IOptionVault
    function freeCash() public view returns (uint256) {
        return treasury.freeCash();
    }

    /// @inheritdoc IOptionVault
    function shortfall() external view returns (uint256) {
        return Math.saturatingSub(treasury.accounts.owed, treasury.accounts.cash);
    }

    /// @inheritdoc IOptionVault
    function epoch() external view returns (uint256) {
        return treasury.epoch.id;
    }

    /// @inheritdoc IOptionVault
    function epochEndsAt() external view returns (uint256) {
        return treasury.epoch.endsAt;
    }

    /// @inheritdoc IOptionVault
    function paused() external view returns (bool) {
        return treasury.gate.paused;
    }

    /// @inheritdoc IOptionVault
    function shareValue() external view returns (uint256 value, uint256 peak) {
        return (Treasury.shareValue(nav(), totalSupply() + VIRTUAL_SHARES), treasury.epoch.peak);
    }

    /// @inheritdoc IOptionVault
    function breaker() external view returns (uint256 peak, int256 floor) {
        return (treasury.epoch.peak, treasury.floor());
    }

    /// @inheritdoc IOptionVault
    function vegaWindowLeft() external view returns (uint256) {
        return risk.vegaWindowLeft(treasury.vegaCapacity());
    }

    /// @inheritdoc IOptionVault
    function limits() external view returns (RiskLimits.Limits memory) {
        return risk.limits;
    }

    /// @inheritdoc IOptionVault
    function openExpiries() external view returns (uint256[] memory expiries) {
        uint40[] memory stored = risk.book.expiries;
        expiries = new uint256[](stored.length);
        for (uint256 i = 0; i < stored.length; ++i) expiries[i] = stored[i];
    }

    /// @inheritdoc IOptionVault
    function book() external view returns (uint256[] memory ids, int256[] memory quantities) {
        return risk.positions();
    }

    /// @inheritdoc IOptionVault
    function positionOf(uint256 id) external view returns (int256) {
        return risk.book.positionOf(id);
    }

    /// @inheritdoc IOptionVault
    function openContracts() external view returns (uint256) {
        return risk.book.openContracts();
    }

    /// @inheritdoc IOptionVault
    function expiryOf(uint256 expiry) external view returns (Book.Expiry memory) {
        return risk.book.byExpiry[expiry].totals;
    }

    /// @inheritdoc IOptionVault
    function settlementPriceOf(uint256 expiry) external view returns (uint256) {
        return risk.book.byExpiry[expiry].totals.settlementPrice;
    }

    // Inside: mark and NAV

    function _epochEnd() internal view override returns (uint256 endsAt, uint256 length) {
        return (treasury.epoch.endsAt, risk.limits.epochLength);
    }

    /// @dev ERC-4626's views may not revert: without a live price, the price of the last mark serves.
    function _poolAssets() internal view override returns (uint256) {
        try this.nav() returns (int256 live) {
            return _toUsdcDown(live);
        } catch {
            return _toUsdcDown(_navWith(risk.mark));
        }
    }

    function _spot() private view returns (uint256 spot) {
        (spot, ) = oracle.spot();
    }

    function _assetsWith(Treasury.Accounts memory a) private view returns (RiskEngine.Assets memory assets) {
        assets.cash = a.netCash();
        (assets.base, assets.quote) = treasury.hedgeOf(risk.mark.inventory);
    }

    /// @dev Neither holds nor owes anything.
    function _isFlat(IHedgePosition desk) private view returns (bool) {
        if (address(desk) == address(0)) return true;
        (int256 base, int256 quote) = desk.position();
        return base == 0 && quote == 0;
    }

    function _exposureAt(MarkedBook.Mark memory m, uint256 spot) private view returns (Exposure memory) {
        RiskEngine.Assets memory assets = _assetsWith(treasury.accounts);
        int256 nav_ = RiskEngine.navOf(m, assets);
        return Exposure(m, spot, assets.base, assets.quote, nav_, treasury.vegaCapacity());
    }

    function _navWith(MarkedBook.Mark memory m) private view returns (int256) {
        return RiskEngine.navOf(m, _assetsWith(treasury.accounts));
    }

    // Inside: rules

    function _requireCaller(address module) private view {
        if (msg.sender != module) revert Unauthorized(msg.sender);
    }

    function _requireNothingExpired() private view {
        uint40[] memory expiries = risk.book.expiries;
        for (uint256 i = 0; i < expiries.length; ++i) {
            if (block.timestamp >= expiries[i]) revert ExpiryUnsettled(expiries[i]);
        }
    }

    function _setLimits(RiskLimits.Limits memory next) private {
        risk.setLimits(next);
        emit LimitsSet(next);
    }

    function _redeemWhatFits(uint256 poolAtBid, uint256 supply) private returns (uint256 sharesIn, uint256 assetsOut) {
        if (poolAtBid == 0) return (0, 0);
        (sharesIn, assetsOut) = _queuedRedemptions(poolAtBid, supply);
        if (sharesIn == 0) return (0, 0);
        uint256 most = risk.releasable(_assetsWith(treasury.accounts)) / uint256(USDC_UNIT);
        uint256 room = Math.min(most, treasury.freeCash());
        if (assetsOut > room) {
            sharesIn = Math.mulDiv(sharesIn, room, assetsOut);
            assetsOut = sharesIn == 0 ? 0 : room;
        }
        if (sharesIn == 0) return (0, 0);
        _fillRedemptions(sharesIn, assetsOut);
        treasury.take(assetsOut);
    }

    /// @dev Rounds down; nothing for what is negative.
    function _toUsdcDown(int256 wad) private pure returns (uint256) {
        return wad <= 0 ? 0 : uint256(wad / USDC_UNIT);
    }
}
