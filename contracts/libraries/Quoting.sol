// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {IVolSurface} from "../interfaces/IVolSurface.sol";
import {Book} from "./Book.sol";
import {MarkedBook} from "./MarkedBook.sol";
import {QuoteCurve} from "./QuoteCurve.sol";
import {SeriesId} from "./SeriesId.sol";
import {Ssvi} from "./Ssvi.sol";
import {Valuation} from "./Valuation.sol";

/// @title What a trade costs
/// @notice The whole trade is priced at both ends of the spot range, and at the mark's spot where it lies between, and the dearest
/// counts, so that neither a lagging nor a pushed price can be traded against, while a delta-neutral spread pays little for it. Charges go by the Greeks at the mark's spot, which are
/// those that are booked: what was worked out for the price stays with it.
library Quoting {
    /// @notice What a trade costs, by component, WAD USDC; positive costs the trader.
    /// @param mid Σ quantity · mid price at `spot`.
    /// @param inventory The curve's charge for using up vega capacity, or its rebate for freeing it.
    /// @param hedging Expected cost of hedging the delta that the trade adds.
    /// @param spread Half-spread on the vega of each leg. @param lag What the references, which follow posted slices slowly, make it
    /// dearer (IVolSurface). @param fees Trading fees, as far as a sale's proceeds cover them.
    /// @param total USDC, 6 decimals, rounded up: after bounds (never cheaper than mid and fees, a buyer pays at
    /// least intrinsic value, a pure sale never costs). @param spot Where it was dearest.
    struct Quote {
        int256 mid;
        int256 inventory;
        uint256 hedging;
        uint256 spread;
        uint256 lag;
        uint256 fees;
        int256 total;
        uint256 spot;
    }

    /// @notice The market's terms, two slots.
    /// @param spread The parts of the half-spread, in vol points.
    /// @param maxSkew Vol points (WAD) off mid at full vega capacity. @param minQuantity Smallest leg, WAD contracts.
    /// @param minFee Least fee per contract, USDC with 6 decimals. @param hedgeCostBps Half-spread of the hedging venue.
    /// @param feeBps Fee in basis points of spot. @param feeCapBps Cap of the fee in basis points of premium.
    /// @param maxDispersionBps How far the highest price may lie above the lowest for anything to be opened.
    /// @param cutOff Seconds before expiry at which trading closes.
    /// @param maxSurfaceAge Seconds after which a slice serves for closing only.
    struct Pricing {
        QuoteCurve.Spread spread;
        uint64 maxSkew;
        uint64 minQuantity;
        uint24 minFee;
        uint16 hedgeCostBps;
        uint8 feeBps;
        uint16 feeCapBps;
        uint16 maxDispersionBps;
        uint24 cutOff;
        uint24 maxSurfaceAge;
    }

    /// @notice The same as the market keeps it and hands it on. @param spread See QuoteCurve.pack. @param rules The other
    /// fields, from the lowest bit in their order above.
    struct Terms {
        uint256 spread;
        uint256 rules;
    }

    /// @notice What the legs come to, signed for the trader. @param opens Whether any is bought.
    /// @param weightedVega,delta What they take from the vault, at the mark's spot. @param vega In absolute sum, rounded up.
    /// @param spread Σ vega · half-spread, except for what depends on the pool. @param dearer How much more references say than posted
    /// slices for what is bought, @param cheaper how much less for what is sold, WAD USDC.
    /// @param lowMid,lowFees,lowFloor At the low end of the spot range: mid, fees, and what the legs cost at least; then the same at
    /// the mark's spot, if it lies between, and at the high end.
    struct Tally {
        bool opens;
        int256 weightedVega;
        int256 delta;
        uint256 vega;
        uint256 spread;
        uint256 dearer;
        uint256 cheaper;
        int256 lowMid;
        uint256 lowFees;
        int256 lowFloor;
        int256 markMid;
        uint256 markFees;
        int256 markFloor;
        int256 highMid;
        uint256 highFees;
        int256 highFloor;
    }

    /// @notice What legs are priced by. @param markSpot Where Greeks count.
    struct Market {
        Terms terms;
        IPriceOracle.Reading reading;
        uint256 markSpot;
        IVolSurface surface;
    }

    error NoLegs();
    error QuantityTooSmall(uint256 id, int256 quantity, uint256 minimum);
    error TradingClosed(uint256 id, uint256 closedAt);
    /// @notice The feed last spoke at `updatedAt`: until it does again, holders may close and nothing is opened.
    error FeedStale(uint256 updatedAt);
    /// @notice Feed and DEX lie further apart than `limitBps`: closing only.
    error PricesDisagree(uint256 low, uint256 high, uint256 limitBps);
    /// @notice The slice of `expiry` is from `updatedAt`: closing only.
    error SurfaceStale(uint256 expiry, uint256 updatedAt);
    /// @notice The pool had no net assets when the epoch began: closing only, as nothing could be charged for new risk.
    error NoCapacity();

    uint256 private constant BPS = 10_000;
    int256 private constant WAD = 1e18;
    uint256 private constant USDC_UNIT = 1e12;

    function pack(Pricing memory p) internal pure returns (Terms memory t) {
        t.spread = QuoteCurve.pack(p.spread);
        t.rules = p.maxSkew | (uint256(p.minQuantity) << 64) | (uint256(p.minFee) << 128);
        t.rules |= (uint256(p.hedgeCostBps) << 152) | (uint256(p.feeBps) << 168) | (uint256(p.feeCapBps) << 176);
        t.rules |= (uint256(p.maxDispersionBps) << 192) | (uint256(p.cutOff) << 208);
        t.rules |= uint256(p.maxSurfaceAge) << 232;
    }

    function unpack(Terms memory t) internal pure returns (Pricing memory) {
        uint256 r = t.rules;
        return
            Pricing({
                spread: QuoteCurve.unpack(t.spread),
                maxSkew: _maxSkew(r),
                minQuantity: _minQuantity(r),
                minFee: _minFee(r),
                hedgeCostBps: _hedgeCostBps(r),
                feeBps: _feeBps(r),
                feeCapBps: _feeCapBps(r),
                maxDispersionBps: _maxDispersionBps(r),
                cutOff: _cutOff(r),
                maxSurfaceAge: _maxSurfaceAge(r)
            });
    }

    /// @notice Prices legs for the trader, and adds them to `sums` of the vault, which takes the other side. Both in place.
    function price(
        Tally memory t,
        MarkedBook.Sums memory sums,
        Book.Leg[] calldata legs,
        Market memory m
    ) internal view {
        if (legs.length == 0) revert NoLegs();
        for (uint256 i = 0; i < legs.length; ++i) {
            (uint256 id, int256 quantity) = (legs[i].id, SafeCast.toInt128(legs[i].quantity));
            _requireTradable(id, quantity, m.terms.rules);
            (uint256 expiry, uint256 strike, bool isCall) = SeriesId.decode(id);
            IVolSurface.Quoted memory s = m.surface.quoted(expiry);
            uint256 age = block.timestamp - s.updatedAt;
            if (quantity > 0) {
                if (age > _maxSurfaceAge(m.terms.rules) || s.frozen) revert SurfaceStale(expiry, s.updatedAt);
                t.opens = true;
            }
            Valuation.Tenor memory tenor = Valuation.tenor(expiry, s.posted, m.markSpot);
            Valuation.Greeks memory g = Valuation.greeksOf(tenor, strike, isCall);
            Valuation.Position memory p = Valuation.Position(strike, isCall, -quantity, tenor, g);
            MarkedBook.addPosition(sums, p);
            _addLeg(t, p, age, m);
            if (s.lags) _addLag(t, p, Valuation.tenor(expiry, s.anchor, m.markSpot), m.markSpot);
        }
    }

    /// @notice What the pool asks for a trade, in place. All of the pool in WAD.
    /// @param netDelta Of book and hedge at the mark's spot.
    /// @param weightedVega,vegaCapacity USDC per 1.00 of vol, see MarkedBook.Mark and IOptionVault.Exposure.
    /// @param allowed What of `dearer` the pool's budget for posts takes over.
    function quote(
        Quote memory q,
        Tally memory t,
        Market memory m,
        int256 netDelta,
        int256 weightedVega,
        uint256 vegaCapacity,
        uint256 allowed
    ) internal pure {
        uint256 rules = m.terms.rules;
        if (t.opens) {
            _requireAgreement(m.reading, _maxDispersionBps(rules));
            if (vegaCapacity == 0) revert NoCapacity();
        }
        int256 floor;
        if (t.highMid > t.lowMid) {
            (q.mid, q.fees, floor, q.spot) = (t.highMid, t.highFees, t.highFloor, m.reading.high);
        } else {
            (q.mid, q.fees, floor, q.spot) = (t.lowMid, t.lowFees, t.lowFloor, m.reading.low);
        }
        if (_isMarkBetween(m) && t.markMid > q.mid) {
            (q.mid, q.fees, floor, q.spot) = (t.markMid, t.markFees, t.markFloor, m.markSpot);
        }

        // Without capacity (a pool under water) nothing is sold, and what was sold is still taken back.
        uint256 capacity = Math.max(vegaCapacity, 1);
        int256 netShort = -weightedVega;
        int256 netShortAfter = netShort + t.weightedVega;
        q.inventory = QuoteCurve.inventory(netShort, netShortAfter, _maxSkew(rules), capacity);
        q.hedging = QuoteCurve.hedging(netDelta, netDelta - t.delta, q.spot, _hedgeCostBps(rules));
        uint256 poolSpread = QuoteCurve.poolSpread(m.terms.spread, netShort, netShortAfter, capacity);
        q.spread = QuoteCurve.ceilDiv(t.spread + t.vega * poolSpread, uint256(WAD));
        q.lag = t.cheaper + t.dearer - allowed;
        _total(q, floor, t.opens);
    }

    /// @dev Never better than mid: a rebate for freed vega capacity offsets the other charges at most. At least `floor`
    /// (intrinsic of what is bought less mid of what is sold) plus fees. A pure sale costs nothing: where its proceeds do not
    /// cover the fees, there are fewer fees.
    function _total(Quote memory q, int256 floor, bool opens) private pure {
        int256 charges = SignedMath.max(0, q.inventory + int256(q.hedging + q.spread));
        int256 wad = SignedMath.max(q.mid + charges + int256(q.lag), floor) + int256(q.fees);
        if (wad > 0 && !opens) {
            q.fees = Math.saturatingSub(q.fees, uint256(wad));
            wad = 0;
        }
        q.total = wad >= 0 ? int256(QuoteCurve.ceilDiv(uint256(wad), USDC_UNIT)) : wad / int256(USDC_UNIT);
    }

    /// @dev Unchecked: quantities fit 128 bits, prices and Greeks 100.
    function _addLeg(Tally memory t, Valuation.Position memory p, uint256 age, Market memory m) private pure {
        unchecked {
            (int256 quantity, Valuation.Greeks memory g) = (-p.quantity, p.greeks);
            uint256 vega = QuoteCurve.ceilDiv(SignedMath.abs(quantity) * g.vega, uint256(WAD));
            t.vega += vega;
            t.spread += vega * QuoteCurve.ownSpread(m.terms.spread, age, p.tenor.timeToExpiry);
            t.weightedVega += _times(quantity, int256((g.vega * p.tenor.vegaWeight) / uint256(WAD)));
            t.delta += _times(quantity, g.delta);
            (int256 mid, uint256 fee, int256 floor) = _at(p, m, m.reading.low);
            (t.lowMid, t.lowFees, t.lowFloor) = (t.lowMid + mid, t.lowFees + fee, t.lowFloor + floor);
            (mid, fee, floor) = _at(p, m, m.reading.high);
            (t.highMid, t.highFees, t.highFloor) = (t.highMid + mid, t.highFees + fee, t.highFloor + floor);
            if (!_isMarkBetween(m)) return;
            (mid, fee, floor) = _at(p, m, m.markSpot);
            (t.markMid, t.markFees, t.markFloor) = (t.markMid + mid, t.markFees + fee, t.markFloor + floor);
        }
    }

    /// @dev The dearer of posted slice and reference for what is bought, the cheaper for what is sold.
    function _addLag(
        Tally memory t,
        Valuation.Position memory p,
        Valuation.Tenor memory anchor,
        uint256 spot
    ) private pure {
        uint256 other = Valuation.valueAt(anchor, p.strike, p.isCall, spot);
        uint256 value = p.greeks.value;
        if (p.quantity < 0 && other > value) t.dearer += uint256(_times(-p.quantity, int256(other - value)));
        if (p.quantity > 0 && other < value) t.cheaper += uint256(_times(p.quantity, int256(value - other)));
    }

    /// @dev Mid, fee, and what a leg costs at least (intrinsic value of what is bought, mid of what is sold), at `spot`.
    function _at(
        Valuation.Position memory p,
        Market memory m,
        uint256 spot
    ) private pure returns (int256 mid, uint256 fee, int256 floor) {
        // A mark of just now has an end of the range as its spot: the Greeks came with the value there.
        uint256 value = spot == m.markSpot ? p.greeks.value : Valuation.valueAt(p.tenor, p.strike, p.isCall, spot);
        (int256 quantity, uint256 rules) = (-p.quantity, m.terms.rules);
        mid = _times(quantity, int256(value));
        fee = QuoteCurve.fee(
            SignedMath.abs(quantity),
            value,
            spot,
            _feeBps(rules),
            _feeCapBps(rules),
            _minFee(rules) * USDC_UNIT
        );
        floor = quantity > 0 ? _times(quantity, int256(SeriesId.payoff(p.strike, p.isCall, spot))) : mid;
    }

    /// @dev Whoever sells both calls and puts gets least somewhere inside the range, not at an end of it.
    function _isMarkBetween(Market memory m) private pure returns (bool) {
        return m.reading.low < m.markSpot && m.markSpot < m.reading.high;
    }

    function _requireTradable(uint256 id, int256 quantity, uint256 rules) private view {
        uint256 minQuantity = _minQuantity(rules);
        if (SignedMath.abs(quantity) < minQuantity) revert QuantityTooSmall(id, quantity, minQuantity);
        uint256 closesAt = Math.saturatingSub(SeriesId.expiryOf(id), _cutOff(rules));
        if (block.timestamp >= closesAt) revert TradingClosed(id, closesAt);
    }

    /// @dev New risk only at a price that feed and DEX agree on, and that is not old.
    function _requireAgreement(IPriceOracle.Reading memory reading, uint256 maxDispersionBps) private pure {
        if (reading.stale) revert FeedStale(reading.updatedAt);
        if ((reading.high - reading.low) * BPS > reading.low * maxDispersionBps) {
            revert PricesDisagree(reading.low, reading.high, maxDispersionBps);
        }
    }

    /// @dev Product of WADs that fits 256 bits, rounded up: against the trader, whose quantities these are.
    function _times(int256 quantity, int256 amount) private pure returns (int256 product) {
        unchecked {
            product = quantity * amount;
            return product <= 0 ? product / WAD : int256(QuoteCurve.ceilDiv(uint256(product), uint256(WAD)));
        }
    }

    // Fields of Terms.rules

    function _maxSkew(uint256 rules) private pure returns (uint64) {
        return uint64(rules);
    }

    function _minQuantity(uint256 rules) private pure returns (uint64) {
        return uint64(rules >> 64);
    }

    function _minFee(uint256 rules) private pure returns (uint24) {
        return uint24(rules >> 128);
    }

    function _hedgeCostBps(uint256 rules) private pure returns (uint16) {
        return uint16(rules >> 152);
    }

    function _feeBps(uint256 rules) private pure returns (uint8) {
        return uint8(rules >> 168);
    }

    function _feeCapBps(uint256 rules) private pure returns (uint16) {
        return uint16(rules >> 176);
    }

    function _maxDispersionBps(uint256 rules) private pure returns (uint16) {
        return uint16(rules >> 192);
    }

    function _cutOff(uint256 rules) private pure returns (uint24) {
        return uint24(rules >> 208);
    }

    function _maxSurfaceAge(uint256 rules) private pure returns (uint24) {
        return uint24(rules >> 232);
    }
}
