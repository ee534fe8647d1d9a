// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IOptionVault} from "./interfaces/IOptionVault.sol";
import {IVolSurface} from "./interfaces/IVolSurface.sol";
import {Slice} from "./interfaces/Types.sol";
import {FixedPoint} from "./libraries/FixedPoint.sol";
import {Ssvi} from "./libraries/Ssvi.sol";
import {SurfaceLimits} from "./libraries/SurfaceLimits.sol";
import {WAD} from "./libraries/Units.sol";
import {VolDrift} from "./libraries/VolDrift.sol";

/// @title VolSurface
/// @notice Posters write SSVI slices; nothing that holds an arbitrage, moves too fast or has moved too far is stored.
contract VolSurface is IVolSurface, AccessManaged {
    using SurfaceLimits for IVolSurface.SurfaceBounds;

    /// @dev One slot, so that reading a slice is one storage read. Units: see IVolSurface.
    /// @param updatedAt When it was posted; of a reference, when it last moved.
    /// @param lags Of a posted slice: whether its reference is another.
    struct StoredSlice {
        uint40 atmVol;
        int40 skew;
        uint56 curvature;
        int48 carry;
        uint40 updatedAt;
        bool lags;
    }

    /// @dev The slices around an expiry. Linear in total variance, w/T is a mean of theirs with the weight
    /// T₁(T₂ − T) / (T(T₂ − T₁)) on the near one, kept as a fraction; so is the carry, as b·T is linear. A weight of zero
    /// means that the far slice answers alone.
    struct Bracket {
        Slice near;
        Slice far;
        uint256 nearWeight;
        uint256 weights;
    }

    uint256 private constant VOL_UNIT = 1e8;
    int256 private constant SKEW_UNIT = 1e7;
    uint256 private constant CURVATURE_UNIT = 1e9;
    int256 private constant CARRY_UNIT = 1e6;

    /// @inheritdoc IVolSurface
    uint256 public version;

    uint40[] private _expiries;
    mapping(uint256 expiry => StoredSlice) private _slices;
    /// @dev Only of slices that lag; what is left here of others is not read.
    mapping(uint256 expiry => StoredSlice) private _references;
    SurfaceBounds private _limits;

    /// @inheritdoc IVolSurface
    IOptionVault public vault;
    /// @inheritdoc IVolSurface
    uint256 public frozenAt;

    constructor(address authority, SurfaceBounds memory initialLimits) AccessManaged(authority) {
        _setLimits(initialLimits);
    }

    // -------------------------------------------------------------------------------------------------------- writing

    /// @inheritdoc IVolSurface
    function post(uint256[] calldata expiries_, Slice[] calldata slices) external restricted {
        require(expiries_.length == slices.length, LengthMismatch(expiries_.length, slices.length));
        // References go on from where they are. Without a price they cannot, and have to wait.
        if (address(vault) != address(0)) try vault.followSurface() {} catch {}
        SurfaceBounds memory bounds = _limits;
        uint256 previous;
        for (uint256 i = 0; i < expiries_.length; ++i) {
            uint256 expiry = expiries_[i];
            require(expiry > previous, ExpiriesNotAscending(previous, expiry));
            previous = expiry;
            _write(expiry, slices[i], bounds);
        }
        ++version;
        _arrange(expiries_, bounds.maxExpiries);
    }

    /// @inheritdoc IVolSurface
    function advance(uint256[] calldata expiries_, uint256[] calldata portions) external {
        require(msg.sender == address(vault), OnlyVault(msg.sender));
        for (uint256 i = 0; i < expiries_.length; ++i) {
            (Slice memory from, Slice memory to) = moveOf(expiries_[i]);
            _storeReference(expiries_[i], _between(from, to, portions[i]));
        }
    }

    /// @inheritdoc IVolSurface
    function freeze() external restricted {
        frozenAt = block.timestamp;
        emit Frozen(msg.sender);
    }

    /// @inheritdoc IVolSurface
    function setVault(IOptionVault vault_) external restricted {
        vault = vault_;
        emit VaultSet(vault_);
    }

    /// @inheritdoc IVolSurface
    function setLimits(SurfaceBounds calldata newLimits) external restricted {
        _setLimits(newLimits);
    }

    /// @dev Checks one slice by itself and against its predecessor, and stores it. Its reference stays where it was.
    function _write(uint256 expiry, Slice calldata posted, SurfaceBounds memory bounds) private {
        require(expiry > block.timestamp, ExpiryPassed(expiry, block.timestamp));
        require(expiry <= block.timestamp + bounds.maxTenor, ExpiryTooFar(expiry, block.timestamp + bounds.maxTenor));
        bounds.checkRange(expiry, posted);

        StoredSlice memory packed = _pack(posted);
        Slice memory next = _unpack(packed);
        uint256 timeToExpiry = expiry - block.timestamp;
        if (!Ssvi.isButterflyFree(next, timeToExpiry)) {
            (uint256 slope, uint256 bend) = Ssvi.butterfly(next, timeToExpiry);
            revert ButterflyArbitrage(expiry, slope, bend);
        }
        StoredSlice memory anchor =
            _slices[expiry].updatedAt == 0
                ? _checkFirst(expiry, next, bounds)
                : _checkNext(expiry, packed, next, bounds);
        packed.lags = !_isSame(anchor, packed);
        if (packed.lags) _references[expiry] = anchor;
        _slices[expiry] = packed;
        emit SlicePosted(expiry, next.atmVol, next.skew, next.curvature, next.carry);
    }

    /// @dev Checks a slice against the one before it. Going back to the reference is never too far.
    /// @return anchor The reference.
    function _checkNext(
        uint256 expiry,
        StoredSlice memory packed,
        Slice memory next,
        SurfaceBounds memory bounds
    ) private view returns (StoredSlice memory anchor) {
        StoredSlice memory last = _slices[expiry];
        uint256 earliest = last.updatedAt + bounds.minInterval;
        require(block.timestamp >= earliest, PostTooSoon(expiry, earliest));
        anchor = last.lags ? _references[expiry] : last;
        (anchor.updatedAt, anchor.lags) = (uint40(block.timestamp), false);
        if (!_isSame(anchor, packed)) bounds.checkStep(expiry, _unpack(last), next);
    }

    /// @dev A new expiry starts near to what its neighbours say, so that neither posting between two slices, nor before the first or
    /// after the last, moves prices further than moving those would. Its reference is the slice itself, or if that lies below
    /// the neighbours' references anywhere, theirs: the smile of one of them by deviations, raised to where both are. What is
    /// new is cheap at no strike. Its forward grows no further than the neighbours' do. Only on a surface without slices
    /// bounds alone apply.
    function _checkFirst(
        uint256 expiry,
        Slice memory next,
        SurfaceBounds memory bounds
    ) private view returns (StoredSlice memory) {
        (uint256 near, uint256 far) = _listedNeighbours(expiry);
        if (far == 0) (near, far) = (0, near);
        if (far == 0) return _pack(next);
        bounds.checkVolStep(expiry, FixedPoint.sqrt(_varianceAt(_bracket(expiry, near, far), 0)), next.atmVol);

        Bracket memory b = _weighted(expiry, near, far);
        b.far = _referenceOf(far);
        uint256[5] memory around = VolDrift.variances(b.far, far - block.timestamp);
        if (near != 0) {
            b.near = _referenceOf(near);
            uint256[5] memory nearer = VolDrift.variances(b.near, near - block.timestamp);
            for (uint256 i = 0; i < 5; ++i) around[i] = _mean(b, nearer[i], around[i]);
        }
        return _pack(_firstReference(b, around, expiry, far, next, bounds.maxVol));
    }

    /// @param around Squares of the neighbours' vol by deviations. @param far The neighbour whose smile it may become.
    function _firstReference(
        Bracket memory b,
        uint256[5] memory around,
        uint256 expiry,
        uint256 far,
        Slice memory next,
        uint256 maxVol
    ) private view returns (Slice memory first) {
        (uint256 time, uint256 farTime) = (expiry - block.timestamp, far - block.timestamp);
        (bool isBelow, ) = VolDrift.shortfall(around, VolDrift.variancesFor(next, FixedPoint.sqrt(around[2]), time));
        first = next;
        if (isBelow) {
            (, uint256 factorSquared) = VolDrift.shortfall(around, VolDrift.variances(b.far, farTime));
            first = VolDrift.moved(b.far, farTime, time, factorSquared);
            first.atmVol = Math.min(first.atmVol, maxVol);
        }
        first.carry = _carryAt(b);
        // After the last: as far in all, not as fast.
        if (expiry > far) first.carry = (first.carry * int256(farTime)) / int256(time);
    }

    /// @dev The neighbours of an expiry among the slices with listed series, or if there are none among all: what nobody has listed
    /// binds nobody.
    function _listedNeighbours(uint256 expiry) private view returns (uint256 near, uint256 far) {
        uint40[] memory live = _expiries;
        for (uint256 i = 0; i < live.length; ++i) {
            if (live[i] <= block.timestamp || !_isListed(live[i])) continue;
            if (live[i] > expiry) return (near, live[i]);
            near = live[i];
        }
        if (near == 0) return _neighbours(expiry);
    }

    function _isListed(uint256 expiry) private view returns (bool) {
        return address(vault) == address(0) || vault.expiryOf(expiry).listed > 0;
    }

    /// @dev Moves a reference. Where it has arrived, there is none any more.
    function _storeReference(uint256 expiry, Slice memory next) private {
        StoredSlice storage posted = _slices[expiry];
        if (!posted.lags) return;
        StoredSlice memory moved = _pack(next);
        if (_isSame(moved, posted)) posted.lags = false;
        else _references[expiry] = moved;
        emit ReferenceMoved(expiry, next.atmVol, next.skew, next.curvature, next.carry);
    }

    /// @dev Merges the posted expiries into the stored ones, both ascending, drops what has expired, and requires that the rest
    /// holds no calendar arbitrage. Slices that nobody has listed give way.
    function _arrange(uint256[] calldata posted, uint256 maxExpiries) private {
        uint40[] memory merged = _merged(posted);
        uint40[] memory kept = new uint40[](merged.length);
        uint256 count;
        uint256 excess = Math.saturatingSub(merged.length, maxExpiries);
        for (uint256 i = 0; i < merged.length; ++i) {
            uint256 expiry = merged[i];
            bool stays = excess == 0 || !_givesWay(expiry);
            if (!stays) --excess;
            while (stays && count > 0 && !_isCalendarFree(kept[count - 1], expiry)) {
                stays = !_givesWay(expiry);
                if (!stays) break;
                require(_givesWay(kept[count - 1]), CalendarArbitrage(kept[count - 1], expiry));
                delete _slices[kept[--count]];
            }
            if (stays) kept[count++] = uint40(expiry);
            else delete _slices[expiry];
        }
        require(excess == 0, TooManyExpiries(maxExpiries + excess, maxExpiries));
        assembly ("memory-safe") {
            mstore(kept, count) // shorten to what is live
        }
        _expiries = kept;
    }

    function _merged(uint256[] calldata posted) private returns (uint40[] memory merged) {
        uint40[] memory stored = _expiries;
        merged = new uint40[](stored.length + posted.length);
        uint256 count;
        uint256 j;
        for (uint256 i = 0; i < stored.length; ++i) {
            uint256 expiry = stored[i];
            if (expiry <= block.timestamp) {
                delete _slices[expiry];
                continue;
            }
            while (j < posted.length && posted[j] < expiry) merged[count++] = uint40(posted[j++]);
            if (j < posted.length && posted[j] == expiry) ++j;
            merged[count++] = uint40(expiry);
        }
        while (j < posted.length) merged[count++] = uint40(posted[j++]);
        assembly ("memory-safe") {
            mstore(merged, count)
        }
    }

    /// @dev Neither listed nor of this block.
    function _givesWay(uint256 expiry) private view returns (bool) {
        return _slices[expiry].updatedAt != block.timestamp && !_isListed(expiry);
    }

    function _isCalendarFree(uint256 near, uint256 far) private view returns (bool) {
        return
            Ssvi.isCalendarFree(
                _unpack(_slices[near]),
                near - block.timestamp,
                _unpack(_slices[far]),
                far - block.timestamp
            );
    }

    function _setLimits(SurfaceBounds memory bounds) private {
        bounds.check();
        _limits = bounds;
        emit LimitsSet(bounds);
    }

    // -------------------------------------------------------------------------------------------------------- reading

    /// @inheritdoc IVolSurface
    function limits() external view returns (SurfaceBounds memory) {
        return _limits;
    }

    /// @inheritdoc IVolSurface
    function sliceOf(uint256 expiry) external view returns (Slice memory slice, uint256 updatedAt) {
        StoredSlice memory stored = _slices[expiry];
        updatedAt = stored.updatedAt;
        require(updatedAt != 0 && expiry > block.timestamp, NoSlice(expiry));
        _unpackTo(slice, stored);
    }

    /// @inheritdoc IVolSurface
    function quoted(uint256 expiry) external view returns (Quoted memory q) {
        StoredSlice memory stored = _slices[expiry];
        require(stored.updatedAt != 0 && expiry > block.timestamp, NoSlice(expiry));
        _unpackTo(q.posted, stored);
        (q.updatedAt, q.lags, q.frozen) = (stored.updatedAt, stored.lags, stored.updatedAt <= frozenAt);
        if (stored.lags) _unpackTo(q.anchor, _references[expiry]);
    }

    /// @inheritdoc IVolSurface
    function moveOf(uint256 expiry) public view returns (Slice memory from, Slice memory to) {
        StoredSlice memory stored = _slices[expiry];
        require(stored.updatedAt != 0 && expiry > block.timestamp, NoSlice(expiry));
        (from, to) = (_referenceOf(expiry), _unpack(stored));
        if (!stored.lags) return (from, to);
        if (stored.updatedAt <= frozenAt) return (from, from);
        SurfaceBounds memory bounds = _limits;
        uint256 elapsed = block.timestamp - _references[expiry].updatedAt;
        uint256 timeToExpiry = expiry - block.timestamp;
        uint256 distance = VolDrift.between(from, to, timeToExpiry);
        int256 carry = to.carry;
        to = _between(from, to, _portion(bounds.maxFollow, bounds.followWindow, elapsed, distance));
        to.carry = carry;
        uint256 growth =
            ((carry > from.carry ? uint256(carry - from.carry) : uint256(from.carry - carry)) * timeToExpiry) /
                365 days;
        uint256 portion = _portion(bounds.maxForwardMove, bounds.followWindow, elapsed, growth);
        to.carry = from.carry + ((carry - from.carry) * int256(portion)) / int256(WAD);
    }

    /// @inheritdoc IVolSurface
    function expiries() external view returns (uint256[] memory live) {
        uint40[] memory stored = _expiries;
        uint256 expired;
        while (expired < stored.length && stored[expired] <= block.timestamp) ++expired;
        live = new uint256[](stored.length - expired);
        for (uint256 i = 0; i < live.length; ++i) live[i] = stored[expired + i];
    }

    /// @inheritdoc IVolSurface
    function isStale(uint256 expiry) external view returns (bool) {
        (uint256 near, uint256 far) = _neighbours(expiry);
        if (far == 0) return true;
        uint256 oldest = _slices[far].updatedAt;
        if (near != 0 && _slices[near].updatedAt < oldest) oldest = _slices[near].updatedAt;
        return block.timestamp > oldest + _limits.maxAge;
    }

    /// @inheritdoc IVolSurface
    function forward(uint256 expiry, uint256 spot) external view returns (uint256) {
        return _forward(_bracket(expiry), expiry, spot);
    }

    /// @inheritdoc IVolSurface
    function impliedVol(uint256 expiry, uint256 strike, uint256 spot) external view returns (uint256) {
        return FixedPoint.sqrt(_variance(expiry, strike, spot));
    }

    /// @inheritdoc IVolSurface
    function totalVariance(uint256 expiry, uint256 strike, uint256 spot) external view returns (uint256) {
        return (_variance(expiry, strike, spot) * (expiry - block.timestamp)) / (365 days * 1e18);
    }

    function _bracket(uint256 expiry) private view returns (Bracket memory) {
        (uint256 near, uint256 far) = _neighbours(expiry);
        require(far != 0, NoSlice(expiry));
        return _bracket(expiry, near, far);
    }

    function _bracket(uint256 expiry, uint256 near, uint256 far) private view returns (Bracket memory b) {
        b = _weighted(expiry, near, far);
        b.far = _unpack(_slices[far]);
        if (near != 0) b.near = _unpack(_slices[near]);
    }

    /// @dev A bracket without its slices.
    function _weighted(uint256 expiry, uint256 near, uint256 far) private view returns (Bracket memory b) {
        b.weights = 1;
        if (near != 0) {
            b.nearWeight = (near - block.timestamp) * (far - expiry);
            b.weights = (expiry - block.timestamp) * (far - near);
        }
    }

    /// @dev The first live expiry at or after the given one, and unless it is the same, the live one before; 0 for none.
    function _neighbours(uint256 expiry) private view returns (uint256 near, uint256 far) {
        if (expiry <= block.timestamp) return (0, 0);
        if (_slices[expiry].updatedAt != 0) return (0, expiry);
        uint40[] memory stored = _expiries;
        for (uint256 i = 0; i < stored.length; ++i) {
            if (stored[i] > expiry) return (near, stored[i]);
            if (stored[i] > block.timestamp) near = stored[i];
        }
    }

    function _forward(Bracket memory b, uint256 expiry, uint256 spot) private view returns (uint256) {
        int256 carry = _carryAt(b);
        if (carry == 0) return spot;
        int256 growth = (carry * int256(expiry - block.timestamp)) / 365 days;
        return (spot * FixedPoint.exp(growth)) / 1e18;
    }

    /// @dev w/T as a number of 1e36.
    function _variance(uint256 expiry, uint256 strike, uint256 spot) private view returns (uint256) {
        Bracket memory b = _bracket(expiry);
        return _varianceAt(b, Ssvi.logMoneyness(strike, _forward(b, expiry, spot)));
    }

    function _varianceAt(Bracket memory b, int256 k) private pure returns (uint256 variance) {
        variance = Ssvi.varianceAt(b.far, k);
        if (b.nearWeight != 0) variance = _mean(b, Ssvi.varianceAt(b.near, k), variance);
    }

    function _carryAt(Bracket memory b) private pure returns (int256) {
        int256 nearWeight = int256(b.nearWeight);
        int256 weights = int256(b.weights);
        return (b.near.carry * nearWeight + b.far.carry * (weights - nearWeight)) / weights;
    }

    function _mean(Bracket memory b, uint256 near, uint256 far) private pure returns (uint256) {
        return (near * b.nearWeight + far * (b.weights - b.nearWeight)) / b.weights;
    }

    // ---------------------------------------------------------------------------------------------------------- slots

    /// @dev As posted now.
    function _pack(Slice memory s) private view returns (StoredSlice memory) {
        return
            StoredSlice({
                atmVol: uint40(s.atmVol / VOL_UNIT),
                skew: int40(s.skew / SKEW_UNIT),
                curvature: uint56(s.curvature / CURVATURE_UNIT),
                carry: int48(s.carry / CARRY_UNIT),
                updatedAt: uint40(block.timestamp),
                lags: false
            });
    }

    function _isSame(StoredSlice memory a, StoredSlice memory b) private pure returns (bool) {
        return a.atmVol == b.atmVol && a.skew == b.skew && a.curvature == b.curvature && a.carry == b.carry;
    }

    function _referenceOf(uint256 expiry) private view returns (Slice memory) {
        StoredSlice memory stored = _slices[expiry];
        return _unpack(stored.lags ? _references[expiry] : stored);
    }

    /// @dev The share of `distance` (WAD) that may be gone in `elapsed` seconds at `most` a `window`, WAD.
    function _portion(uint256 most, uint256 window, uint256 elapsed, uint256 distance) private pure returns (uint256) {
        uint256 allowed = (most * elapsed) / window;
        return allowed >= distance ? WAD : (allowed * WAD) / distance;
    }

    /// @dev `portion` (WAD) of the way, in every parameter.
    function _between(Slice memory from, Slice memory to, uint256 portion) private pure returns (Slice memory) {
        if (portion >= WAD) return to;
        int256 p = int256(portion);
        return
            Slice({
                atmVol: uint256(_mix(int256(from.atmVol), int256(to.atmVol), p)),
                skew: _mix(from.skew, to.skew, p),
                curvature: uint256(_mix(int256(from.curvature), int256(to.curvature), p)),
                carry: _mix(from.carry, to.carry, p)
            });
    }

    function _mix(int256 from, int256 to, int256 portion) private pure returns (int256) {
        return from + ((to - from) * portion) / int256(WAD);
    }

    function _unpack(StoredSlice memory s) private pure returns (Slice memory slice) {
        _unpackTo(slice, s);
    }

    /// @dev Unchecked: each unit is below 2^31 and each field below 2^56.
    function _unpackTo(Slice memory slice, StoredSlice memory s) private pure {
        unchecked {
            slice.atmVol = uint256(s.atmVol) * VOL_UNIT;
            slice.skew = int256(s.skew) * SKEW_UNIT;
            slice.curvature = uint256(s.curvature) * CURVATURE_UNIT;
            slice.carry = int256(s.carry) * CARRY_UNIT;
        }
    }
}
