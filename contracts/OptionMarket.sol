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
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {SelfPermit} from "./base/SelfPermit.sol";
import {IOptionMarket} from "./interfaces/IOptionMarket.sol";
import {IOptionVault} from "./interfaces/IOptionVault.sol";
import {IPriceOracle} from "./interfaces/IPriceOracle.sol";
import {IVolSurface} from "./interfaces/IVolSurface.sol";
import {Book} from "./libraries/Book.sol";
import {ListingRules} from "./libraries/ListingRules.sol";
import {QuoteCurve} from "./libraries/QuoteCurve.sol";
import {SeriesId} from "./libraries/SeriesId.sol";
import {SeriesName} from "./libraries/SeriesName.sol";
import {Ssvi} from "./libraries/Ssvi.sol";
import {Valuation} from "./libraries/Valuation.sol";

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
    using ListingRules for ListingRules.Rules;
    using SafeERC20 for IERC20;

    /// @dev A leg priced at the mark's spot, where its Greeks count, and at both ends of the spot range. Signed for the trader.
    struct PricedLeg {
        uint256 strike;
        bool isCall;
        int256 quantity;
        uint256 timeToExpiry;
        uint256 surfaceAge;
        uint256 vega;
        uint256 low;
        uint256 high;
    }

    /// @dev What a trade takes from the vault at the mark's spot, and its mid at both ends of the range.
    struct Priced {
        PricedLeg[] legs;
        int256 weightedVega;
        int256 delta;
        int256 low;
        int256 high;
        bool opens;
    }

    /// @notice How long after an expiry, without a settlement by a round, the governor may settle it.
    uint256 public constant FALLBACK_DELAY = 7 days;

    uint256 private constant BPS = 10_000;
    uint256 private constant WAD = 1e18;
    uint256 private constant USDC_UNIT = 1e12;

    IOptionVault public immutable vault;
    IPriceOracle public immutable oracle;
    IVolSurface public immutable surface;
    /// @inheritdoc IOptionMarket
    string public underlying;

    /// @inheritdoc IOptionMarket
    mapping(address holder => bool) public autoExercise;

    Pricing private pricing_;
    ListingRules.Rules private listing_;

    constructor(
        address authority,
        IOptionVault vault_,
        IERC20Metadata base,
        Pricing memory initial,
        ListingRules.Rules memory rules
    ) AccessManaged(authority) SelfPermit(IERC20(vault_.asset())) {
        vault = vault_;
        oracle = vault_.oracle();
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
    function setListing(ListingRules.Rules calldata next) external restricted {
        _setListing(next);
    }

    /// @inheritdoc IOptionMarket
    function listSeries(uint256 expiry, uint256[] calldata strikes) external restricted {
        (uint256 spot, ) = oracle.spot();
        listing_.check(pricing_.cutOff, expiry, strikes, spot);
        surface.sliceOf(expiry); // reverts without one: a listed series can always be marked
        uint256[] memory ids = new uint256[](2 * strikes.length);
        for (uint256 i = 0; i < strikes.length; ++i) {
            ids[2 * i] = SeriesId.encode(expiry, strikes[i], true);
            ids[2 * i + 1] = SeriesId.encode(expiry, strikes[i], false);
        }
        vault.list(ids);
    }

    // Trading

    /// @inheritdoc IOptionMarket
    function trade(
        Book.Leg[] calldata legs,
        int256 cashLimit,
        address recipient,
        uint256 deadline
    ) external nonReentrant returns (int256 cash) {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);
        IPriceOracle.Reading memory reading = oracle.read();
        Quote memory q = _quote(legs, reading, vault.prepareTrade(reading.spot));
        cash = q.total;
        if (cash > cashLimit) revert CostAboveLimit(cash, cashLimit);
        for (uint256 i = 0; i < legs.length; ++i) {
            if (legs[i].quantity < 0) _burn(msg.sender, legs[i].id, uint256(-legs[i].quantity));
        }
        uint256 insured = vault.enterTrade(legs, cash, q.fees / USDC_UNIT, recipient);
        emit Traded(msg.sender, recipient, legs, q, insured);
        for (uint256 i = 0; i < legs.length; ++i) {
            if (legs[i].quantity > 0) _mint(recipient, legs[i].id, uint256(legs[i].quantity));
        }
        if (cash > 0) usdc.safeTransferFrom(msg.sender, address(vault), uint256(cash));
    }

    /// @inheritdoc IOptionMarket
    function quote(
        Book.Leg[] calldata legs
    ) external view returns (Quote memory q, IOptionVault.Exposure memory afterwards) {
        IPriceOracle.Reading memory reading = oracle.read();
        IOptionVault.Exposure memory e = vault.exposureAt(reading.spot);
        q = _quote(legs, reading, _basisOf(e));
        afterwards = vault.previewTrade(legs, q.total, q.fees / USDC_UNIT, reading.spot);
    }

    /// @inheritdoc IOptionMarket
    function quoteAt(
        Book.Leg[] calldata legs,
        IPriceOracle.Reading calldata reading,
        IOptionVault.Exposure calldata exposure
    ) external view returns (Quote memory) {
        return _quote(legs, reading, _basisOf(exposure));
    }

    // Settlement

    /// @inheritdoc IOptionMarket
    function settle(uint256 expiry, uint80 roundId) external nonReentrant returns (uint256 price) {
        _requireUnsettled(expiry);
        price = oracle.settlementPrice(expiry, roundId);
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
    function pricing() external view returns (Pricing memory) {
        return pricing_;
    }

    /// @inheritdoc IOptionMarket
    function listing() external view returns (ListingRules.Rules memory) {
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

    // Inside: quotes

    function _basisOf(IOptionVault.Exposure memory e) private pure returns (IOptionVault.Basis memory) {
        return IOptionVault.Basis(e.mark.spot, e.mark.delta + e.base, e.mark.weightedVega, e.vegaCapacity);
    }

    /// @dev The whole trade is priced at both ends of the spot range and the dearer end counts, so that a lagging
    /// price cannot be traded against, while a delta-neutral spread pays little for it. Charges go by the Greeks at the mark's
    /// spot, which are those the vault will book.
    function _quote(
        Book.Leg[] calldata legs,
        IPriceOracle.Reading memory reading,
        IOptionVault.Basis memory basis
    ) private view returns (Quote memory q) {
        Pricing memory terms = pricing_;
        Priced memory p = _price(legs, terms, reading, basis.spot);
        if (p.opens) {
            _requireAgreement(reading, terms.maxDispersionBps);
            if (basis.vegaCapacity == 0) revert NoCapacity();
        }
        bool highIsDearer = p.high > p.low;
        (q.mid, q.spot) = highIsDearer ? (p.high, reading.high) : (p.low, reading.low);

        // Without capacity (a pool under water) nothing is sold, and what was sold is still taken back.
        uint256 capacity = Math.max(basis.vegaCapacity, 1);
        int256 netShort = -basis.weightedVega;
        int256 netShortAfter = netShort + p.weightedVega;
        q.inventory = QuoteCurve.inventory(netShort, netShortAfter, terms.maxSkew, capacity);
        q.hedging = QuoteCurve.hedging(basis.netDelta, basis.netDelta - p.delta, q.spot, terms.hedgeCostBps);
        int256 floor = 0;
        for (uint256 i = 0; i < p.legs.length; ++i) {
            PricedLeg memory leg = p.legs[i];
            uint256 half = QuoteCurve.halfSpread(
                terms.spread,
                leg.surfaceAge,
                leg.timeToExpiry,
                netShort,
                netShortAfter,
                capacity
            );
            q.spread += QuoteCurve.ceilDiv(leg.vega * half, WAD);
            (uint256 fee, int256 least) = _feeAndFloor(leg, highIsDearer ? leg.high : leg.low, q.spot, terms);
            q.fees += fee;
            floor += least;
        }
        q.total = _total(q, floor, p.opens);
    }

    /// @dev Never better than mid: a rebate for freed vega capacity offsets the other charges at most. At least `floor`
    /// (intrinsic of what is bought less mid of what is sold) plus fees; a pure sale costs nothing.
    function _total(Quote memory q, int256 floor, bool opens) private pure returns (int256) {
        int256 charges = SignedMath.max(0, q.inventory + int256(q.hedging + q.spread));
        int256 wad = SignedMath.max(q.mid + charges, floor) + int256(q.fees);
        if (!opens) wad = SignedMath.min(wad, 0);
        return wad >= 0 ? int256(QuoteCurve.ceilDiv(uint256(wad), USDC_UNIT)) : wad / int256(USDC_UNIT);
    }

    function _price(
        Book.Leg[] calldata legs,
        Pricing memory terms,
        IPriceOracle.Reading memory reading,
        uint256 markSpot
    ) private view returns (Priced memory p) {
        if (legs.length == 0) revert NoLegs();
        p.legs = new PricedLeg[](legs.length);
        for (uint256 i = 0; i < legs.length; ++i) {
            _requireTradable(legs[i], terms);
            bool opens = legs[i].quantity > 0;
            PricedLeg memory leg = p.legs[i];
            Valuation.Tenor memory tenor = _tenorOf(leg, legs[i], terms, markSpot, opens);
            Valuation.Greeks memory g = Valuation.greeksOf(tenor, leg.strike, leg.isCall);
            leg.vega = QuoteCurve.ceilDiv(SignedMath.abs(leg.quantity) * g.vega, WAD);
            p.weightedVega += _times(leg.quantity, int256((g.vega * tenor.vegaWeight) / WAD));
            p.delta += _times(leg.quantity, g.delta);
            // A mark of just now has an end of the range as its spot: the Greeks came with the value there.
            leg.low = reading.low == markSpot ? g.value : Valuation.valueAt(tenor, leg.strike, leg.isCall, reading.low);
            leg.high =
                reading.high == markSpot ? g.value : Valuation.valueAt(tenor, leg.strike, leg.isCall, reading.high);
            p.low += _times(leg.quantity, int256(leg.low));
            p.high += _times(leg.quantity, int256(leg.high));
            p.opens = p.opens || opens;
        }
    }

    function _tenorOf(
        PricedLeg memory priced,
        Book.Leg calldata leg,
        Pricing memory terms,
        uint256 spot,
        bool opens
    ) private view returns (Valuation.Tenor memory) {
        uint256 expiry;
        (expiry, priced.strike, priced.isCall) = SeriesId.decode(leg.id);
        priced.quantity = leg.quantity;
        priced.timeToExpiry = expiry - block.timestamp;
        (Ssvi.Slice memory slice, uint256 updatedAt) = surface.sliceOf(expiry);
        priced.surfaceAge = block.timestamp - updatedAt;
        if (opens && priced.surfaceAge > terms.maxSurfaceAge) revert SurfaceStale(expiry, updatedAt);
        return Valuation.tenor(expiry, slice, spot);
    }

    function _feeAndFloor(
        PricedLeg memory leg,
        uint256 price,
        uint256 spot,
        Pricing memory terms
    ) private pure returns (uint256 fee, int256 floor) {
        uint256 quantity = SignedMath.abs(leg.quantity);
        fee = QuoteCurve.fee(quantity, price, spot, terms.feeBps, terms.feeCapBps, terms.minFee * USDC_UNIT);
        uint256 least = leg.quantity > 0 ? SeriesId.payoff(leg.strike, leg.isCall, spot) : price;
        floor = _times(leg.quantity, int256(least));
    }

    function _requireTradable(Book.Leg calldata leg, Pricing memory terms) private view {
        if (SignedMath.abs(leg.quantity) < terms.minQuantity) {
            revert QuantityTooSmall(leg.id, leg.quantity, terms.minQuantity);
        }
        uint256 expiry = SeriesId.expiryOf(leg.id);
        uint256 closesAt = expiry - Math.min(expiry, terms.cutOff);
        if (block.timestamp >= closesAt) revert TradingClosed(leg.id, closesAt);
    }

    /// @dev New risk only at a price that feed and DEX agree on, and that is not old.
    function _requireAgreement(IPriceOracle.Reading memory reading, uint256 maxDispersionBps) private pure {
        if (reading.stale) revert FeedStale(reading.updatedAt);
        if ((reading.high - reading.low) * BPS > reading.low * maxDispersionBps) {
            revert PricesDisagree(reading.low, reading.high, maxDispersionBps);
        }
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
        pricing_ = next;
        emit PricingSet(next);
    }

    function _setListing(ListingRules.Rules memory next) private {
        next.validate();
        listing_ = next;
        emit ListingSet(next);
    }

    /// @dev Product of WADs, rounded up: against the trader, whose quantities these are.
    function _times(int256 a, int256 b) private pure returns (int256 product) {
        product = a * b;
        return product <= 0 ? product / int256(WAD) : int256(QuoteCurve.ceilDiv(uint256(product), WAD));
    }
}
