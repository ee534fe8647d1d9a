// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {IVolSurface} from "../interfaces/IVolSurface.sol";
import {Leg, PackedPricing, Pricing, Quote} from "../interfaces/Types.sol";
import {MarkedBook} from "./MarkedBook.sol";
import {QuoteCurve} from "./QuoteCurve.sol";
import {SeriesId} from "./SeriesId.sol";
import {SpotRange} from "./SpotRange.sol";
import {BPS, INT_WAD, USDC_UNIT, WAD} from "./Units.sol";
import {Valuation} from "./Valuation.sol";

/// @title What a trade costs
/// @notice The whole trade is priced where it is dearest inside the spot range, so that neither a lagging nor a pushed price can be
/// traded against, while a delta-neutral spread pays little for it. What is only bought, and a single leg, is dearest at an
/// end; for the rest SpotRange knows a bound. Charges go by the Greeks at the mark's spot, which are those that are booked: what
/// was worked out for the price stays with it.
library Quoting {
    /// @notice What the legs come to, signed for the trader. @param increasesRisk Whether any is bought.
    /// @param longest Seconds to the last expiry of what is bought. @param leastForEpoch What the trade must pay at least, WAD USDC: LPs'
    /// rate for an epoch on what is bound while nobody hedges.
    /// @param weightedVega,delta What they take from the vault, at the mark's spot. @param vega In absolute sum, rounded up.
    /// @param spreadSum Σ vega · half-spread, except for what depends on the pool. @param dearer How much more references say than posted
    /// slices for what is bought, @param cheaper how much less for what is sold, WAD USDC. @param allowed What of `dearer` the pool's
    /// budget for posts takes over. @param impact See TradedDelta.impact.
    /// @param lowMid,lowFees,lowFloor At the low end of the spot range: mid, fees, and what the legs cost at least; then the same at
    /// the high end. @param floor At least, where the trade is dearest. @param inside What they are worth inside the range, where that is asked.
    struct LegTotals {
        bool increasesRisk;
        uint256 longest;
        uint256 leastForEpoch;
        int256 weightedVega;
        int256 delta;
        uint256 vega;
        uint256 spreadSum;
        uint256 dearer;
        uint256 cheaper;
        uint256 allowed;
        uint256 impact;
        int256 lowMid;
        uint256 lowFees;
        int256 lowFloor;
        int256 highMid;
        uint256 highFees;
        int256 highFloor;
        int256 floor;
        Inside inside;
    }

    /// @notice Legs at each knot of the range: of series of which more is bought, what those pay at least, and of the other series. All empty where an end
    /// of the range is dearest. @param fees At most, anywhere in the range.
    struct Inside {
        int256[] bought;
        int256[] intrinsic;
        int256[] sold;
        uint256 fees;
        SpotRange.Knots knots;
    }

    /// @notice What legs are priced by. @param markSpot Where Greeks count.
    struct Market {
        PackedPricing terms;
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

    function pack(Pricing memory p) internal pure returns (PackedPricing memory t) {
        t.packedSpread = QuoteCurve.pack(p.spread);
        t.rules = p.maxSkew | (uint256(p.minQuantity) << 64) | (uint256(p.minFee) << 128);
        t.rules |= (uint256(p.hedgeCostBps) << 152) | (uint256(p.feeBps) << 168) | (uint256(p.feeCapBps) << 176);
        t.rules |= (uint256(p.maxDispersionBps) << 192) | (uint256(p.cutOff) << 208);
        t.rules |= uint256(p.maxSurfaceAge) << 232;
    }

    function unpack(PackedPricing memory t) internal pure returns (Pricing memory) {
        uint256 r = t.rules;
        return
            Pricing({
                spread: QuoteCurve.unpack(t.packedSpread),
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
    /// @return without The sums with what is sold back alone.
    function price(
        LegTotals memory t,
        MarkedBook.Sums memory sums,
        Leg[] calldata legs,
        Market memory m
    ) internal view returns (MarkedBook.Sums memory without) {
        if (legs.length == 0) revert NoLegs();
        if (_mayPeakInside(legs, m.reading)) {
            t.inside.knots = SpotRange.knotsOf(m.reading.low, m.reading.high);
            uint256 count = t.inside.knots.count;
            t.inside.bought = new int256[](count);
            t.inside.intrinsic = new int256[](count);
            t.inside.sold = new int256[](count);
        }
        for (uint256 i = 0; i < legs.length; ++i) if (legs[i].quantity <= 0) _priceLeg(t, sums, legs, i, m);
        without = MarkedBook.copy(sums);
        for (uint256 i = 0; i < legs.length; ++i) if (legs[i].quantity > 0) _priceLeg(t, sums, legs, i, m);
    }

    /// @notice What the pool asks for a trade, in place, where `capital` is already there. All of the pool in WAD.
    /// @param netDelta Of book and hedge at the mark's spot.
    /// @param weightedVega,vegaCapacity USDC per 1.00 of vol, see Mark and IOptionVault.Exposure.
    function quote(
        Quote memory q,
        LegTotals memory t,
        Market memory m,
        int256 netDelta,
        int256 weightedVega,
        uint256 vegaCapacity
    ) internal pure {
        uint256 rules = m.terms.rules;
        if (t.increasesRisk) {
            _requireAgreement(m.reading, _maxDispersionBps(rules));
            if (vegaCapacity == 0) revert NoCapacity();
        }
        _dearest(q, t, m.reading);
        // A spot inside may fall as the range widens: the high end never does.
        uint256 spot = t.inside.sold.length == 0 ? q.spot : m.reading.high;
        q.hedging = QuoteCurve.hedging(netDelta, netDelta - t.delta, spot, _hedgeCostBps(rules)) + t.impact;
        // Without capacity (a pool under water) nothing is sold, and what was sold is still taken back.
        _addVegaCharges(q, t, m.terms, -weightedVega, Math.max(vegaCapacity, 1));
        _addUnhedged(q, t);
        q.lag = t.cheaper + t.dearer - t.allowed;
        _total(q, t);
    }

    /// @param netShort Weighted vega that the pool is short.
    function _addVegaCharges(
        Quote memory q,
        LegTotals memory t,
        PackedPricing memory terms,
        int256 netShort,
        uint256 capacity
    ) private pure {
        int256 afterwards = netShort + t.weightedVega;
        q.inventory = QuoteCurve.inventory(netShort, afterwards, _maxSkew(terms.rules), capacity);
        uint256 poolSpread = QuoteCurve.poolSpread(terms.packedSpread, netShort, afterwards, capacity);
        q.spread = QuoteCurve.ceilDiv(t.spreadSum + t.vega * poolSpread, WAD);
    }

    /// @dev Less what the trade itself pays. What selling back would cost does not count: who keeps his options never pays it.
    function _addUnhedged(Quote memory q, LegTotals memory t) private pure {
        uint256 paid = q.hedging + q.spread + q.fees;
        if (t.leastForEpoch > q.capital + paid) q.capital = t.leastForEpoch - paid;
    }

    /// @dev Mid, fees and floor where the trade is dearest.
    function _dearest(Quote memory q, LegTotals memory t, IPriceOracle.Reading memory r) private pure {
        Inside memory p = t.inside;
        if (p.sold.length != 0) {
            (q.mid, q.spot) = SpotRange.dearest(p.knots, p.bought, p.sold, r.low, r.high);
            (t.floor, ) = SpotRange.dearest(p.knots, p.intrinsic, p.sold, r.low, r.high);
            q.fees = p.fees;
        } else if (t.highMid >= t.lowMid) {
            (q.mid, q.fees, t.floor, q.spot) = (t.highMid, t.highFees, t.highFloor, r.high);
        } else {
            (q.mid, q.fees, t.floor, q.spot) = (t.lowMid, t.lowFees, t.lowFloor, r.low);
        }
    }

    /// @dev A single option rises or falls with spot, and a sum of bought ones is convex.
    function _mayPeakInside(Leg[] calldata legs, IPriceOracle.Reading memory r) private pure returns (bool) {
        if (legs.length == 1 || r.low >= r.high) return false;
        for (uint256 i = 0; i < legs.length; ++i) if (legs[i].quantity < 0) return true;
        return false;
    }

    /// @dev Never better than mid: a rebate for freed vega capacity offsets the other charges at most, and capital not at all. At least `floor`
    /// (intrinsic of what is bought less mid of what is sold) plus fees. A pure sale costs nothing: where its proceeds do not
    /// cover the fees, there are fewer fees.
    function _total(Quote memory q, LegTotals memory t) private pure {
        int256 charges = SignedMath.max(0, q.inventory + int256(q.hedging + q.spread));
        int256 wad = SignedMath.max(q.mid + charges + int256(q.lag), t.floor) + int256(q.capital + q.fees);
        if (wad > 0 && !t.increasesRisk) {
            q.fees = Math.saturatingSub(q.fees, uint256(wad));
            wad = 0;
        }
        q.total = wad >= 0 ? int256(QuoteCurve.ceilDiv(uint256(wad), USDC_UNIT)) : wad / int256(USDC_UNIT);
    }

    function _priceLeg(
        LegTotals memory t,
        MarkedBook.Sums memory sums,
        Leg[] calldata legs,
        uint256 index,
        Market memory m
    ) private view {
        (uint256 id, int256 quantity) = (legs[index].id, SafeCast.toInt128(legs[index].quantity));
        _requireTradable(id, quantity, m.terms.rules);
        (uint256 expiry, uint256 strike, bool isCall) = SeriesId.decode(id);
        IVolSurface.Quoted memory s = m.surface.quoted(expiry);
        uint256 age = block.timestamp - s.updatedAt;
        Valuation.Tenor memory tenor = Valuation.tenor(expiry, s.posted, m.markSpot);
        if (quantity > 0) {
            if (age > _maxSurfaceAge(m.terms.rules) || s.frozen) revert SurfaceStale(expiry, s.updatedAt);
            t.increasesRisk = true;
            t.longest = Math.max(t.longest, tenor.timeToExpiry);
        }
        Valuation.Greeks memory g = Valuation.greeksOf(tenor, strike, isCall);
        Valuation.Position memory p = Valuation.Position(strike, isCall, -quantity, tenor, g);
        MarkedBook.addPosition(sums, p);
        _addLeg(t, p, age, m);
        if (s.lags) _addLag(t, p, Valuation.tenor(expiry, s.anchor, m.markSpot), m);
        if (t.inside.sold.length == 0) _addEnds(t, p, m);
        else _addInside(t.inside, p, m, _isNetBought(legs, id));
    }

    /// @dev Unchecked: quantities fit 128 bits, prices and Greeks 100.
    function _addLeg(LegTotals memory t, Valuation.Position memory p, uint256 age, Market memory m) private pure {
        unchecked {
            (int256 quantity, Valuation.Greeks memory g) = (-p.quantity, p.greeks);
            uint256 vega = QuoteCurve.ceilDiv(SignedMath.abs(quantity) * g.vega, WAD);
            t.vega += vega;
            t.spreadSum += vega * QuoteCurve.ownSpread(m.terms.packedSpread, age, p.tenor.timeToExpiry);
            t.weightedVega += _times(quantity, int256((g.vega * p.tenor.vegaWeight) / WAD));
            t.delta += _times(quantity, g.delta);
        }
    }

    /// @dev The dearer of posted slice and reference for what is bought, the cheaper for what is sold: by the most that they differ
    /// at the mark's spot and at the ends of the range, since one of them may know no price there at all.
    function _addLag(
        LegTotals memory t,
        Valuation.Position memory p,
        Valuation.Tenor memory anchor,
        Market memory m
    ) private pure {
        uint256 gap = Math.max(_gap(p, anchor, m.markSpot), _gap(p, anchor, m.reading.low));
        if (m.reading.high != m.reading.low) gap = Math.max(gap, _gap(p, anchor, m.reading.high));
        uint256 cost = uint256(_times(int256(SignedMath.abs(p.quantity)), int256(gap)));
        if (p.quantity < 0) t.dearer += cost;
        else t.cheaper += cost;
    }

    /// @dev What the reference makes a contract dearer for who buys it, or cheaper for who sells it.
    function _gap(
        Valuation.Position memory p,
        Valuation.Tenor memory anchor,
        uint256 spot
    ) private pure returns (uint256) {
        uint256 posted = Valuation.valueAt(p.tenor, p.strike, p.isCall, spot);
        uint256 other = Valuation.valueAt(anchor, p.strike, p.isCall, spot);
        return p.quantity < 0 ? Math.saturatingSub(other, posted) : Math.saturatingSub(posted, other);
    }

    /// @dev A leg at both ends of the range.
    function _addEnds(LegTotals memory t, Valuation.Position memory p, Market memory m) private pure {
        unchecked {
            (int256 mid, uint256 fee, int256 floor) = _at(p, m, m.reading.low);
            (t.lowMid, t.lowFees, t.lowFloor) = (t.lowMid + mid, t.lowFees + fee, t.lowFloor + floor);
            if (m.reading.high != m.reading.low) (mid, fee, floor) = _at(p, m, m.reading.high);
            (t.highMid, t.highFees, t.highFloor) = (t.highMid + mid, t.highFees + fee, t.highFloor + floor);
        }
    }

    /// @dev A leg at all knots. Its value rises or falls with spot, so that its fee is at most that of the dearer end.
    /// @param isBought Whether more of its series is bought than sold, so that the series as a whole is convex.
    function _addInside(
        Inside memory inside,
        Valuation.Position memory p,
        Market memory m,
        bool isBought
    ) private pure {
        (int256 quantity, uint256 rules) = (-p.quantity, m.terms.rules);
        SpotRange.Knots memory k = inside.knots;
        uint256 largest;
        for (uint256 i = 0; i < k.count; ++i) {
            bool isOutside = i < k.inner || i + 1 == k.count;
            if (isOutside && isBought) continue;
            uint256 spot = SpotRange.spotAt(k, i);
            uint256 value = Valuation.valueAt(p.tenor, p.strike, p.isCall, spot);
            if (!isOutside) largest = Math.max(largest, value);
            int256 mid = _times(quantity, int256(value));
            if (isBought) {
                inside.bought[i] += mid;
                inside.intrinsic[i] += _times(quantity, int256(SeriesId.payoff(p.strike, p.isCall, spot)));
            } else {
                inside.sold[i] += mid;
            }
        }
        inside.fees += QuoteCurve.fee(
            SignedMath.abs(quantity),
            largest,
            m.reading.high,
            _feeBps(rules),
            _feeCapBps(rules),
            _minFee(rules) * USDC_UNIT
        );
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

    function _isNetBought(Leg[] calldata legs, uint256 id) private pure returns (bool) {
        int256 net = 0;
        for (uint256 i = 0; i < legs.length; ++i) if (legs[i].id == id) net += legs[i].quantity;
        return net > 0;
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
            return product <= 0 ? product / INT_WAD : int256(QuoteCurve.ceilDiv(uint256(product), WAD));
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
