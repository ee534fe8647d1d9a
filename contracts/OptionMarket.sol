// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ERC6909} from "@openzeppelin/contracts/token/ERC6909/ERC6909.sol";
import {IERC6909Metadata, IERC6909TokenSupply} from "@openzeppelin/contracts/interfaces/IERC6909.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {SelfPermit} from "./base/SelfPermit.sol";
import {IOptionMarket} from "./interfaces/IOptionMarket.sol";
import {IOptionVault} from "./interfaces/IOptionVault.sol";
import {IPriceOracle} from "./interfaces/IPriceOracle.sol";
import {IVolSurface} from "./interfaces/IVolSurface.sol";
import {Leg, ListingLimits, PackedPricing, Pricing, Quote} from "./interfaces/Types.sol";
import {Book} from "./libraries/Book.sol";
import {ListingRules} from "./libraries/ListingRules.sol";
import {QuoteEngine} from "./libraries/QuoteEngine.sol";
import {Quoting} from "./libraries/Quoting.sol";
import {SeriesId} from "./libraries/SeriesId.sol";
import {SeriesName} from "./libraries/SeriesName.sol";
import {BPS} from "./libraries/Units.sol";

/// @title The traders' door: quotes, trades, settlement, exercise
contract OptionMarket is
    IOptionMarket,
    ERC6909,
    IERC6909Metadata,
    IERC6909TokenSupply,
    AccessManaged,
    ReentrancyGuardTransient,
    SelfPermit
{
    using ListingRules for ListingLimits;
    using SafeERC20 for IERC20;

    /// @notice How long after an expiry, without a settlement by a round, the governor may settle it.
    uint256 public constant FALLBACK_DELAY = 7 days;

    IOptionVault public immutable vault;
    IVolSurface public immutable surface;
    /// @inheritdoc IOptionMarket
    string public underlying;

    /// @inheritdoc IOptionMarket
    mapping(address holder => bool) public autoExercise;

    PackedPricing private terms_;
    ListingLimits private listing_;

    constructor(
        address authority,
        IOptionVault vault_,
        IERC20Metadata base,
        Pricing memory initial,
        ListingLimits memory rules
    ) AccessManaged(authority) SelfPermit(IERC20(vault_.asset())) {
        vault = vault_;
        surface = vault_.surface();
        underlying = base.symbol();
        _setPricing(initial);
        _setListing(rules);
    }

    // Governance

    /// @notice Replaces the pricing parameters. Role: GOVERNOR.
    function setPricing(Pricing calldata next) external restricted {
        _setPricing(next);
    }

    /// @notice Replaces the listing rules. Role: GOVERNOR.
    function setListing(ListingLimits calldata next) external restricted {
        _setListing(next);
    }

    /// @inheritdoc IOptionMarket
    function listSeries(uint256 expiry, uint256[] calldata strikes) external restricted {
        (uint256 spot, ) = vault.oracle().spot();
        listing_.check(pricing().cutOff, expiry, strikes, spot);
        ListingRules.requirePlace(expiry, vault.openExpiries());
        surface.sliceOf(expiry); // reverts without one: a listed series can always be marked
        uint256[] memory ids = new uint256[](2 * strikes.length);
        for (uint256 i = 0; i < strikes.length; ++i) {
            ids[2 * i] = SeriesId.encode(expiry, strikes[i], true);
            ids[2 * i + 1] = SeriesId.encode(expiry, strikes[i], false);
        }
        vault.list(ids);
    }

    /// @inheritdoc IOptionMarket
    function delistSeries(uint256[] calldata ids) external restricted {
        vault.delist(ids);
    }

    // Trading

    /// @inheritdoc IOptionMarket
    function trade(
        Leg[] calldata legs,
        int256 cashLimit,
        address recipient,
        uint256 deadline
    ) external nonReentrant returns (int256) {
        return _trade(legs, cashLimit, recipient, deadline, false);
    }

    /// @inheritdoc IOptionMarket
    function tradeForClaim(
        Leg[] calldata legs,
        int256 cashLimit,
        address recipient,
        uint256 deadline
    ) external nonReentrant returns (int256) {
        return _trade(legs, cashLimit, recipient, deadline, true);
    }

    function _trade(
        Leg[] calldata legs,
        int256 cashLimit,
        address recipient,
        uint256 deadline,
        bool mayOwe
    ) private returns (int256 cash) {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);
        for (uint256 i = 0; i < legs.length; ++i) {
            if (legs[i].quantity < 0) _burn(msg.sender, legs[i].id, SignedMath.abs(legs[i].quantity));
        }
        (Quote memory q, uint256 insured) = vault.bookTrade(legs, terms_, recipient, mayOwe);
        cash = q.total;
        if (cash > cashLimit) revert CostAboveLimit(cash, cashLimit);
        emit Traded(msg.sender, recipient, legs, q, insured);
        for (uint256 i = 0; i < legs.length; ++i) {
            if (legs[i].quantity > 0) _mint(recipient, legs[i].id, uint256(legs[i].quantity));
        }
        if (cash > 0) usdc.safeTransferFrom(msg.sender, address(vault), uint256(cash));
    }

    /// @inheritdoc IOptionMarket
    function quote(Leg[] calldata legs) external view returns (Quote memory, IOptionVault.Exposure memory afterwards) {
        return vault.previewTrade(legs, terms_);
    }

    /// @inheritdoc IOptionMarket
    function quoteAt(
        Leg[] calldata legs,
        IPriceOracle.Reading calldata reading,
        IOptionVault.Exposure calldata exposure,
        int256[12] calldata navs
    ) external view returns (Quote memory) {
        return QuoteEngine.quoteAt(vault, vault.limits(), legs, terms_, reading, exposure, navs);
    }

    // Settlement

    /// @inheritdoc IOptionMarket
    function settle(uint256 expiry, uint80 roundId) external nonReentrant returns (uint256 price) {
        _requireUnsettled(expiry);
        price = vault.oracleOf(expiry).settle(expiry, roundId);
        vault.settle(expiry, price);
        emit Settled(expiry, roundId, price);
    }

    /// @inheritdoc IOptionMarket
    function settleWithoutFeed(uint256 expiry, uint256 price) external nonReentrant restricted {
        _requireUnsettled(expiry);
        uint256 earliest = expiry + FALLBACK_DELAY;
        if (block.timestamp < earliest) revert FallbackTooEarly(expiry, earliest);
        if (price == 0 || price > type(uint96).max) revert InvalidPrice(price);
        vault.settle(expiry, price);
        emit SettledWithoutFeed(expiry, price);
    }

    /// @inheritdoc IOptionMarket
    function exercise(uint256 id, uint256 quantity, address recipient) external nonReentrant returns (uint256 assets) {
        _burn(msg.sender, id, quantity);
        assets = vault.payHolder(id, quantity, recipient);
        emit Exercised(msg.sender, recipient, id, quantity, assets);
    }

    /// @inheritdoc IOptionMarket
    function setAutoExercise(bool allowed) external {
        autoExercise[msg.sender] = allowed;
        emit AutoExerciseSet(msg.sender, allowed);
    }

    /// @inheritdoc IOptionMarket
    function exerciseFor(uint256 id, address[] calldata holders) external nonReentrant {
        _requireSettled(id);
        for (uint256 i = 0; i < holders.length; ++i) {
            address holder = holders[i];
            if (!autoExercise[holder]) revert AutoExerciseNotAllowed(holder);
            uint256 quantity = balanceOf(holder, id);
            if (quantity == 0) continue;
            _burn(holder, id, quantity);
            try vault.payHolder(id, quantity, holder) returns (uint256 assets) {
                emit Exercised(holder, holder, id, quantity, assets);
            } catch (bytes memory reason) {
                _mint(holder, id, quantity);
                emit ExerciseFailed(holder, id, reason);
            }
        }
    }

    // Views

    /// @inheritdoc IOptionMarket
    function pricing() public view returns (Pricing memory) {
        return Quoting.unpack(terms_);
    }

    /// @inheritdoc IOptionMarket
    function listing() external view returns (ListingLimits memory) {
        return listing_;
    }

    /// @inheritdoc IERC6909Metadata
    function name(uint256 id) external view returns (string memory) {
        return SeriesName.nameOf(underlying, id);
    }

    /// @inheritdoc IERC6909Metadata
    function symbol(uint256 id) external view returns (string memory) {
        return SeriesName.nameOf(underlying, id);
    }

    /// @inheritdoc IERC6909Metadata
    function decimals(uint256) external pure returns (uint8) {
        return 18;
    }

    /// @inheritdoc IERC6909TokenSupply
    /// @dev What the vault is short is what others hold.
    function totalSupply(uint256 id) external view returns (uint256) {
        return uint256(-vault.positionOf(id));
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC6909, IERC165) returns (bool) {
        return
            interfaceId == type(IERC6909Metadata).interfaceId ||
            interfaceId == type(IERC6909TokenSupply).interfaceId ||
            super.supportsInterface(interfaceId);
    }

    // Inside: settlement and parameters

    function _requireSettled(uint256 id) private view {
        uint256 expiry = SeriesId.expiryOf(id);
        if (vault.settlementPriceOf(expiry) == 0) revert Book.NotSettled(id);
    }

    function _requireUnsettled(uint256 expiry) private view {
        if (vault.settlementPriceOf(expiry) != 0) revert AlreadySettled(expiry);
    }

    function _setPricing(Pricing memory next) private {
        if (next.maxSkew > 1e18) revert InvalidPricing("maxSkew");
        if (next.spread.base > 0.2e18) revert InvalidPricing("spread.base");
        if (next.spread.agePerDay > 1e18) revert InvalidPricing("spread.agePerDay");
        if (next.spread.atCapacity > 0.5e18) revert InvalidPricing("spread.atCapacity");
        if (next.spread.atExpiry > 0.5e18) revert InvalidPricing("spread.atExpiry");
        if (next.hedgeCostBps > BPS / 10) revert InvalidPricing("hedgeCostBps");
        if (next.feeBps > BPS / 100) revert InvalidPricing("feeBps");
        if (next.feeCapBps > BPS / 4) revert InvalidPricing("feeCapBps");
        if (next.minQuantity == 0) revert InvalidPricing("minQuantity");
        if (next.maxDispersionBps == 0 || next.maxDispersionBps > BPS / 5) revert InvalidPricing("maxDispersionBps");
        if (next.cutOff > 1 days) revert InvalidPricing("cutOff");
        if (next.maxSurfaceAge == 0 || next.maxSurfaceAge > 7 days) revert InvalidPricing("maxSurfaceAge");
        terms_ = Quoting.pack(next);
        emit PricingSet(next);
    }

    function _setListing(ListingLimits memory next) private {
        next.validate();
        listing_ = next;
        emit ListingSet(next);
    }
}
