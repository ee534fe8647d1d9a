// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {AsyncShares} from "./base/AsyncShares.sol";
import {IHedgePosition} from "./interfaces/IHedgePosition.sol";
import {IOptionVault} from "./interfaces/IOptionVault.sol";
import {IPriceOracle} from "./interfaces/IPriceOracle.sol";
import {IVolSurface} from "./interfaces/IVolSurface.sol";
import {Book} from "./libraries/Book.sol";
import {SeriesId} from "./libraries/SeriesId.sol";
import {Ssvi} from "./libraries/Ssvi.sol";
import {Valuation} from "./libraries/Valuation.sol";

/// @title The pool: LP shares, cash, book, mark, NAV, limits
contract OptionVault is IOptionVault, AsyncShares, AccessManaged {
    using Book for Book.State;
    using SafeCast for *;
    using SafeERC20 for IERC20;

    /// @dev Sums over positions while a mark is made: products of two WADs, scaled down once at the end.
    struct Totals {
        int256 value;
        int256 delta;
        int256 gamma;
        int256 vega;
        int256 weightedVega;
        uint256 grossVega;
    }

    uint256 private constant BPS = 10_000;
    int256 private constant WAD = 1e18;
    /// @dev WAD USDC per unit of USDC (6 decimals).
    int256 private constant USDC_UNIT = 1e12;

    IPriceOracle public immutable oracle;
    IVolSurface public immutable surface;

    address public market;
    IHedgePosition public hedge;

    /// @notice USDC of the pool. Queued deposits and assets set aside for redemptions are not in it.
    uint256 public cash;
    /// @notice USDC owed to holders of settled series.
    uint256 public owed;
    uint256 public epoch;
    uint256 public epochEndsAt;

    Limits private limits_;
    Mark private mark_;
    /// @dev Σ |short quantity| over open series, WAD contracts.
    uint256 private shortContracts;
    Book.State private book_;
    mapping(uint256 expiry => uint256) public settlementPriceOf;
    /// @dev What of `owed` belongs to each settled series, so that its rounding dust is freed with its last holder.
    mapping(uint256 id => uint256) private owedOf;

    constructor(
        address authority,
        IERC20 usdc_,
        IPriceOracle oracle_,
        IVolSurface surface_,
        Limits memory initial,
        string memory name,
        string memory symbol
    ) AsyncShares(usdc_) ERC20(name, symbol) AccessManaged(authority) {
        oracle = oracle_;
        surface = surface_;
        _setLimits(initial);
        epochEndsAt = block.timestamp + initial.epochLength;
    }

    modifier onlyMarket() {
        if (msg.sender != market) revert Unauthorized(msg.sender);
        _;
    }

    modifier onlyDesk() {
        if (msg.sender != address(hedge)) revert Unauthorized(msg.sender);
        _;
    }

    // Governance

    /// @notice Connects the market and the desk. Role: GOVERNOR.
    function setModules(address market_, IHedgePosition hedge_) external restricted {
        if (market_ == address(0) || address(hedge_) == address(0)) revert ZeroAddress();
        market = market_;
        hedge = hedge_;
        emit ModulesSet(market_, hedge_);
    }

    /// @notice Replaces the limits. Role: GOVERNOR.
    function setLimits(Limits calldata next) external restricted {
        _setLimits(next);
    }

    // Mark

    /// @inheritdoc IOptionVault
    function mark() external nonReentrant returns (Mark memory m) {
        m = _computeMark();
        _storeMark(m);
    }

    /// @inheritdoc IOptionVault
    function refresh() external onlyMarket returns (Exposure memory) {
        (Mark memory m, bool fresh) = currentMark();
        if (!fresh) _storeMark(m);
        return _exposureAt(m);
    }

    /// @inheritdoc IOptionVault
    function currentMark() public view returns (Mark memory m, bool fresh) {
        (uint256 spot, ) = oracle.spot();
        m = mark_;
        uint256 move = SignedMath.abs(int256(spot) - int256(uint256(m.spot)));
        fresh =
            m.time != 0 &&
            block.timestamp - m.time <= limits_.maxMarkAge &&
            move * BPS <= uint256(limits_.maxMarkMoveBps) * m.spot;
        if (!fresh) m = _markAt(spot);
    }

    // The market

    /// @inheritdoc IOptionVault
    function list(uint256[] calldata ids) external onlyMarket {
        for (uint256 i = 0; i < ids.length; ++i) {
            book_.list(ids[i]);
            (uint256 expiry, uint256 strike, bool isCall) = SeriesId.decode(ids[i]);
            emit SeriesListed(ids[i], expiry, strike, isCall);
        }
    }

    /// @inheritdoc IOptionVault
    function applyTrade(Fill[] calldata fills, int256 cashIn, address recipient) external nonReentrant onlyMarket {
        Mark memory m = mark_;
        uint256 vegaBefore = SignedMath.abs(m.weightedVega);
        uint256 contractsBefore = shortContracts;
        for (uint256 i = 0; i < fills.length; ++i) _applyFill(m, fills[i]);
        mark_ = m;

        if (cashIn >= 0) {
            cash += uint256(cashIn);
        } else {
            _payOut(recipient, uint256(-cashIn));
        }
        _requireWithinLimits(m, vegaBefore, contractsBefore);
    }

    /// @inheritdoc IOptionVault
    /// @dev Needs no live price: an expiry settles however the oracle fares now. The mark is dropped, not recomputed.
    function settle(uint256 expiry, uint256 price) external nonReentrant onlyMarket {
        uint256[] memory ids = book_.remove(expiry);
        uint256 payouts = 0;
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 short = SignedMath.abs(book_.quantityOf(ids[i]));
            shortContracts -= short;
            uint256 payout = Math.ceilDiv(Math.mulDiv(short, SeriesId.payoff(ids[i], price), 1e18), uint256(USDC_UNIT));
            owedOf[ids[i]] = payout;
            payouts += payout;
        }
        owed += payouts;
        settlementPriceOf[expiry] = price;
        delete mark_;
        emit ExpirySettled(expiry, price, payouts);
    }

    /// @inheritdoc IOptionVault
    function payHolder(
        uint256 id,
        uint256 quantity,
        address recipient
    ) external nonReentrant onlyMarket returns (uint256 assets) {
        (uint256 expiry, , ) = SeriesId.decode(id);
        uint256 payoff = SeriesId.payoff(id, settlementPriceOf[expiry]);
        assets = Math.mulDiv(quantity, payoff, uint256(WAD * USDC_UNIT));

        bool isLast = book_.reduce(id, quantity) == 0;
        uint256 released = isLast ? owedOf[id] : assets;
        owedOf[id] -= released;
        owed -= released;
        if (assets > cash) revert InsufficientCash(assets, cash);
        cash -= assets;
        emit HolderPaid(id, recipient, quantity, assets);
        usdc.safeTransfer(recipient, assets);
    }

    // The desk

    /// @inheritdoc IOptionVault
    function fundHedge(uint256 assets) external nonReentrant onlyDesk {
        _payOut(msg.sender, assets);
        emit HedgeFunded(assets);
    }

    /// @inheritdoc IOptionVault
    function returnFromHedge(uint256 assets) external nonReentrant onlyDesk {
        cash += assets;
        emit HedgeReturned(assets);
        usdc.safeTransferFrom(msg.sender, address(this), assets);
    }

    // LP epochs

    /// @inheritdoc IOptionVault
    /// @dev Deposits pay the higher NAV (the book's shorts at their bid), redemptions get the lower (shorts at their ask). If
    /// the cash or the limits do not allow all queued redemptions, all of them wait for the next epoch. Under water (negative NAV)
    /// deposits wait too: they would only fill the hole.
    function processEpoch() external nonReentrant {
        if (block.timestamp < epochEndsAt) revert EpochOpen(epochEndsAt);
        _requireNothingExpired();
        Mark memory m = _computeMark();
        _storeMark(m);

        int256 mid = _navAt(m);
        int256 halfSpread = (int256(uint256(m.grossVega)) * int256(uint256(limits_.spreadVol))) / WAD;
        uint256 supply = totalSupply();
        uint256 poolAtAsk = _toUsdcDown(mid + halfSpread);
        uint256 poolAtBid = _toUsdcDown(mid - halfSpread);

        (uint256 sharesIn, uint256 assetsOut) = _queuedRedemptions(poolAtBid, supply);
        uint256 assetsIn = 0;
        uint256 sharesOut = 0;
        if (mid >= halfSpread) (assetsIn, sharesOut) = _fillDeposits(poolAtAsk, supply);
        cash += assetsIn;
        if (sharesIn > 0 && poolAtBid > 0 && _canRelease(m, assetsOut)) {
            _fillRedemptions(assetsOut);
            cash -= assetsOut;
        } else {
            (sharesIn, assetsOut) = (0, 0);
        }

        emit EpochProcessed(epoch, mid - halfSpread, mid + halfSpread, assetsIn, sharesOut, sharesIn, assetsOut);
        epoch += 1;
        epochEndsAt = block.timestamp + limits_.epochLength;
    }

    // Views

    /// @inheritdoc IOptionVault
    function nav() public view returns (int256) {
        (Mark memory m, ) = currentMark();
        return _navAt(m);
    }

    /// @inheritdoc IOptionVault
    function exposure() external view returns (Exposure memory) {
        (Mark memory m, ) = currentMark();
        return _exposureAt(m);
    }

    /// @inheritdoc IOptionVault
    function freeCash() public view returns (uint256) {
        return cash > owed ? cash - owed : 0;
    }

    /// @inheritdoc IOptionVault
    function limits() external view returns (Limits memory) {
        return limits_;
    }

    /// @inheritdoc IOptionVault
    function openExpiries() external view returns (uint256[] memory) {
        return book_.expiries;
    }

    /// @inheritdoc IOptionVault
    function book() external view returns (uint256[] memory ids, int256[] memory quantities) {
        return book_.all();
    }

    /// @inheritdoc IOptionVault
    function positionOf(uint256 id) external view returns (int256) {
        return book_.quantityOf(id);
    }

    // Inside

    function _epochEnd() internal view override returns (uint256 endsAt, uint256 length) {
        return (epochEndsAt, limits_.epochLength);
    }

    function _poolAssets() internal view override returns (uint256) {
        int256 value = nav();
        return value > 0 ? _toUsdcDown(value) : 0;
    }

    function _applyFill(Mark memory m, Fill calldata fill) private {
        int256 quantity = book_.add(fill.id, fill.quantity);
        int256 shortChange = int256(_shortOf(quantity)) - int256(_shortOf(quantity - fill.quantity));
        shortContracts = uint256(int256(shortContracts) + shortChange);
        m.value += fill.value.toInt128();
        m.delta += fill.delta.toInt128();
        m.gamma += fill.gamma.toInt128();
        m.vega += fill.vega.toInt128();
        m.weightedVega += fill.weightedVega.toInt128();
        // Gross vega follows the open contracts: it falls when a trader sells back.
        int256 grossChange = shortChange > 0 ? int256(SignedMath.abs(fill.vega)) : -int256(SignedMath.abs(fill.vega));
        m.grossVega = uint256(SignedMath.max(0, int256(uint256(m.grossVega)) + grossChange)).toUint128();
        emit PositionChanged(fill.id, fill.quantity, quantity);
    }

    function _markAt(uint256 spot) private view returns (Mark memory m) {
        Totals memory t;
        uint256[] memory expiries = book_.expiries;
        for (uint256 i = 0; i < expiries.length; ++i) _addExpiry(t, expiries[i], spot);
        m.value = (t.value / WAD).toInt128();
        m.delta = (t.delta / WAD).toInt128();
        m.gamma = (t.gamma / WAD).toInt128();
        m.vega = (t.vega / WAD).toInt128();
        m.weightedVega = (t.weightedVega / WAD).toInt128();
        m.grossVega = (t.grossVega / uint256(WAD)).toUint128();
        m.spot = spot.toUint128();
        m.time = uint64(block.timestamp);
    }

    function _computeMark() private view returns (Mark memory) {
        (uint256 spot, ) = oracle.spot();
        return _markAt(spot);
    }

    function _addExpiry(Totals memory t, uint256 expiry, uint256 spot) private view {
        bool expired = block.timestamp >= expiry;
        Ssvi.Slice memory slice;
        if (!expired) (slice, ) = surface.slice(expiry);
        uint256[] memory ids = book_.seriesOf[expiry];
        for (uint256 i = 0; i < ids.length; ++i) {
            int256 quantity = book_.quantityOf(ids[i]);
            if (quantity == 0) continue;
            Valuation.Greeks memory g =
                expired ? Valuation.intrinsicOf(ids[i], spot) : Valuation.greeksOf(ids[i], slice, spot);
            _addPosition(t, quantity, g);
        }
    }

    function _addPosition(Totals memory t, int256 quantity, Valuation.Greeks memory g) private pure {
        t.value += quantity * int256(g.value);
        t.delta += quantity * g.delta;
        t.gamma += quantity * int256(g.gamma);
        t.vega += quantity * int256(g.vega);
        t.weightedVega += quantity * int256(g.weightedVega);
        t.grossVega += SignedMath.abs(quantity) * g.vega;
    }

    function _storeMark(Mark memory m) private {
        mark_ = m;
        emit Marked(m.value, m.delta, m.gamma, m.vega, m.spot);
    }

    function _navAt(Mark memory m) private view returns (int256) {
        int256 equity = address(hedge) == address(0) ? int256(0) : hedge.equity(m.spot);
        return (int256(cash) - int256(owed)) * USDC_UNIT + m.value + equity;
    }

    function _exposureAt(Mark memory m) private view returns (Exposure memory e) {
        e.mark = m;
        e.hedgeDelta = hedge.hedgeDelta();
        e.nav = _navAt(m);
        e.vegaCapacity = _vegaCapacity(e.nav);
    }

    function _vegaCapacity(int256 nav_) private view returns (uint256) {
        return nav_ <= 0 ? 0 : (uint256(nav_) * limits_.vegaCapacityBps) / BPS;
    }

    function _maxNotional(int256 nav_) private view returns (uint256) {
        return nav_ <= 0 ? 0 : (uint256(nav_) * limits_.maxLeverageBps) / BPS;
    }

    /// @dev Limits bind only what grows: a trade that lowers a risk is never blocked by it.
    function _requireWithinLimits(Mark memory m, uint256 vegaBefore, uint256 contractsBefore) private view {
        uint256 vega = SignedMath.abs(m.weightedVega);
        bool moreVega = vega > vegaBefore;
        bool moreContracts = shortContracts > contractsBefore;
        if (!moreVega && !moreContracts) return;
        int256 value = _navAt(m);
        if (moreVega && vega > _vegaCapacity(value)) revert VegaCapacityExceeded(vega, _vegaCapacity(value));
        uint256 notional = _notional(m.spot);
        if (moreContracts && notional > _maxNotional(value)) revert NotionalExceeded(notional, _maxNotional(value));
    }

    /// @dev May `assets` leave? Only if they are free and the rest of the pool still carries the open book.
    function _canRelease(Mark memory m, uint256 assets) private view returns (bool) {
        if (assets > freeCash()) return false;
        int256 left = _navAt(m) - int256(assets) * USDC_UNIT;
        return SignedMath.abs(m.weightedVega) <= _vegaCapacity(left) && _notional(m.spot) <= _maxNotional(left);
    }

    function _notional(uint256 spot) private view returns (uint256) {
        return Math.mulDiv(shortContracts, spot, uint256(WAD));
    }

    function _requireNothingExpired() private view {
        uint256[] memory expiries = book_.expiries;
        for (uint256 i = 0; i < expiries.length; ++i) {
            if (block.timestamp >= expiries[i]) revert ExpiryUnsettled(expiries[i]);
        }
    }

    /// @dev Takes free cash out of the pool and sends it.
    function _payOut(address recipient, uint256 assets) private {
        if (assets > freeCash()) revert InsufficientCash(assets, freeCash());
        cash -= assets;
        usdc.safeTransfer(recipient, assets);
    }

    function _setLimits(Limits memory next) private {
        if (next.vegaCapacityBps == 0 || next.vegaCapacityBps > 10 * BPS) revert InvalidLimits("vegaCapacityBps");
        if (next.maxLeverageBps == 0 || next.maxLeverageBps > 20 * BPS) revert InvalidLimits("maxLeverageBps");
        if (next.spreadVol > 0.2e18) revert InvalidLimits("spreadVol");
        if (next.maxMarkAge > 1 days) revert InvalidLimits("maxMarkAge");
        if (next.maxMarkMoveBps > BPS / 10) revert InvalidLimits("maxMarkMoveBps");
        if (next.epochLength < 1 hours || next.epochLength > 30 days) revert InvalidLimits("epochLength");
        limits_ = next;
        emit LimitsSet(next);
    }

    function _shortOf(int256 quantity) private pure returns (uint256) {
        return quantity < 0 ? uint256(-quantity) : 0;
    }

    /// @dev Rounds down; only called with amounts that are not negative.
    function _toUsdcDown(int256 wad) private pure returns (uint256) {
        return wad <= 0 ? 0 : uint256(wad / USDC_UNIT);
    }
}
