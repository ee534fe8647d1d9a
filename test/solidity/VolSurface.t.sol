// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {VolSurface} from "../../contracts/VolSurface.sol";
import {IVolSurface} from "../../contracts/interfaces/IVolSurface.sol";
import {Slice} from "../../contracts/interfaces/Types.sol";
import {Ssvi} from "../../contracts/libraries/Ssvi.sol";
import {Ranges} from "./Ranges.sol";

interface Clock {
    function warp(uint256 time) external;
}

/// @notice Whatever is posted, what is stored is free of arbitrage, within bounds and never moved too fast.
contract VolSurfaceTest is Ranges {
    Clock private constant CLOCK = Clock(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant START = 1_700_000_000;

    VolSurface private _surface;
    IVolSurface.SurfaceBounds private _limits;

    function setUp() public {
        CLOCK.warp(START);
        _limits = IVolSurface.SurfaceBounds({
            minVol: 0.05e18,
            maxVol: 4e18,
            maxSkew: 0.95e18,
            maxCarry: 1e18,
            maxVolStep: 0.1e18,
            maxSkewStep: 0.2e18,
            maxWingStep: 0.3e18,
            maxCarryStep: 0.05e18,
            maxCurvature: 1e4 * 1e18,
            minInterval: 1 minutes,
            maxAge: 1 hours,
            maxTenor: 730 days,
            maxExpiries: 8,
            maxFollow: 0.12e18,
            maxForwardMove: 0.0005e18,
            followWindow: 1 days
        });
        _surface = new VolSurface(address(new AccessManager(address(this))), _limits);
    }

    /// @dev Five posts of up to three slices each, near to what is there or at random, with time passing between them.
    function testFuzz_StoresNoArbitrage(uint256 seed) external {
        uint256 time = START;
        uint256 accepted;
        for (uint256 round = 0; round < 5; ++round) {
            seed = uint256(keccak256(abi.encode(seed)));
            (uint256[] memory expiries, Slice[] memory slices) = _randomPost(seed, time);
            Slice[] memory before = _stored(expiries);
            try _surface.post(expiries, slices) {
                ++accepted;
                assert(_surface.version() == accepted);
                _checkSteps(expiries, before);
            } catch {}
            _checkSurface(time);
            time += logarithmic(seed >> 8, 1, 2 days);
            CLOCK.warp(time);
            _checkSurface(time);
            _checkInterpolation(seed, time);
        }
    }

    function _randomPost(
        uint256 seed,
        uint256 time
    ) private pure returns (uint256[] memory expiries, Slice[] memory slices) {
        uint256 count = uniform(seed, 1, 3);
        expiries = new uint256[](count);
        slices = new Slice[](count);
        // Days from a grid that stands still, so that the same expiries come again.
        uint256 expiry = ((time / 1 days) + 1 + uniform(seed >> 16, 0, 2)) * 1 days;
        uint256 level = uniform(seed >> 24, 0.4e18, 0.6e18);
        for (uint256 i = 0; i < count; ++i) {
            expiries[i] = expiry;
            uint256 root = _rootOfDays(expiry - time);
            slices[i] = Slice({
                atmVol: level,
                skew: int256(uniform(seed >> (32 + i), 0, 0.2e18)) - 0.3e18,
                curvature: (uniform(seed >> (48 + i), 0.5e18, 4e18) * 1e18) / root,
                carry: int256(uniform(seed >> 64, 0, 0.1e18))
            });
            expiry += uniform(seed >> (72 + 8 * i), 1, 3) * 1 days;
        }
    }

    function _rootOfDays(uint256 time) private pure returns (uint256) {
        uint256 root = 1;
        while ((root + 1) * (root + 1) <= (time * 1e6) / 1 days) ++root;
        return root * 1e15;
    }

    function _stored(uint256[] memory expiries) private view returns (Slice[] memory slices) {
        slices = new Slice[](expiries.length);
        for (uint256 i = 0; i < expiries.length; ++i) {
            try _surface.sliceOf(expiries[i]) returns (Slice memory s, uint256) {
                slices[i] = s;
            } catch {}
        }
    }

    function _checkSteps(uint256[] memory expiries, Slice[] memory before) private view {
        for (uint256 i = 0; i < expiries.length; ++i) {
            if (before[i].atmVol == 0) continue;
            (Slice memory s, ) = _surface.sliceOf(expiries[i]);
            assert(difference(s.atmVol, before[i].atmVol) <= _limits.maxVolStep);
        }
    }

    function _checkSurface(uint256 time) private view {
        uint256[] memory live = _surface.expiries();
        Slice memory near;
        for (uint256 i = 0; i < live.length; ++i) {
            assert(live[i] > time);
            (Slice memory s, ) = _surface.sliceOf(live[i]);
            assert(Ssvi.isButterflyFree(s, live[i] - time));
            assert(i == 0 || Ssvi.isCalendarFree(near, live[i - 1] - time, s, live[i] - time));
            near = s;
        }
    }

    /// @dev Total variance at one ln(strike/forward) grows from any time to any later one.
    function _checkInterpolation(uint256 seed, uint256 time) private view {
        uint256[] memory live = _surface.expiries();
        if (live.length == 0) return;
        uint256 last = live[live.length - 1];
        uint256 early = uniform(seed >> 32, time + 1, last);
        uint256 late = uniform(seed >> 96, early, last);
        uint256 ratio = uniform(seed >> 160, 0.3e18, 3e18);
        uint256 spot = 2000e18;
        uint256 w1 = _surface.totalVariance(early, (_surface.forward(early, spot) * ratio) / 1e18, spot);
        uint256 w2 = _surface.totalVariance(late, (_surface.forward(late, spot) * ratio) / 1e18, spot);
        // Forwards round to a unit of 2e21, and so does ln(strike/forward).
        assert(w2 + w1 / 1e13 + 2 >= w1);
    }
}
