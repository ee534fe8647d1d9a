// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {VolSurface} from "../../contracts/VolSurface.sol";
import {IVolSurface} from "../../contracts/interfaces/IVolSurface.sol";
import {BlackScholes} from "../../contracts/libraries/BlackScholes.sol";
import {FixedPoint} from "../../contracts/libraries/FixedPoint.sol";
import {Ssvi} from "../../contracts/libraries/Ssvi.sol";
import {Ranges} from "./Ranges.sol";

interface Clock {
    function warp(uint256 time) external;
}

/// @notice The drift budget in terms of what it is for: the prices of options.
contract VolDriftTest is Ranges {
    Clock private constant CLOCK = Clock(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant START = 1_700_000_000;
    uint256 private constant SPOT = 2000e18;
    uint256 private constant BUDGET = 0.4e18;
    uint256 private constant WINDOW = 1 days;
    uint256 private constant SQRT_TWO_PI = 2.506628274631000503e18;

    VolSurface private _surface;
    uint256 private _expiry;

    function setUp() public {
        CLOCK.warp(START);
        IVolSurface.Limits memory limits = IVolSurface.Limits({
            minVol: 0.05e18,
            maxVol: 4e18,
            maxSkew: 0.95e18,
            maxCarry: 1e18,
            maxVolStep: 0.3e18,
            maxSkewStep: 1.9e18,
            maxWingStep: 3e18,
            maxCarryStep: 0.5e18,
            maxCurvature: 1e4 * 1e18,
            minInterval: 1 minutes,
            maxAge: 1 hours,
            maxTenor: 730 days,
            maxExpiries: 8,
            maxVolDrift: uint64(BUDGET),
            driftWindow: uint32(WINDOW)
        });
        _surface = new VolSurface(address(new AccessManager(address(this))), limits);
    }

    /// @dev T8, T40: whatever a poster's key does for two days, each post moves the price of an option by at most what it
    /// spends, and all posts together spend at most one budget and what refills.
    function testFuzz_T40_PricesMoveByNoMoreThanTheBudget(uint256 seed) external {
        uint256 time = START;
        _expiry = START + logarithmic(seed, 3 days, 365 days);
        _post(Ssvi.Slice({atmVol: uniform(seed >> 8, 0.3e18, 1e18), skew: 0, curvature: 1e18, carry: 0}));
        uint256 spent;
        for (uint256 round = 0; round < 8; ++round) {
            seed = uint256(keccak256(abi.encode(seed)));
            time += logarithmic(seed >> 8, 1 minutes, 6 hours);
            CLOCK.warp(time);
            spent += _postAndCheck(seed);
            assert(spent <= BUDGET + (BUDGET * (time - START)) / WINDOW + 8e9);
        }
    }

    function _postAndCheck(uint256 seed) private returns (uint256 spent) {
        (Ssvi.Slice memory last, ) = _surface.sliceOf(_expiry);
        uint256 root = FixedPoint.sqrtTime(_expiry - block.timestamp);
        uint256 left = _surface.driftLeft(_expiry);
        uint256 distance = (uniform(seed >> 16, 0, 8e18) * last.atmVol) / 1e18;
        uint256 moneyness = FixedPoint.exp(((int256(distance) - 4 * int256(last.atmVol)) * int256(root)) / 1e18);
        uint256 strike = (SPOT * moneyness) / 1e18;
        uint256 before = _callAt(last, strike);
        uint256 raised = last.atmVol + uniform(seed >> 32, 0, 0.2e18);
        Ssvi.Slice memory next = Ssvi.Slice({
            atmVol: raised < 0.2e18 ? 0.1e18 : raised - 0.1e18,
            skew: last.skew + int256(uniform(seed >> 48, 0, 0.6e18)) - 0.3e18,
            curvature: (last.curvature * uniform(seed >> 64, 0.5e18, 2e18)) / 1e18,
            carry: last.carry + int256(uniform(seed >> 80, 0, 0.2e18)) - 0.1e18
        });
        try this.post(next) {
            (next, ) = _surface.sliceOf(_expiry);
            spent = left - _surface.driftLeft(_expiry);
            // Between the points where vol is compared it may change by a fifth more than at them.
            uint256 higher = last.carry > next.carry ? _forward(last) : _forward(next);
            uint256 bound = (((higher * root) / SQRT_TWO_PI) * spent * 12) / 1e19;
            assert(difference(_callAt(next, strike), before) <= bound + 1e10);
        } catch {}
    }

    function post(Ssvi.Slice memory s) external {
        require(msg.sender == address(this));
        _post(s);
    }

    function _post(Ssvi.Slice memory s) private {
        uint256[] memory expiries = new uint256[](1);
        Ssvi.Slice[] memory slices = new Ssvi.Slice[](1);
        expiries[0] = _expiry;
        slices[0] = s;
        _surface.post(expiries, slices);
    }

    function _callAt(Ssvi.Slice memory s, uint256 strike) private view returns (uint256 call) {
        uint256 timeToExpiry = _expiry - block.timestamp;
        uint256 forward = _forward(s);
        uint256 vol = Ssvi.impliedVol(s, timeToExpiry, strike, forward);
        (call, , , ) = BlackScholes.greeks(forward, strike, timeToExpiry, vol);
    }

    function _forward(Ssvi.Slice memory s) private view returns (uint256) {
        return (SPOT * FixedPoint.exp((s.carry * int256(_expiry - block.timestamp)) / 365 days)) / 1e18;
    }
}
