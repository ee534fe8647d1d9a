// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Slice} from "../../contracts/interfaces/Types.sol";
import {Ssvi} from "../../contracts/libraries/Ssvi.sol";
import {Ranges} from "./Ranges.sol";

/// @notice The conditions of docs/pricing.md §2 do what they promise, and keep holding as time passes.
contract SsviTest is Ranges {
    uint256 private constant YEAR = 365 days;

    /// @dev A slice that meets the butterfly conditions, from calm to as bent as they allow.
    function _slice(uint256 seed, uint256 time) private pure returns (Slice memory s) {
        s.atmVol = uniform(uint256(keccak256(abi.encode(seed, 1))), 0.05e18, 3e18);
        s.skew = int256(uniform(uint256(keccak256(abi.encode(seed, 2))), 0, 1.96e18)) - 0.98e18;
        uint256 most = 1e5 * 1e18;
        // The largest curvature that is allowed, by bisection.
        uint256 least = 0;
        for (uint256 i = 0; i < 60; ++i) {
            s.curvature = (least + most) / 2;
            Ssvi.isButterflyFree(s, time) ? least = s.curvature : most = s.curvature;
        }
        s.curvature = uniform(uint256(keccak256(abi.encode(seed, 3))), 0, least);
    }

    function _time(uint256 seed) private pure returns (uint256) {
        return logarithmic(seed, 1 hours, 730 days);
    }

    /// @dev A later slice, near enough to the first that about half of them are allowed.
    function _later(
        uint256 seed,
        Slice memory near,
        uint256 nearTime
    ) private pure returns (Slice memory far, uint256 farTime) {
        farTime = nearTime + logarithmic(uint256(keccak256(abi.encode(seed, 4))), 1 hours, 365 days);
        far.atmVol = (near.atmVol * uniform(uint256(keccak256(abi.encode(seed, 5))), 0.7e18, 1.4e18)) / 1e18;
        far.curvature = (near.curvature * uniform(uint256(keccak256(abi.encode(seed, 6))), 0.6e18, 1e18)) / 1e18;
        far.skew = near.skew + int256(uniform(uint256(keccak256(abi.encode(seed, 7))), 0, 0.2e18)) - 0.1e18;
        if (far.skew > 0.98e18) far.skew = 0.98e18;
        if (far.skew < -0.98e18) far.skew = -0.98e18;
    }

    function testFuzz_ButterflyConditionMeansPositiveDensity(uint256 seed, uint256 t, uint256 logSeed) external pure {
        uint256 time = _time(t);
        Slice memory s = _slice(seed, time);
        assert(Ssvi.isButterflyFree(s, time));
        int256 k = int256(uniform(logSeed, 0, 6e18)) - 3e18;
        assert(_durrleman(s, time, k) >= -1e4);
    }

    /// @dev Durrleman's g(k) = (1 − kw'/(2w))² − w'²/4·(1/w + ¼) + w''/2, to which the density of the underlying is
    /// proportional. WAD.
    function _durrleman(Slice memory s, uint256 time, int256 k) private pure returns (int256) {
        int256 w = int256((Ssvi.varianceAt(s, k) / 1e9) * time) / int256(YEAR); // 1e27
        int256 theta = (int256((s.atmVol * s.atmVol) / 1e9) * int256(time)) / int256(YEAR); // 1e27
        int256 phi = int256(s.curvature);
        int256 z = (phi * k) / 1e18 + s.skew;
        int256 root = int256(_sqrt(uint256(z * z + 1e36 - s.skew * s.skew)));
        int256 slope = (((theta * phi) / 1e18) * (s.skew + (z * 1e18) / root)) / 2e18; // w', 1e27
        int256 bend = (((((theta * phi) / 1e18) * phi) / 1e18) * (1e36 - s.skew * s.skew)) / root; // 1e45
        bend = ((bend / root) * 1e18) / root / 2; // w'', 1e27
        int256 first = 1e27 - (((k * slope) / 1e18) * 1e27) / (2 * w);
        int256 second = (((slope * slope) / w) + (slope * slope) / 4e27) / 4;
        return ((first * first) / 1e27 - second + bend / 2) / 1e9;
    }

    function _sqrt(uint256 x) private pure returns (uint256 y) {
        y = 1 << (bitLength(x) / 2 + 1);
        for (uint256 i = 0; i < 10; ++i) y = (y + x / y) / 2;
    }

    function testFuzz_CalendarConditionMeansGrowingVariance(uint256 seed, uint256 t, uint256 logSeed) external pure {
        uint256 nearTime = _time(t);
        Slice memory near = _slice(seed, nearTime);
        (Slice memory far, uint256 farTime) = _later(seed, near, nearTime);
        if (!Ssvi.isCalendarFree(near, nearTime, far, farTime)) return;
        int256 k = int256(uniform(logSeed, 0, 10e18)) - 5e18;
        uint256 nearVariance = Ssvi.varianceAt(near, k) * nearTime;
        assert(Ssvi.varianceAt(far, k) * farTime + nearVariance / 1e14 >= nearVariance);
    }

    function testFuzz_ConditionsKeepHoldingAsTimePasses(uint256 seed, uint256 t, uint256 passed) external pure {
        uint256 nearTime = _time(t);
        Slice memory near = _slice(seed, nearTime);
        (Slice memory far, uint256 farTime) = _later(seed, near, nearTime);
        passed = uniform(passed, 0, nearTime - 1);
        assert(Ssvi.isButterflyFree(near, nearTime - passed));
        if (!Ssvi.isCalendarFree(near, nearTime, far, farTime)) return;
        assert(Ssvi.isCalendarFree(near, nearTime - passed, far, farTime - passed));
    }

    function testFuzz_VolIsTheRootOfVariance(uint256 seed, uint256 t, uint256 logSeed) external pure {
        Slice memory s = _slice(seed, _time(t));
        int256 k = int256(uniform(logSeed, 0, 20e18)) - 10e18;
        uint256 vol = Ssvi.impliedVolAt(s, k);
        uint256 variance = Ssvi.varianceAt(s, k);
        assert((vol == 0 || (vol - 1) * (vol - 1) <= variance) && (vol + 1) * (vol + 1) > variance);
        assert(variance > 0);
    }
}
