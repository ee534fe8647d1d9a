// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IVolSurface} from "./interfaces/IVolSurface.sol";
import {FixedPoint} from "./libraries/FixedPoint.sol";
import {Ssvi} from "./libraries/Ssvi.sol";
import {SurfaceLimits} from "./libraries/SurfaceLimits.sol";
import {VolDrift} from "./libraries/VolDrift.sol";

/// @title VolSurface
/// @notice Posters write SSVI slices; nothing that holds an arbitrage, moves too fast or has moved too far is stored.
contract VolSurface is IVolSurface, AccessManaged {
    using SurfaceLimits for IVolSurface.Limits;

    /// @dev One slot, so that reading a slice is one storage read. Units: see IVolSurface.
    /// @param drift What of the expiry's drift budget was used at `updatedAt`; it has refilled since.
    struct StoredSlice {
        uint40 atmVol;
        int40 skew;
        uint56 curvature;
        int48 carry;
        uint40 updatedAt;
        uint32 drift;
    }

    /// @dev The slices around an expiry. Linear in total variance, w/T is a mean of theirs with the weight
    /// T₁(T₂ − T) / (T(T₂ − T₁)) on the near one, kept as a fraction; so is the carry, as b·T is linear. A weight of zero
    /// means that the far slice answers alone.
    struct Bracket {
        Ssvi.Slice near;
        Ssvi.Slice far;
        uint256 nearWeight;
        uint256 weights;
    }

    uint256 private constant VOL_UNIT = 1e8;
    int256 private constant SKEW_UNIT = 1e7;
    uint256 private constant CURVATURE_UNIT = 1e9;
    int256 private constant CARRY_UNIT = 1e6;
    uint256 private constant DRIFT_UNIT = 1e9;

    /// @inheritdoc IVolSurface
    uint256 public version;

    uint40[] private _expiries;
    mapping(uint256 expiry => StoredSlice) private _slices;
    Limits private _limits;

    constructor(address authority, Limits memory initialLimits) AccessManaged(authority) {
        _setLimits(initialLimits);
    }

    // -------------------------------------------------------------------------------------------------------- writing

    /// @inheritdoc IVolSurface
    function post(uint256[] calldata expiries_, Ssvi.Slice[] calldata slices) external restricted {
        require(expiries_.length == slices.length, LengthMismatch(expiries_.length, slices.length));
        Limits memory bounds = _limits;
        uint256 previous;
        for (uint256 i = 0; i < expiries_.length; ++i) {
            uint256 expiry = expiries_[i];
            require(expiry > previous, ExpiriesNotAscending(previous, expiry));
            previous = expiry;
            _write(expiry, slices[i], bounds);
        }
        ++version;
        _list(expiries_, bounds.maxExpiries);
        _checkCalendar();
    }

    /// @inheritdoc IVolSurface
    function setLimits(Limits calldata newLimits) external restricted {
        _setLimits(newLimits);
    }

    /// @dev Checks one slice by itself and against its predecessor, and stores it.
    function _write(uint256 expiry, Ssvi.Slice calldata posted, Limits memory bounds) private {
        require(expiry > block.timestamp, ExpiryPassed(expiry, block.timestamp));
        require(expiry <= block.timestamp + bounds.maxTenor, ExpiryTooFar(expiry, block.timestamp + bounds.maxTenor));
        bounds.checkRange(expiry, posted);

        StoredSlice memory packed = StoredSlice({
            atmVol: uint40(posted.atmVol / VOL_UNIT),
            skew: int40(posted.skew / SKEW_UNIT),
            curvature: uint56(posted.curvature / CURVATURE_UNIT),
            carry: int48(posted.carry / CARRY_UNIT),
            updatedAt: uint40(block.timestamp),
            drift: 0
        });
        Ssvi.Slice memory next = _unpack(packed);
        uint256 timeToExpiry = expiry - block.timestamp;
        if (!Ssvi.isButterflyFree(next, timeToExpiry)) {
            (uint256 slope, uint256 bend) = Ssvi.butterfly(next, timeToExpiry);
            revert ButterflyArbitrage(expiry, slope, bend);
        }
        packed.drift = _spendDrift(expiry, next, bounds);
        _slices[expiry] = packed;
        emit SlicePosted(expiry, next.atmVol, next.skew, next.curvature, next.carry);
    }

    /// @dev Checks a slice against what the surface says there now, and returns what is then used of the drift budget.
    function _spendDrift(
        uint256 expiry,
        Ssvi.Slice memory next,
        Limits memory bounds
    ) private view returns (uint32 total) {
        StoredSlice memory stored = _slices[expiry];
        uint256 used;
        uint256 drift;
        if (stored.updatedAt == 0) {
            (used, drift) = _checkFirst(expiry, next, bounds);
        } else {
            uint256 earliest = stored.updatedAt + bounds.minInterval;
            require(block.timestamp >= earliest, PostTooSoon(expiry, earliest));
            Ssvi.Slice memory last = _unpack(stored);
            bounds.checkStep(expiry, last, next);
            used = _usedDrift(expiry, bounds);
            drift = VolDrift.between(last, next, expiry - block.timestamp);
        }
        uint256 left = used < bounds.maxVolDrift ? bounds.maxVolDrift - used : 0;
        require(drift <= left, DriftBudgetExceeded(expiry, drift, left));
        total = uint32((used + drift + DRIFT_UNIT - 1) / DRIFT_UNIT); // below the ceiling, which fits
    }

    /// @dev A new expiry starts near to what its neighbours say, with what they have left of their budgets: neither posting
    /// between two slices, nor before the first or after the last, moves prices further than moving those would. Only on
    /// an empty surface, where no option can have a price yet, bounds alone apply.
    function _checkFirst(
        uint256 expiry,
        Ssvi.Slice memory next,
        Limits memory bounds
    ) private view returns (uint256 used, uint256 drift) {
        (uint256 near, uint256 far) = _neighbours(expiry);
        if (far == 0) (near, far) = (0, near);
        if (far == 0) return (0, 0);
        Bracket memory b = _bracket(expiry, near, far);
        bounds.checkVolStep(expiry, FixedPoint.sqrt(_varianceAt(b, 0)), next.atmVol);

        uint256[5] memory anchor = VolDrift.variances(b.far, far - block.timestamp);
        if (near != 0) {
            uint256[5] memory nearer = VolDrift.variances(b.near, near - block.timestamp);
            for (uint256 i = 0; i < 5; ++i) anchor[i] = _mean(b, nearer[i], anchor[i]);
        }
        drift = VolDrift.from(anchor, _carryAt(b), next, expiry - block.timestamp);
        used = Math.max(_usedDrift(near, bounds), _usedDrift(far, bounds));
    }

    /// @dev What is used of the budget after refilling since the last post. Zero where nothing was posted.
    function _usedDrift(uint256 expiry, Limits memory bounds) private view returns (uint256) {
        StoredSlice memory stored = _slices[expiry];
        uint256 refilled = ((block.timestamp - stored.updatedAt) * bounds.maxVolDrift) / bounds.driftWindow;
        return Math.saturatingSub(stored.drift * DRIFT_UNIT, refilled);
    }

    /// @dev Merges the posted expiries into the stored ones, both ascending, and drops what has expired.
    function _list(uint256[] calldata posted, uint256 maxExpiries) private {
        uint40[] memory stored = _expiries;
        uint40[] memory merged = new uint40[](stored.length + posted.length);
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
        require(count <= maxExpiries, TooManyExpiries(count, maxExpiries));
        assembly ("memory-safe") {
            mstore(merged, count) // shorten to what is live
        }
        _expiries = merged;
    }

    function _checkCalendar() private view {
        uint40[] memory live = _expiries;
        if (live.length == 0) return;
        Ssvi.Slice memory near = _unpack(_slices[live[0]]);
        for (uint256 i = 1; i < live.length; ++i) {
            Ssvi.Slice memory far = _unpack(_slices[live[i]]);
            require(
                Ssvi.isCalendarFree(near, live[i - 1] - block.timestamp, far, live[i] - block.timestamp),
                CalendarArbitrage(live[i - 1], live[i])
            );
            near = far;
        }
    }

    function _setLimits(Limits memory bounds) private {
        bounds.check();
        _limits = bounds;
        emit LimitsSet(bounds);
    }

    // -------------------------------------------------------------------------------------------------------- reading

    /// @inheritdoc IVolSurface
    function limits() external view returns (Limits memory) {
        return _limits;
    }

    /// @inheritdoc IVolSurface
    function sliceOf(uint256 expiry) external view returns (Ssvi.Slice memory slice, uint256 updatedAt) {
        StoredSlice memory stored = _slices[expiry];
        updatedAt = stored.updatedAt;
        require(updatedAt != 0 && expiry > block.timestamp, NoSlice(expiry));
        _unpackTo(slice, stored);
    }

    /// @inheritdoc IVolSurface
    function driftLeft(uint256 expiry) external view returns (uint256) {
        require(_slices[expiry].updatedAt != 0 && expiry > block.timestamp, NoSlice(expiry));
        Limits memory bounds = _limits;
        return Math.saturatingSub(bounds.maxVolDrift, _usedDrift(expiry, bounds));
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
        b.far = _unpack(_slices[far]);
        b.weights = 1;
        if (near != 0) {
            b.near = _unpack(_slices[near]);
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

    function _unpack(StoredSlice memory s) private pure returns (Ssvi.Slice memory slice) {
        _unpackTo(slice, s);
    }

    /// @dev Unchecked: each unit is below 2^31 and each field below 2^56.
    function _unpackTo(Ssvi.Slice memory slice, StoredSlice memory s) private pure {
        unchecked {
            slice.atmVol = uint256(s.atmVol) * VOL_UNIT;
            slice.skew = int256(s.skew) * SKEW_UNIT;
            slice.curvature = uint256(s.curvature) * CURVATURE_UNIT;
            slice.carry = int256(s.carry) * CARRY_UNIT;
        }
    }
}
