// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {AsyncShares, VIRTUAL_SHARES} from "./base/AsyncShares.sol";
import {IHedgePosition} from "./interfaces/IHedgePosition.sol";
import {IOptionVault} from "./interfaces/IOptionVault.sol";
import {IPriceOracle} from "./interfaces/IPriceOracle.sol";
import {IVolSurface} from "./interfaces/IVolSurface.sol";
import {ExpiryTotals, Leg, Mark, PackedPricing, Quote, TradedFlow, VaultLimits} from "./interfaces/Types.sol";
import {Book} from "./libraries/Book.sol";
import {EpochEngine} from "./libraries/EpochEngine.sol";
import {MarkedBook} from "./libraries/MarkedBook.sol";
import {PoolEngine} from "./libraries/PoolEngine.sol";
import {PriceSources} from "./libraries/PriceSources.sol";
import {RiskEngine} from "./libraries/RiskEngine.sol";
import {SurfaceEngine} from "./libraries/SurfaceEngine.sol";
import {TradeEngine} from "./libraries/TradeEngine.sol";
import {TradePreview} from "./libraries/TradePreview.sol";
import {Treasury} from "./libraries/Treasury.sol";

/// @title The pool: LP shares, cash, book, mark, NAV, limits
contract OptionVault is IOptionVault, AsyncShares, AccessManaged {
    using Book for Book.State;
    using PriceSources for PriceSources.State;
    using RiskEngine for RiskEngine.State;
    using SafeERC20 for IERC20;
    using Treasury for Treasury.State;

    IVolSurface public immutable surface;

    Treasury.State private treasury;
    RiskEngine.State private risk;
    mapping(address market => Treasury.Tenure) private tenures;
    /// @inheritdoc IOptionVault
    mapping(address account => uint256) public proceedsOf;
    PriceSources.State private sources;

    constructor(
        address authority,
        IERC20 usdc_,
        IPriceOracle oracle_,
        IVolSurface surface_,
        VaultLimits memory initial,
        string memory name,
        string memory symbol
    ) AsyncShares(usdc_) ERC20(name, symbol) AccessManaged(authority) {
        sources.current = oracle_;
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

    /// @notice Connects the market and the desk. One that is in use cannot be replaced: a market while contracts are open, a desk while
    /// it holds or owes anything. A market that is replaced goes on paying what is owed. Role: GOVERNOR.
    function setModules(address market_, IHedgePosition hedge_) external restricted {
        if (market_ == address(0) || address(hedge_) == address(0)) revert ZeroAddress();
        if (market_ != market()) {
            if (risk.book.openContracts() > 0) revert ModuleInUse(market());
            tenures[market()].owed = treasury.accounts.owed;
            if (market() != address(0)) tenures[market_].since = uint40(block.timestamp);
        }
        if (address(hedge_) != address(desk())) {
            if (!_isFlat(desk())) revert ModuleInUse(address(desk()));
            risk.mark.inventory = _isFlat(hedge_) ? 0 : MarkedBook.UNKNOWN;
        }
        treasury.gate.market = market_;
        treasury.hedge = hedge_;
        emit ModulesSet(market_, hedge_);
    }

    /// @notice Replaces the oracle: `next` values the pool from now on, and decides expiries that are not listed yet. Those that
    /// are keep theirs, unless it has been silent for a week. `next` must have a price. Role: GOVERNOR.
    function setOracle(IPriceOracle next) external restricted {
        sources.replace(next, risk.book.expiries);
        emit OracleSet(next);
    }

    /// @notice Replaces the limits. Role: GOVERNOR.
    function setLimits(VaultLimits calldata next) external restricted {
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
    function mark() external nonReentrant returns (Mark memory) {
        return risk.remark(surface, _spot());
    }

    /// @inheritdoc IOptionVault
    function currentMark() public view returns (Mark memory m, bool fresh) {
        (m, fresh) = risk.greeksAt(surface, _spot());
    }

    /// @inheritdoc IOptionVault
    function greeks() external view returns (Mark memory) {
        return risk.greeks(surface, _spot());
    }

    /// @inheritdoc IOptionVault
    function followSurface() external nonReentrant {
        SurfaceEngine.follow(risk, treasury, surface, _spot());
    }

    // The market

    /// @inheritdoc IOptionVault
    function list(uint256[] calldata ids) external onlyMarket {
        PoolEngine.list(risk, sources, ids);
    }

    /// @inheritdoc IOptionVault
    function delist(uint256[] calldata ids) external onlyMarket {
        PoolEngine.delist(risk, ids);
    }

    /// @inheritdoc IOptionVault
    function bookTrade(
        Leg[] calldata legs,
        PackedPricing calldata terms,
        address recipient,
        bool mayOwe
    ) external nonReentrant onlyMarket returns (Quote memory q, uint256 insured) {
        uint256 unpaid;
        (q, insured, unpaid) = TradeEngine.trade(risk, treasury, sources.current, surface, legs, terms, mayOwe);
        if (unpaid > 0) {
            proceedsOf[recipient] += unpaid;
            emit ProceedsOwed(recipient, unpaid);
        }
        if (q.total < 0) usdc.safeTransfer(recipient, uint256(-q.total) - unpaid);
    }

    /// @inheritdoc IOptionVault
    function claimProceeds(address account) external nonReentrant returns (uint256 assets) {
        assets = Math.min(proceedsOf[account], treasury.accounts.cash);
        proceedsOf[account] -= assets;
        treasury.pay(assets, assets);
        emit ProceedsPaid(account, assets);
        usdc.safeTransfer(account, assets);
    }

    /// @inheritdoc IOptionVault
    /// @dev Needs no live price: an expiry settles however the oracle fares now. The mark is dropped, not recomputed.
    function settle(uint256 expiry, uint256 price) external nonReentrant onlyMarket {
        PoolEngine.settle(risk, treasury, expiry, price);
    }

    /// @inheritdoc IOptionVault
    function payHolder(uint256 id, uint256 quantity, address recipient) external nonReentrant returns (uint256 assets) {
        bool isCurrent = msg.sender == market();
        assets = PoolEngine.payHolder(risk, treasury, tenures[msg.sender], isCurrent, id, quantity, recipient);
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
    /// @dev Deposits pay the higher NAV (the book's shorts at their bid), redemptions get the lower (shorts at their ask), all
    /// in the same proportion, as far as cash is free and the rest of the pool still carries the book; what is left waits.
    /// Under water deposits wait: they would only fill the hole.
    function processEpoch() external nonReentrant {
        uint256 supply = totalSupply();
        EpochEngine.Prices memory p = EpochEngine.price(
            risk,
            treasury,
            sources.current,
            surface,
            _queuedShares(),
            supply + VIRTUAL_SHARES
        );
        (uint256 assetsIn, uint256 sharesOut) = p.joinable ? _fillDeposits(p.ask, supply) : (0, 0);
        treasury.put(assetsIn);
        (uint256 sharesIn, uint256 assetsOut) = _redeemWhatFits(p.bid, supply);
        emit EpochProcessed(treasury.epoch.id, p.navBid, p.navAsk, assetsIn, sharesOut, sharesIn, assetsOut);
        EpochEngine.begin(risk, treasury, totalSupply() + VIRTUAL_SHARES);
    }

    // Views

    /// @inheritdoc IOptionVault
    function market() public view returns (address) {
        return treasury.gate.market;
    }

    /// @inheritdoc IOptionVault
    function oracle() external view returns (IPriceOracle) {
        return sources.current;
    }

    /// @inheritdoc IOptionVault
    function oracleOf(uint256 expiry) external view returns (IPriceOracle) {
        return sources.decidingFor(expiry);
    }

    /// @inheritdoc IOptionVault
    function desk() public view returns (IHedgePosition) {
        return treasury.hedge;
    }

    /// @inheritdoc IOptionVault
    function nav() public view returns (int256) {
        return PoolEngine.navAt(risk, treasury, surface, _spot());
    }

    /// @inheritdoc IOptionVault
    function balance() external view nonReentrantView returns (Balance memory) {
        return PoolEngine.balance(risk, treasury, sources.current, surface);
    }

    /// @inheritdoc IOptionVault
    function exposure() external view returns (Exposure memory) {
        return exposureAt(_spot());
    }

    /// @inheritdoc IOptionVault
    function exposureAt(uint256 spot) public view returns (Exposure memory) {
        return PoolEngine.exposureAt(risk, treasury, surface, spot);
    }

    /// @inheritdoc IOptionVault
    function traded() external view returns (TradedFlow memory) {
        return risk.traded;
    }

    /// @inheritdoc IOptionVault
    function stress() external view returns (int256[12] memory navs, uint256 worst) {
        (, navs, worst) = stressAt(_spot());
    }

    /// @inheritdoc IOptionVault
    function stressAt(uint256 spot) public view returns (Exposure memory, int256[12] memory, uint256) {
        return PoolEngine.stressAt(risk, treasury, surface, spot);
    }

    /// @inheritdoc IOptionVault
    function previewTrade(
        Leg[] calldata legs,
        PackedPricing calldata terms
    ) external view returns (Quote memory, Exposure memory) {
        return TradePreview.previewTrade(risk, treasury, sources.current, surface, legs, terms);
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
    function surfaceAllowance() external view returns (uint256) {
        return PoolEngine.surfaceAllowance(risk, treasury);
    }

    /// @inheritdoc IOptionVault
    function version() external pure returns (string memory) {
        return "1.0";
    }

    /// @inheritdoc IOptionVault
    function limits() external view returns (VaultLimits memory) {
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
    function expiryOf(uint256 expiry) external view returns (ExpiryTotals memory) {
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

    function _poolAssets() internal view override returns (uint256) {
        return PoolEngine.poolAssets(risk, treasury, sources.current, surface);
    }

    function _spot() private view returns (uint256 spot) {
        (spot, ) = sources.current.spot();
    }

    /// @dev Neither holds nor owes anything.
    function _isFlat(IHedgePosition desk) private view returns (bool) {
        if (address(desk) == address(0)) return true;
        (int256 base, int256 quote) = desk.position();
        return base == 0 && quote == 0;
    }

    // Inside: rules

    function _requireCaller(address module) private view {
        if (msg.sender != module) revert Unauthorized(msg.sender);
    }

    function _setLimits(VaultLimits memory next) private {
        risk.setLimits(next);
        emit LimitsSet(next);
    }

    function _redeemWhatFits(uint256 poolAtBid, uint256 supply) private returns (uint256 sharesIn, uint256 assetsOut) {
        if (poolAtBid == 0) return (0, 0);
        (sharesIn, assetsOut) = _queuedRedemptions(poolAtBid, supply);
        if (sharesIn == 0) return (0, 0);
        uint256 room = EpochEngine.releasable(risk, treasury);
        if (assetsOut > room) {
            sharesIn = Math.mulDiv(sharesIn, room, assetsOut);
            assetsOut = sharesIn == 0 ? 0 : room;
        }
        if (sharesIn == 0) return (0, 0);
        _fillRedemptions(sharesIn, assetsOut);
        treasury.take(assetsOut);
    }
}
