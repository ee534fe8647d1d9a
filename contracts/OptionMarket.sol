// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ERC6909} from "@openzeppelin/contracts/token/ERC6909/ERC6909.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IOptionMarket} from "./interfaces/IOptionMarket.sol";
import {IOptionVault} from "./interfaces/IOptionVault.sol";
import {IPriceOracle} from "./interfaces/IPriceOracle.sol";
import {IVolSurface} from "./interfaces/IVolSurface.sol";
import {QuoteCurve} from "./libraries/QuoteCurve.sol";
import {SeriesId} from "./libraries/SeriesId.sol";
import {Ssvi} from "./libraries/Ssvi.sol";
import {Valuation} from "./libraries/Valuation.sol";

/// @title The traders' door: quotes, trades, settlement, exercise
contract OptionMarket is IOptionMarket, ERC6909, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev What a trade does to the vault's risk and what its mid is worth at one spot.
    struct Priced {
        int256 mid;
        IOptionVault.Fill[] fills;
        int256 weightedVega;
        int256 delta;
        uint256 grossVega;
        bool buysNothing;
    }

    uint256 private constant BPS = 10_000;
    uint256 private constant WAD = 1e18;
    uint256 private constant USDC_UNIT = 1e12;

    IOptionVault public immutable vault;
    IPriceOracle public immutable oracle;
    IVolSurface public immutable surface;
    IERC20 public immutable usdc;

    Pricing private pricing_;

    constructor(address authority, IOptionVault vault_, Pricing memory initial) AccessManaged(authority) {
        vault = vault_;
        oracle = vault_.oracle();
        surface = vault_.surface();
        usdc = IERC20(vault_.asset());
        _setPricing(initial);
    }

    /// @notice Replaces the pricing parameters. Role: GOVERNOR.
    function setPricing(Pricing calldata next) external restricted {
        _setPricing(next);
    }

    /// @inheritdoc IOptionMarket
    function listSeries(uint256 expiry, uint256[] calldata strikes) external restricted {
        if (expiry <= block.timestamp + pricing_.cutOff) revert ExpiryInPast(expiry);
        surface.slice(expiry); // reverts without one: a listed series can always be marked
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
        Leg[] calldata legs,
        int256 cashLimit,
        address recipient,
        uint256 deadline
    ) external nonReentrant returns (int256 cash) {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);
        (Quote memory q, IOptionVault.Fill[] memory fills) = _quote(legs, vault.refresh());
        cash = q.total;
        if (cash > cashLimit) revert CostAboveLimit(cash, cashLimit);
        emit Traded(msg.sender, recipient, legs, q);

        for (uint256 i = 0; i < legs.length; ++i) {
            if (legs[i].quantity < 0) _burn(msg.sender, legs[i].id, uint256(-legs[i].quantity));
        }
        vault.applyTrade(fills, cash, recipient);
        for (uint256 i = 0; i < legs.length; ++i) {
            if (legs[i].quantity > 0) _mint(recipient, legs[i].id, uint256(legs[i].quantity));
        }
        if (cash > 0) usdc.safeTransferFrom(msg.sender, address(vault), uint256(cash));
    }

    /// @inheritdoc IOptionMarket
    function quote(Leg[] calldata legs) external view returns (Quote memory q) {
        (q, ) = _quote(legs, vault.exposure());
    }

    // Settlement

    /// @inheritdoc IOptionMarket
    function settle(uint256 expiry, uint80 roundId) external nonReentrant returns (uint256 price) {
        if (vault.settlementPriceOf(expiry) != 0) revert AlreadySettled(expiry);
        price = oracle.settlementPrice(expiry, roundId);
        vault.settle(expiry, price);
        emit Settled(expiry, roundId, price);
    }

    /// @inheritdoc IOptionMarket
    function exercise(uint256 id, uint256 quantity, address recipient) external nonReentrant returns (uint256 assets) {
        (uint256 expiry, , ) = SeriesId.decode(id);
        if (vault.settlementPriceOf(expiry) == 0) revert NotSettled(expiry);
        _burn(msg.sender, id, quantity);
        assets = vault.payHolder(id, quantity, recipient);
        emit Exercised(msg.sender, recipient, id, quantity, assets);
    }

    /// @inheritdoc IOptionMarket
    function pricing() external view returns (Pricing memory) {
        return pricing_;
    }

    // Inside

    /// @dev The whole trade is priced at both ends of the spot range and the dearer end counts, so that a lagging
    /// price cannot be traded against, while a delta-neutral spread pays little for it.
    function _quote(
        Leg[] calldata legs,
        IOptionVault.Exposure memory e
    ) private view returns (Quote memory q, IOptionVault.Fill[] memory fills) {
        if (legs.length == 0) revert NoLegs();
        _requireTradable(legs);
        (uint256 low, uint256 high) = oracle.spotRange();
        Ssvi.Slice[] memory slices = _slicesOf(legs);
        Priced memory p = _priceAt(legs, slices, low);
        q.spot = low;
        if (high != low) {
            Priced memory atHigh = _priceAt(legs, slices, high);
            if (atHigh.mid > p.mid) (p, q.spot) = (atHigh, high);
        }

        q.mid = p.mid;
        int256 netShort = -int256(e.mark.weightedVega);
        // Without capacity (a vault under water) a purchase costs beyond any limit, and a sale still goes through.
        uint256 capacity = Math.max(e.vegaCapacity, 1);
        q.inventory = QuoteCurve.inventory(netShort, netShort - p.weightedVega, pricing_.maxSkew, capacity);
        int256 netDelta = int256(e.mark.delta) + e.hedgeDelta;
        q.hedging = QuoteCurve.hedging(netDelta, netDelta + p.delta, q.spot, pricing_.hedgeCostBps);
        q.spread = Math.mulDiv(p.grossVega, pricing_.spreadVol, WAD, Math.Rounding.Ceil);
        int256 floor;
        (q.fees, floor) = _feesAndFloor(legs, p.fills, q.spot);
        q.total = _total(q, floor, p.buysNothing);
        fills = p.fills;
    }

    /// @dev Never better than mid: a rebate for freed vega capacity offsets the other charges at most. At least `floor`
    /// (intrinsic of what is bought less mid of what is sold) plus fees; a pure sale costs nothing.
    function _total(Quote memory q, int256 floor, bool buysNothing) private pure returns (int256) {
        int256 charges = SignedMath.max(0, q.inventory + int256(q.hedging + q.spread));
        int256 wad = SignedMath.max(q.mid + charges, floor) + int256(q.fees);
        if (buysNothing) wad = SignedMath.min(wad, 0);
        return wad >= 0 ? int256(Math.ceilDiv(uint256(wad), USDC_UNIT)) : -int256(uint256(-wad) / USDC_UNIT);
    }

    /// @dev Fills are the vault's side: opposite signs.
    function _priceAt(
        Leg[] calldata legs,
        Ssvi.Slice[] memory slices,
        uint256 spot
    ) private view returns (Priced memory p) {
        p.fills = new IOptionVault.Fill[](legs.length);
        p.buysNothing = true;
        for (uint256 i = 0; i < legs.length; ++i) {
            Valuation.Greeks memory g = Valuation.greeksOf(legs[i].id, slices[i], spot);
            int256 vaultQuantity = -legs[i].quantity;
            if (vaultQuantity < 0) p.buysNothing = false;
            IOptionVault.Fill memory f = p.fills[i];
            f.id = legs[i].id;
            f.quantity = vaultQuantity;
            f.value = _times(vaultQuantity, int256(g.value));
            f.delta = _times(vaultQuantity, g.delta);
            f.gamma = _times(vaultQuantity, int256(g.gamma));
            f.vega = _times(vaultQuantity, int256(g.vega));
            f.weightedVega = _times(vaultQuantity, int256(g.weightedVega));
            p.mid -= f.value;
            p.delta += f.delta;
            p.weightedVega += f.weightedVega;
            p.grossVega += SignedMath.abs(f.vega);
        }
    }

    function _feesAndFloor(
        Leg[] calldata legs,
        IOptionVault.Fill[] memory fills,
        uint256 spot
    ) private view returns (uint256 fees, int256 floor) {
        for (uint256 i = 0; i < legs.length; ++i) {
            uint256 quantity = SignedMath.abs(legs[i].quantity);
            uint256 value = SignedMath.abs(fills[i].value);
            uint256 price = Math.mulDiv(value, WAD, quantity);
            fees += QuoteCurve.fee(quantity, price, spot, pricing_.feeBps, pricing_.feeCapBps, pricing_.minFee);
            floor +=
                legs[i].quantity > 0
                    ? int256(Math.mulDiv(SeriesId.payoff(legs[i].id, spot), quantity, WAD, Math.Rounding.Ceil))
                    : -int256(value);
        }
    }

    function _requireTradable(Leg[] calldata legs) private view {
        for (uint256 i = 0; i < legs.length; ++i) {
            Leg calldata leg = legs[i];
            if (SignedMath.abs(leg.quantity) < pricing_.minQuantity) {
                revert QuantityTooSmall(leg.id, leg.quantity, pricing_.minQuantity);
            }
            (uint256 expiry, , ) = SeriesId.decode(leg.id);
            uint256 closesAt = expiry - Math.min(expiry, pricing_.cutOff);
            if (block.timestamp >= closesAt) revert TradingClosed(leg.id, closesAt);
        }
    }

    function _slicesOf(Leg[] calldata legs) private view returns (Ssvi.Slice[] memory slices) {
        slices = new Ssvi.Slice[](legs.length);
        for (uint256 i = 0; i < legs.length; ++i) {
            (uint256 expiry, , ) = SeriesId.decode(legs[i].id);
            (slices[i], ) = surface.slice(expiry);
        }
    }

    function _setPricing(Pricing memory next) private {
        if (next.maxSkew > 1e18) revert InvalidPricing("maxSkew");
        if (next.spreadVol > 0.2e18) revert InvalidPricing("spreadVol");
        if (next.hedgeCostBps > BPS / 10) revert InvalidPricing("hedgeCostBps");
        if (next.feeBps > BPS / 100) revert InvalidPricing("feeBps");
        if (next.feeCapBps > BPS / 4) revert InvalidPricing("feeCapBps");
        if (next.minQuantity == 0) revert InvalidPricing("minQuantity");
        if (next.cutOff > 1 days) revert InvalidPricing("cutOff");
        pricing_ = next;
        emit PricingSet(next);
    }

    /// @dev Product of WADs, rounded down (towards minus infinity): a vault's liability is never rounded away.
    function _times(int256 a, int256 b) private pure returns (int256 product) {
        product = a * b;
        return product >= 0 ? product / int256(WAD) : -int256(Math.ceilDiv(uint256(-product), WAD));
    }
}
